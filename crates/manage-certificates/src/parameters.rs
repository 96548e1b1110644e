//! What is written into new certificates: an authority's by its profile, a leaf's by its request.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose, SanType,
    SerialNumber,
};
use rustix::system::uname;

use super::constraints::{Constraints, Subtree};
use super::error::{Error, Result};
use super::facts::Facts;
use super::key::KeyType;
use super::names::Name;
use super::person::Person;
use super::purposes::{is_mailbox, purposes};
use super::request::PublicKey;
use manage_leaves::crypto;
use manage_leaves::timezone;

/// What the names of authorities begin with: by it those are known that this program has made.
pub(crate) const AUTHORITY_NAME: &str = "manage local CA";
/// How long an authority holds, in days: ten years.
const AUTHORITY_DAYS: i64 = 3652;
/// How long a leaf holds when nothing else is asked for, in days.
pub const LEAF_DAYS: u32 = 90;
/// Longest life of a leaf that can be asked for, in days.
pub const MAX_LEAF_DAYS: u32 = 3650;
/// Clocks that are behind accept a certificate that began this long ago, in seconds.
const BACKDATED: i64 = 3600;
/// A day, in seconds.
const DAY: i64 = 86_400;
/// Longest common name (RFC 5280, `ub-common-name`), in characters.
const MAX_COMMON_NAME: usize = 64;

/// What a new authority may sign.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Names beyond those that are nobody's.
    pub permit: Vec<Subtree>,
    /// Names that it may not sign for all the same.
    pub excluded: Vec<Subtree>,
    /// Whether it may sign for every name.
    pub is_unconstrained: bool,
}

/// What a leaf is to be.
#[derive(Debug)]
pub struct LeafRequest {
    /// Its names, at least one.
    pub names: Vec<Name>,
    /// How long it holds, in days; never beyond its authority.
    pub days: u32,
    /// Whether it is for a client as well.
    pub is_client: bool,
    /// Its key.
    pub subject: Subject,
}

/// Whose key a leaf is for.
#[derive(Debug)]
pub enum Subject {
    /// A new key of this kind.
    New(KeyType),
    /// A key whose private half is elsewhere.
    Public(PublicKey),
}

/// Those of a new authority.
pub(super) fn of_authority(person: &Person, profile: &Profile, now: Timestamp) -> CertificateParams {
    let serial = serial();
    let short = crypto::hex(&serial[..4]);
    let host = uname().nodename().to_string_lossy().into_owned();
    let who = if person.name.is_empty() { host } else { format!("{}@{host}", person.name) };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, AUTHORITY_NAME);
    params.distinguished_name.push(DnType::OrganizationalUnitName, shortened(&who));
    let common_name = format!("{AUTHORITY_NAME} {} {short} {who}", timezone::iso_date(now));
    params.distinguished_name.push(DnType::CommonName, shortened(&common_name));
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let now = now.as_second();
    hold(&mut params, now - BACKDATED, now + AUTHORITY_DAYS * DAY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let excluded = profile.excluded.clone();
    let constraints = Constraints { excluded, ..Constraints::private(&profile.permit) };
    params.name_constraints = (!profile.is_unconstrained).then(|| constraints.to_rcgen());
    params
}

/// Those of a leaf below this authority. `is_rsa` is whether its key is one of RSA.
///
/// # Errors
/// When a name cannot be written.
pub(super) fn of_leaf(
    request: &LeafRequest,
    is_rsa: bool,
    authority: &Facts,
    now: Timestamp,
) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(common_name) = common_name(&request.names, authority) {
        params.distinguished_name.push(DnType::CommonName, common_name);
    }
    params.subject_alt_names = request.names.iter().map(alternative).collect::<Result<_>>()?;
    params.serial_number = Some(SerialNumber::from_slice(&serial()));
    let (now, from, until) =
        (now.as_second(), authority.not_before.as_second(), authority.not_after.as_second());
    hold(&mut params, from.max(now - BACKDATED), until.min(now + i64::from(request.days) * DAY));
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages.push(KeyUsagePurpose::DigitalSignature);
    if is_rsa {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    let purposes = purposes(&request.names, request.is_client).into_iter();
    params.extended_key_usages = purposes.map(|(_, purpose)| purpose).collect();
    Ok(params)
}

/// The first name, where it harms nobody. Without a host among the alternative names OpenSSL and GnuTLS take `127.0.0.1`
/// there for a host, for which the authority's constraints permit nothing; and some authorities limit subjects.
fn common_name(names: &[Name], authority: &Facts) -> Option<String> {
    let is_free = !authority.constraints.as_ref().is_some_and(|constraints| constraints.limits_subjects);
    let is_harmless = names.iter().any(|name| matches!(name, Name::Dns(_))) || names.iter().all(is_mailbox);
    let first = names.first().filter(|_| is_free && is_harmless)?.to_string();
    (first.chars().count() <= MAX_COMMON_NAME).then_some(first)
}

fn alternative(name: &Name) -> Result<SanType> {
    let ascii = |text: &str| {
        text.try_into()
            .map_err(|_| Error::refused(format_args!("`{text}` cannot be in a certificate: it is not ASCII")))
    };
    Ok(match name {
        Name::Dns(host) => SanType::DnsName(ascii(host)?),
        Name::Ip(address) => SanType::IpAddress(*address),
        Name::Email(mailbox) => SanType::Rfc822Name(ascii(mailbox)?),
        Name::Uri(uri) => SanType::URI(ascii(uri)?),
    })
}

/// A random number of 127 bits, as certificates are numbered.
fn serial() -> [u8; 16] {
    let mut serial = crypto::random_bytes::<16>();
    // The first bit is the sign; a first byte of 0 would be left out.
    serial[0] = serial[0] & 0x7f | 0x01;
    serial
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_COMMON_NAME).collect()
}

/// Sets from when until when a certificate holds, in seconds of Unix time.
fn hold(params: &mut CertificateParams, from: i64, until: i64) {
    let moment =
        |seconds| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    params.not_before = moment(from);
    params.not_after = moment(until);
}
