use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::create::warn_unlisted;
use super::desk::{self, LockArgs};
use crate::certificates::issued::{Index, Issued, State};
use crate::certificates::names::Name;
use crate::certificates::order::{Lock, Order, deliver};
use crate::certificates::outputs::Outputs;
use crate::certificates::{
    Authority, Facts, Folder, Home, Key, KeyType, LeafRequest, Locked, PublicKey, Subject, armor, file,
};
use crate::management::{CommandError, CommandResult, Format, Manage, Output};
use crate::timezone;

/// Renew certificates in their files, with the same names and kind of key
///
/// Without a file: those with less than a third of their life left, and those whose files do not belong together. A
/// certificate whose folder is gone is taken from the list. As JSON: `{"certificates": [{"names", "file", "result",
/// "not_after"}]}` with the results `renewed`, `not due`, `missing` and `forgotten`.
#[derive(Debug, Args)]
pub struct Renew {
    /// Files of the certificates to renew, whenever they expire
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// All of them, whenever they expire
    #[arg(long, conflicts_with = "files")]
    all: bool,
    #[command(flatten)]
    lock: LockArgs,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What is to be done with one certificate of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Renewed,
    NotDue,
    Missing,
    Forgotten,
}

impl Fate {
    fn name(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::NotDue => "not due",
            Self::Missing => "missing",
            Self::Forgotten => "forgotten",
        }
    }
}

impl Renew {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let folder = desk::folder(manage, Home::Manage)?;
        desk::existing(&folder)?;
        let folder = folder.lock()?;
        let authority = Authority::open(&folder)?.map_or_else(|| desk::existing(&folder), Ok)?;
        let index = Index::read(&folder)?;
        let chosen = self.chosen(&index)?;
        let results = renew(&folder, &authority, chosen, &self.lock, out)?;
        show(&results, self.format, out)
    }

    /// The certificates that are meant, each with its fate.
    fn chosen(&self, index: &Index) -> CommandResult<Vec<(Issued, Fate)>> {
        let now = timezone::now();
        if self.files.is_empty() {
            let listed = index.certificates.iter();
            return Ok(listed.map(|issued| (issued.clone(), fate(issued, self.all, now))).collect());
        }
        let find = |file: &PathBuf| {
            let path = desk::absolute(file)?;
            let issued = index.of_file(&path).ok_or_else(|| {
                CommandError::usage(format!("{} is not in the list of issued certificates", file.display()))
                    .hint("`manage cert list` shows them; `manage cert create` makes new ones")
            })?;
            Ok((issued.clone(), Fate::Renewed))
        };
        self.files.iter().map(find).collect()
    }
}

pub(super) fn fate(issued: &Issued, all: bool, now: Timestamp) -> Fate {
    let state = issued.state(now);
    let has_folder = |file: &Path| file.parent().is_some_and(Path::is_dir);
    if !issued.files().all(has_folder) {
        return Fate::Forgotten;
    }
    match state {
        _ if all => Fate::Renewed,
        State::Expiring | State::Expired => Fate::Renewed,
        // Who deleted all of a certificate's files does not want it back.
        State::Missing if !issued.files().any(Path::exists) => Fate::Missing,
        State::Missing => Fate::Renewed,
        State::Valid if !belong_together(issued) => Fate::Renewed,
        State::Valid => Fate::NotDue,
    }
}

/// Whether the files hold what the list says; a run that was killed may have left them otherwise.
fn belong_together(issued: &Issued) -> bool {
    let read = |path: &Option<PathBuf>| {
        path.as_ref().and_then(|path| Some((path.clone(), std::fs::read(path).ok()?)))
    };
    let certificate = read(&issued.cert_file).is_none_or(|(path, content)| {
        let first = armor::certificates(&content, &path).ok().and_then(|mut all| all.drain(..).next());
        first.is_some_and(|der| crate::crypto::sha256_hex(&der) == issued.fingerprint)
    });
    let key = read(&issued.key_file).is_none_or(|(path, content)| {
        let key = Key::of_pem(&content, &path);
        key.is_ok_and(|key| crate::crypto::sha256_hex(&key.public_key()) == issued.public_key)
    });
    let p12 = read(&issued.p12_file)
        .is_none_or(|(_, content)| Some(crate::crypto::sha256_hex(&content)) == issued.p12_sha256);
    certificate && key && p12
}

/// Does what is to be done; all renewals or none.
pub(super) fn renew(
    folder: &Locked<'_>,
    authority: &Authority,
    chosen: Vec<(Issued, Fate)>,
    lock: &LockArgs,
    out: &mut Output,
) -> CommandResult<Vec<(Issued, Fate)>> {
    let orders = chosen
        .iter()
        .filter(|(_, fate)| *fate == Fate::Renewed)
        .map(|(issued, _)| order(issued, folder, lock, out))
        .collect::<CommandResult<Vec<Order>>>()?;
    let delivery = deliver(folder, authority, &orders, false)?;
    warn_unlisted(&delivery, out)?;
    forget(folder, &chosen)?;
    let mut renewed = delivery.issued.into_iter();
    let result = |(old, fate)| match fate {
        Fate::Renewed => (renewed.next().unwrap_or(old), fate),
        _ => (old, fate),
    };
    Ok(chosen.into_iter().map(result).collect())
}

fn order(issued: &Issued, folder: &Folder, lock: &LockArgs, out: &mut Output) -> CommandResult<Order> {
    let names = issued.names.iter().map(|name| Name::parse(name)).collect::<Result<Vec<_>, _>>()?;
    let subject = match issued.key_type.as_deref() {
        Some(kind) => Subject::New(KeyType::of_name(kind).unwrap_or_default()),
        None => Subject::Public(public_key(issued, folder)?),
    };
    let lock = match &issued.p12_file {
        Some(file) => lock.read(file, !issued.has_public_password, out)?,
        None => Lock::default(),
    };
    let outputs = Outputs {
        cert: issued.cert_file.clone(),
        key: issued.key_file.clone(),
        p12: issued.p12_file.clone(),
        with_chain: issued.has_chain,
    };
    let request = LeafRequest { names, days: issued.days, is_client: issued.client, subject };
    Ok(Order { request, outputs, lock })
}

/// The key of a certificate whose private half is elsewhere: it stands in the certificate.
fn public_key(issued: &Issued, folder: &Folder) -> CommandResult<PublicKey> {
    let path = issued.cert_file.clone().unwrap_or_default();
    let content = file::read(&path, folder.person())?.ok_or_else(|| {
        CommandError::failed(format!("{} is gone, and its key came with a request", path.display()))
            .hint("sign the request again: manage cert create --csr FILE")
    })?;
    let der = armor::certificates(&content, &path)?.swap_remove(0);
    Ok(PublicKey::of_der(&Facts::of(&der, &path.display().to_string())?.public_key)?)
}

fn forget(folder: &Locked<'_>, chosen: &[(Issued, Fate)]) -> CommandResult {
    let gone: Vec<&str> = chosen
        .iter()
        .filter(|(_, fate)| *fate == Fate::Forgotten)
        .map(|(issued, _)| issued.serial.as_str())
        .collect();
    if !gone.is_empty() {
        let mut index = Index::read(folder)?;
        index.certificates.retain(|issued| !gone.contains(&issued.serial.as_str()));
        index.stage(folder, Vec::new())?.commit()?;
    }
    Ok(())
}

pub(super) fn show(results: &[(Issued, Fate)], format: Format, out: &mut Output) -> CommandResult {
    let file = |issued: &Issued| issued.files().next().map(desk::shown).unwrap_or_default();
    let until = |issued: &Issued| timezone::iso_date(issued.not_after);
    match format {
        Format::Json => {
            let certificates: Vec<Value> = results
                .iter()
                .map(|(issued, fate)| {
                    json!({"names": issued.names, "file": issued.files().next(), "result": fate.name(),
                        "not_after": timezone::iso(issued.not_after)})
                })
                .collect();
            Ok(out.json(&json!({ "certificates": certificates }))?)
        }
        Format::Plain => Ok(results.iter().try_for_each(|(issued, fate)| {
            out.line(format!(
                "{}\t{}\t{}\t{}",
                fate.name(),
                until(issued),
                file(issued),
                issued.names.join(",")
            ))
        })?),
        Format::Table if results.is_empty() => Ok(out.status("Nothing was issued yet.")?),
        Format::Table => {
            let row = |(issued, fate): &(Issued, Fate)| {
                vec![issued.names.join(", "), fate.name().to_owned(), until(issued), file(issued)]
            };
            Ok(out.table(&["Names", "Result", "Expires", "File"], results.iter().map(row))?)
        }
    }
}
