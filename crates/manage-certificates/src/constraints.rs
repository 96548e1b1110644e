//! Name constraints: for which names an authority may sign at all (RFC 5280 4.2.1.10).

use std::fmt;
use std::net::IpAddr;

use rcgen::{CidrSubnet, GeneralSubtree};
use url::Url;
use x509_parser::extensions::GeneralName;

use super::error::{Error, Result};
use super::names::Name;

/// Hosts that are never anybody's on the internet (RFC 2606, 6761, 6762, 8375), each with everything below it.
const PRIVATE_HOSTS: [&str; 7] =
    ["localhost", "test", "example", "invalid", "internal", "local", "home.arpa"];
/// Loopback, private and link-local addresses (RFC 1918, 3927, 4193, 4291).
const PRIVATE_SUBNETS: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// A part of the names: a host with everything below it, a subnet, mailboxes, or the hosts of URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subtree {
    /// A host; a dot in front leaves out the host itself.
    Host(String),
    /// Addresses whose bits under the mask are those of the first part; 4 or 16 bytes each.
    Subnet(Vec<u8>, Vec<u8>),
    /// A mailbox, all those of a host, or with a dot in front all those below it.
    Mailbox(String),
    /// URIs with this host, or with a dot in front with one below it.
    Site(String),
}

/// What an authority may sign. Those made here say nothing about mailboxes and URIs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// When there is one of a kind, names of that kind must be in one of them.
    pub permitted: Vec<Subtree>,
    /// Names must be in none of them.
    pub excluded: Vec<Subtree>,
    /// Whether they say something about subjects, which only an empty one certainly fits.
    pub limits_subjects: bool,
}

impl Subtree {
    /// Reads what `--permit` takes: a host, an address, or a subnet such as `10.1.0.0/16`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some((address, prefix)) = text.split_once('/')
            && let Ok(address) = address.parse::<IpAddr>()
        {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.parse::<u8>().ok().filter(|prefix| *prefix <= bits);
            return prefix.map(|prefix| Self::subnet(address, prefix)).ok_or_else(|| {
                Error::refused(format_args!(
                    "`{text}` is no subnet: behind the `/` comes a number up to {bits}"
                ))
            });
        }
        match Name::parse(text)? {
            Name::Ip(address) => Ok(Self::subnet(address, if address.is_ipv4() { 32 } else { 128 })),
            Name::Dns(host) => match host.strip_prefix("*.") {
                None => Ok(Self::Host(host)),
                Some(host) => Err(Error::refused(format_args!("`{text}`: a permitted host has no wildcard"))
                    .hint(format!("`{host}` permits everything below it as well"))),
            },
            Name::Email(_) | Name::Uri(_) => Err(Error::refused(format_args!(
                "`{text}`: only hosts, addresses and subnets are permitted or not"
            ))),
        }
    }

    fn subnet(address: IpAddr, prefix: u8) -> Self {
        let (bytes, mask) = match CidrSubnet::from_addr_prefix(address, prefix) {
            CidrSubnet::V4(address, mask) => (address.to_vec(), mask.to_vec()),
            CidrSubnet::V6(address, mask) => (address.to_vec(), mask.to_vec()),
        };
        let bytes = bytes.iter().zip(&mask).map(|(byte, mask)| byte & mask).collect();
        Self::Subnet(bytes, mask)
    }

    fn of_general_name(name: &GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::DNSName(host) => Some(Self::Host(host.to_lowercase())),
            GeneralName::RFC822Name(mailbox) => Some(Self::Mailbox((*mailbox).to_owned())),
            GeneralName::URI(host) => Some(Self::Site(host.to_lowercase())),
            GeneralName::IPAddress(bytes) if matches!(bytes.len(), 8 | 32) => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                Some(Self::Subnet(address.to_vec(), mask.to_vec()))
            }
            _ => None,
        }
    }

    fn to_rcgen(&self) -> Option<GeneralSubtree> {
        match self {
            Self::Host(host) => Some(GeneralSubtree::DnsName(host.clone())),
            Self::Mailbox(mailbox) => Some(GeneralSubtree::Rfc822Name(mailbox.clone())),
            // rcgen cannot write these.
            Self::Site(_) => None,
            Self::Subnet(address, mask) => {
                let subnet = match (address.as_slice().try_into(), address.as_slice().try_into()) {
                    (Ok(v4), _) => CidrSubnet::V4(v4, mask.as_slice().try_into().ok()?),
                    (_, Ok(v6)) => CidrSubnet::V6(v6, mask.as_slice().try_into().ok()?),
                    _ => return None,
                };
                Some(GeneralSubtree::IpAddress(subnet))
            }
        }
    }

    /// Whether it says something about names of this kind.
    fn concerns(&self, name: &Name) -> bool {
        matches!(
            (self, name),
            (Self::Host(_), Name::Dns(_))
                | (Self::Subnet(..), Name::Ip(_))
                | (Self::Mailbox(_), Name::Email(_))
                | (Self::Site(_), Name::Uri(_))
        )
    }

    fn covers(&self, name: &Name) -> bool {
        match (self, name) {
            (Self::Host(parent), Name::Dns(host)) => match parent.strip_prefix('.') {
                Some(_) => host.ends_with(parent.as_str()),
                None => parent.is_empty() || host == parent || host.ends_with(&format!(".{parent}")),
            },
            (Self::Subnet(network, mask), Name::Ip(address)) => is_in_subnet(*address, network, mask),
            (Self::Mailbox(part), Name::Email(mailbox)) => is_among_mailboxes(mailbox, part),
            (Self::Site(part), Name::Uri(uri)) => {
                let uri = Url::parse(uri).ok();
                uri.as_ref().and_then(Url::host_str).is_some_and(|host| is_host_or_below(host, part))
            }
            _ => false,
        }
    }
}

fn is_in_subnet(address: IpAddr, network: &[u8], mask: &[u8]) -> bool {
    let bytes = octets(address);
    let mut bits = bytes.iter().zip(network).zip(mask);
    bytes.len() == network.len() && bits.all(|((byte, network), mask)| byte & mask == network & mask)
}

/// Whether a mailbox is `part`, or `part` is a host without an `@` and has it.
fn is_among_mailboxes(mailbox: &str, part: &str) -> bool {
    let (person, host) = mailbox.rsplit_once('@').unwrap_or(("", mailbox));
    match part.rsplit_once('@') {
        // Only the host of a mailbox may be written in either case.
        Some((its_person, its_host)) => its_host.eq_ignore_ascii_case(host) && its_person == person,
        None => is_host_or_below(host, part),
    }
}

/// Whether a host is `part`, or below it when that begins with a dot (RFC 5280 4.2.1.10, mailboxes and URIs).
fn is_host_or_below(host: &str, part: &str) -> bool {
    let (host, part) = (host.to_ascii_lowercase(), part.to_ascii_lowercase());
    if part.starts_with('.') { host.ends_with(&part) } else { host == part }
}

impl fmt::Display for Subtree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(text) | Self::Mailbox(text) | Self::Site(text) => out.write_str(text),
            Self::Subnet(address, mask) => {
                let prefix: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
                match (<[u8; 4]>::try_from(address.as_slice()), <[u8; 16]>::try_from(address.as_slice())) {
                    (Ok(v4), _) => write!(out, "{}/{prefix}", IpAddr::from(v4)),
                    (_, Ok(v6)) => write!(out, "{}/{prefix}", IpAddr::from(v6)),
                    _ => write!(out, "{address:?}/{prefix}"),
                }
            }
        }
    }
}

impl Constraints {
    /// Those of a new authority: names that are nobody's on the internet, and `more`.
    pub fn private(more: &[Subtree]) -> Self {
        let hosts = PRIVATE_HOSTS.iter().map(|host| Subtree::Host((*host).to_owned()));
        let subnets = PRIVATE_SUBNETS.iter().filter_map(|subnet| Subtree::parse(subnet).ok());
        let mut constraints = Self { permitted: hosts.chain(subnets).collect(), ..Self::default() };
        constraints.permit(more);
        constraints
    }

    /// Permits these too.
    pub fn permit(&mut self, more: &[Subtree]) {
        for subtree in more {
            if !self.permitted.contains(subtree) {
                self.permitted.push(subtree.clone());
            }
        }
    }

    /// Those that a certificate holds.
    pub(super) fn of_extension(extension: &x509_parser::extensions::NameConstraints<'_>) -> Self {
        let read = |subtrees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
            let subtrees = subtrees.iter().flatten();
            subtrees.filter_map(|subtree| Subtree::of_general_name(&subtree.base)).collect()
        };
        let both = [&extension.permitted_subtrees, &extension.excluded_subtrees];
        let mut all = both.into_iter().flatten().flatten();
        Self {
            permitted: read(&extension.permitted_subtrees),
            excluded: read(&extension.excluded_subtrees),
            limits_subjects: all.any(|subtree| matches!(subtree.base, GeneralName::DirectoryName(_))),
        }
    }

    /// As rcgen writes them.
    pub(super) fn to_rcgen(&self) -> rcgen::NameConstraints {
        let write = |subtrees: &[Subtree]| subtrees.iter().filter_map(Subtree::to_rcgen).collect();
        rcgen::NameConstraints {
            permitted_subtrees: write(&self.permitted),
            excluded_subtrees: write(&self.excluded),
        }
    }

    /// Whether they allow a name.
    pub fn allow(&self, name: &Name) -> bool {
        let mut concerned = self.permitted.iter().filter(|subtree| subtree.concerns(name)).peekable();
        let is_permitted = concerned.peek().is_none() || concerned.any(|subtree| subtree.covers(name));
        is_permitted && !self.excluded.iter().any(|subtree| subtree.covers(name))
    }

    /// Whether an authority with these may sign for all of the names. `advice` comes before the flags that help.
    ///
    /// # Errors
    /// The names for which it may not.
    pub(super) fn check(&self, names: &[Name], advice: &str) -> Result {
        let refused: Vec<String> =
            names.iter().filter(|name| !self.allow(name)).map(ToString::to_string).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let permits: Vec<String> = refused
            .iter()
            .map(|name| format!(" --permit {}", name.strip_prefix("*.").unwrap_or(name)))
            .collect();
        let quoted: Vec<String> = refused.iter().map(|name| format!("`{name}`")).collect();
        Err(Error::failed(format_args!(
            "the local authority may not sign for {}: it is constrained to private names",
            quoted.join(", ")
        ))
        .hint(format!("{advice}{}", permits.concat())))
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(constraints: &Constraints, text: &str) -> bool {
        constraints.allow(&Name::parse(text).unwrap())
    }

    #[test]
    fn a_new_authority_signs_for_what_is_nobodys() {
        let private = Constraints::private(&[]);
        for name in [
            "localhost",
            "a.localhost",
            "a.b.test",
            "*.app.test",
            "127.9.9.9",
            "::1",
            "192.168.1.1",
            "fe80::1",
        ] {
            assert!(allowed(&private, name), "{name}");
        }
        for name in ["evil.com", "notest", "mytest", "8.8.8.8", "2001:db8::1", "172.32.0.1", "home.arpa.com"]
        {
            assert!(!allowed(&private, name), "{name}");
        }
        assert!(allowed(&private, "me@evil.com") && allowed(&private, "spiffe://evil.com/x"));
    }

    #[test]
    fn more_can_be_permitted() {
        let more: Vec<Subtree> = ["Example.com", "8.8.8.8", "100.64.1.2/10", "2001:db8::/32"]
            .map(|text| Subtree::parse(text).unwrap())
            .into();
        let private = Constraints::private(&more);
        for name in ["example.com", "www.example.com", "8.8.8.8", "100.127.0.1", "2001:db8:9::1"] {
            assert!(allowed(&private, name), "{name}");
        }
        assert!(!allowed(&private, "8.8.4.4") && !allowed(&private, "badexample.com"));
        assert_eq!(
            more.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["example.com", "8.8.8.8/32", "100.64.0.0/10", "2001:db8::/32"]
        );
    }

    #[test]
    fn what_cannot_be_permitted_is_refused() {
        for text in ["10.0.0.0/33", "10.0.0.0/x", "*.a.test", "a@b.test", "spiffe://a/b", "a b"] {
            assert!(Subtree::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn exclusions_and_leading_dots_hold_as_in_rfc_5280() {
        let constraints = Constraints {
            permitted: vec![Subtree::Host(".corp.test".into())],
            excluded: vec![Subtree::Host("secret.corp.test".into())],
            ..Constraints::default()
        };
        assert!(allowed(&constraints, "a.corp.test"));
        assert!(!allowed(&constraints, "corp.test"));
        assert!(!allowed(&constraints, "a.secret.corp.test"));
        assert!(allowed(&constraints, "9.9.9.9"), "addresses are not constrained");
    }

    #[test]
    fn mailboxes_and_uris_are_constrained_as_in_rfc_5280() {
        let constraints = Constraints {
            permitted: vec![
                Subtree::Mailbox("a.test".into()),
                Subtree::Mailbox(".b.test".into()),
                Subtree::Mailbox("Ann@C.test".into()),
                Subtree::Site("a.test".into()),
                Subtree::Site(".b.test".into()),
            ],
            excluded: vec![Subtree::Mailbox("root@a.test".into())],
            ..Constraints::default()
        };
        for name in
            ["me@a.test", "me@x.b.test", "Ann@c.test", "spiffe://a.test/x", "https://x.b.test:1/", "d.test"]
        {
            assert!(allowed(&constraints, name), "{name}");
        }
        for name in
            ["me@x.a.test", "me@b.test", "ann@c.test", "bob@c.test", "root@a.test", "spiffe://b.test/x"]
        {
            assert!(!allowed(&constraints, name), "{name}");
        }
    }
}
