use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde::Serialize;

use super::desk::{self, Hosts, ProfileArgs};
use super::password::LockArgs;
use crate::certificates::issued::Issued;
use crate::certificates::names::{self, Name};
use crate::certificates::order::{Lock, Order, deliver};
use crate::certificates::outputs::Outputs;
use crate::certificates::{
    Authority, Home, KeyType, LEAF_DAYS, LeafRequest, MAX_LEAF_DAYS, Person, SigningRequest, Subject, file,
};
use crate::management::{CommandError, CommandResult, Format, Manage, Output};
use crate::text;
use crate::timezone;

/// Longest life that Apple's systems accept below a root that a person installed, in days.
const APPLE_DAYS: u32 = 825;

/// Make a certificate that those who trust the local authority accept
///
/// Without names it is for localhost, 127.0.0.1, ::1 and, inside a project, its `allowed_hosts`. Names are hosts,
/// wildcards such as `*.app.test`, addresses, mailboxes and URIs. The certificate's file holds the authority after the
/// certificate. Files that something else wrote are not overwritten.
///
/// As JSON: `{"certificate": {"serial", "names", "key", "client", "not_before", "not_after", "sha256", "cert_file",
/// "key_file", "p12_file"}}`.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Whom the certificate is for
    pub(super) names: Vec<String>,
    /// How many days it holds; never longer than the authority
    #[arg(long, value_name = "DAYS", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LEAF_DAYS)))]
    pub(super) days: u32,
    /// For a client as well, not for a server alone
    #[arg(long)]
    pub(super) client: bool,
    /// Kind of the key
    #[arg(long, value_name = "TYPE", default_value = "p256", value_parser = PossibleValuesParser::new(KeyType::ALL.map(KeyType::name)).map(|name| KeyType::of_name(&name).unwrap_or_default()))]
    pub(super) key: KeyType,
    /// Folder for the files
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(super) out_dir: Option<PathBuf>,
    /// File of the certificate, instead of one named after the first name
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) cert_file: Option<PathBuf>,
    /// File of the key; the same as the certificate's puts both into one
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) key_file: Option<PathBuf>,
    /// File for both as PKCS#12, beside the others
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) p12_file: Option<PathBuf>,
    /// Sign this request (PEM or DER, `-` is stdin): its key and its names, nothing else
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["names", "key", "key_file", "p12_file"])]
    pub(super) csr: Option<PathBuf>,
    /// Overwrite files whoever wrote them, and make wildcards that browsers refuse
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) lock: LockArgs,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// What mkcert does otherwise.
    #[arg(skip)]
    pub(super) mkcert: Option<AsMkcert>,
}

/// What is different when the program is called as mkcert.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsMkcert {
    /// Only PKCS#12 is written.
    pub(super) pkcs12_only: bool,
}

impl Create {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let home = if self.mkcert.is_some() { Home::Mkcert } else { Home::Manage };
        let folder = desk::folder(manage, home)?;
        let hosts = Hosts::of(manage);
        let order = self.order(&hosts, folder.person(), out)?;
        if Authority::find(&folder)?.is_none() {
            let checked = order.check_before(&desk::profile(&hosts, &self.profile)?, &folder, self.force);
            // Another run may have made the authority and these files since.
            if checked.is_err() && Authority::find(&folder)?.is_none() {
                return Ok(checked?);
            }
        }
        let folder = desk::lock(&folder, out)?;
        let mut authority = desk::open_or_draft(&hosts, &folder, &self.profile)?;
        let is_new = !authority.is_saved();
        let delivery = deliver(&folder, &mut authority, &order, self.force)?;
        if is_new {
            desk::say_made("a local authority", &authority, out)?;
        }
        if let Some(error) = &delivery.unlisted {
            let why = error.with_cause();
            out.warning(format!("`manage cert list` and `renew` will not know of it: {why}"))?;
        }
        warn_shortened(&delivery.issued, &authority, out)?;
        self.show(&delivery.issued, out)
    }

    /// What is asked for, all of it checked before anything is made.
    fn order(&self, hosts: &Hosts<'_>, person: &Person, out: &mut Output) -> CommandResult<Order> {
        let (names, subject) = match &self.csr {
            Some(path) => self.requested(path, person, out)?,
            None => (names::parse_all(&self.wanted(hosts)?, self.force)?, Subject::New(self.key)),
        };
        self.warn(&names, out)?;
        let outputs = self.outputs(&names)?;
        if outputs.p12.is_none() && self.lock.is_given() {
            return Err(CommandError::usage(
                "--password-file and --legacy are for --p12-file, which is missing",
            ));
        }
        let lock = match &outputs.p12 {
            Some(_) if self.mkcert.is_some() => Lock::default(),
            Some(file) => self.lock.passwords(person).lock(file, None, out)?,
            None => Lock::default(),
        };
        let request = LeafRequest { names, days: self.days, is_client: self.client, subject };
        Ok(Order { request, outputs, lock, person: person.clone() })
    }

    fn wanted(&self, hosts: &Hosts<'_>) -> CommandResult<Vec<String>> {
        if !self.names.is_empty() {
            return Ok(self.names.clone());
        }
        let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        Ok(local.into_iter().chain(hosts.get()?.iter().cloned()).collect())
    }

    fn requested(
        &self,
        path: &Path,
        person: &Person,
        out: &mut Output,
    ) -> CommandResult<(Vec<Name>, Subject)> {
        let content = file::read_input(path, person)?;
        let request = SigningRequest::read(&content, path, self.client, self.force)?;
        if !request.dropped.is_empty() {
            out.warning(format!(
                "left out of the certificate, though asked for: {}",
                request.dropped.join(", ")
            ))?;
        }
        if request.key.kind == "Ed25519" {
            out.warning("browsers refuse certificates with keys of the kind Ed25519")?;
        }
        Ok((request.names, Subject::Public(request.key)))
    }

    fn warn(&self, names: &[Name], out: &mut Output) -> CommandResult {
        for name in names {
            if let Some(unicode) = name.unicode() {
                out.status(format!("{unicode} is signed as {name}."))?;
            }
            if let Some(caveat) = name.caveat() {
                out.warning(caveat)?;
            }
        }
        if self.days > APPLE_DAYS {
            out.warning(format!("Apple's systems refuse certificates for more than {APPLE_DAYS} days"))?;
        }
        Ok(())
    }

    fn outputs(&self, names: &[Name]) -> CommandResult<Outputs> {
        let stem = names::file_stem(names, self.client);
        let folder = self.out_dir.clone().unwrap_or_default();
        let place = |file: Option<&PathBuf>, ending: &str| {
            desk::absolute(&folder.join(file.cloned().unwrap_or_else(|| format!("{stem}{ending}").into())))
        };
        let is_pkcs12_only = self.mkcert.is_some_and(|mkcert| mkcert.pkcs12_only);
        let has_key = self.csr.is_none() && !is_pkcs12_only;
        let has_p12 = is_pkcs12_only || self.p12_file.is_some() && self.mkcert.is_none();
        let outputs = Outputs {
            cert: (!is_pkcs12_only).then(|| place(self.cert_file.as_ref(), ".pem")).transpose()?,
            key: has_key.then(|| place(self.key_file.as_ref(), "-key.pem")).transpose()?,
            p12: has_p12.then(|| place(self.p12_file.as_ref(), ".p12")).transpose()?,
            with_chain: self.mkcert.is_none(),
            made_folder: self.out_dir.as_deref().map(std::path::absolute).transpose()?,
        };
        Ok(outputs.resolved()?)
    }

    fn show(&self, issued: &Issued, out: &mut Output) -> CommandResult {
        if self.format == Format::Json {
            return Ok(out.json(&BTreeMap::from([("certificate", AsJson::of(issued))]))?);
        }
        let expires = timezone::iso_date(issued.not_after);
        let rows = [
            ("Names", Some(issued.names.join(", "))),
            ("Certificate", issued.cert_file.as_deref().map(desk::shown)),
            ("Key", issued.key_file.as_deref().map(desk::shown)),
            ("PKCS#12", issued.p12_file.as_deref().map(desk::shown)),
            (
                "Expires",
                Some(format!("{expires}, in {}", text::count(issued.days_left(timezone::now()), "day"))),
            ),
        ];
        for (title, value) in rows {
            if let Some(value) = value {
                desk::field(out, title, &value)?;
            }
        }
        Ok(())
    }
}

/// Says when a certificate ends earlier than was asked for, because its authority does.
pub(super) fn warn_shortened(issued: &Issued, authority: &Authority, out: &mut Output) -> CommandResult {
    let asked = issued.not_before.as_second() + i64::from(issued.days) * 86_400;
    if issued.not_after == authority.facts.not_after && asked > issued.not_after.as_second() {
        let until = timezone::iso_date(issued.not_after);
        out.warning(format!("it ends with its authority on {until}; make a new one: manage cert rotate"))?;
    }
    Ok(())
}

/// An issued certificate as JSON has it.
#[derive(Serialize)]
pub(super) struct AsJson<'a> {
    pub(super) serial: &'a str,
    pub(super) names: &'a [String],
    pub(super) key: Option<&'a str>,
    pub(super) client: bool,
    pub(super) not_before: String,
    pub(super) not_after: String,
    pub(super) sha256: &'a str,
    pub(super) cert_file: Option<&'a Path>,
    pub(super) key_file: Option<&'a Path>,
    pub(super) p12_file: Option<&'a Path>,
    /// In lists alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<&'static str>,
    /// In lists alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) days_left: Option<i64>,
}

impl<'a> AsJson<'a> {
    pub(super) fn of(issued: &'a Issued) -> Self {
        Self {
            serial: &issued.serial,
            names: &issued.names,
            key: issued.key_type.as_deref(),
            client: issued.client,
            not_before: timezone::iso(issued.not_before),
            not_after: timezone::iso(issued.not_after),
            sha256: &issued.fingerprint,
            cert_file: issued.cert_file.as_deref(),
            key_file: issued.key_file.as_deref(),
            p12_file: issued.p12_file.as_deref(),
            state: None,
            days_left: None,
        }
    }
}
