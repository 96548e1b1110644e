use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::create::warn_shortened;
use super::desk;
use super::password::LockArgs;
use crate::certificates;
use crate::certificates::issued::{Index, Issued, State};
use crate::certificates::names::Name;
use crate::certificates::order::{Lock, Order, deliver_each};
use crate::certificates::outputs::Outputs;
use crate::certificates::{
    Authority, Facts, Folder, Home, Key, KeyType, LeafRequest, Locked, MAX_LEAF_DAYS, PublicKey, Subject,
    armor, file,
};
use crate::crypto;
use crate::management::{CommandError, CommandResult, Format, Manage, Output};
use crate::text;
use crate::timezone;

/// Renew certificates in their files, with the same names and kind of key
///
/// Without a file: those with less than a third of their life left, those whose authority was replaced, and those whose
/// files do not belong together. A certificate whose folder is gone is taken from the list. One that cannot be renewed
/// does not keep the others from it; the exit status is 1 then. As JSON: `{"certificates": [{"names", "file", "result", "why", "not_after"}]}` with the
/// results `renewed`, `not due`, `missing`, `forgotten` and `failed`.
#[derive(Debug, Args)]
pub(super) struct Renew {
    /// Files of the certificates to renew, whenever they expire
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// All of them, whenever they expire
    #[arg(long, conflicts_with = "files")]
    all: bool,
    /// Overwrite files of theirs that something else has written
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What becomes of one certificate of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Renewed,
    NotDue,
    Missing,
    Forgotten,
    /// It could not be renewed: why, and what helps.
    Failed(String, Vec<String>),
}

impl Fate {
    fn name(&self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::NotDue => "not due",
            Self::Missing => "missing",
            Self::Forgotten => "forgotten",
            Self::Failed(..) => "failed",
        }
    }

    fn why(&self) -> Option<&str> {
        match self {
            Self::Failed(why, _) => Some(why),
            _ => None,
        }
    }
}

impl Renew {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let folder = desk::folder(manage, Home::Manage)?;
        desk::existing(&folder)?;
        let folder = desk::lock(&folder, out)?;
        let mut authority = desk::existing_locked(&folder)?;
        authority.signer()?;
        let index = Index::read(&folder)?;
        let planned = plan(&self.lock, self.chosen(&index, &authority)?, &folder, out)?;
        let results = carry_out(&folder, &mut authority, planned, self.force, out)?;
        show(&results, self.format, out)?;
        judge(&results)
    }

    /// The certificates that are meant, each with its fate.
    fn chosen(&self, index: &Index, authority: &Authority) -> CommandResult<Vec<(Issued, Fate)>> {
        if self.files.is_empty() {
            let listed = index.certificates.iter();
            return Ok(listed.map(|issued| (issued.clone(), fate(issued, self.all, authority))).collect());
        }
        let find = |file: &PathBuf| {
            let path = desk::absolute(file)?;
            let issued = index.of_file(&path).ok_or_else(|| {
                CommandError::usage(format!("{} is not in the list of issued certificates", file.display()))
                    .hint("`manage cert list` shows them; `manage cert create` makes new ones")
            })?;
            Ok((issued.clone(), Fate::Renewed))
        };
        let mut found = self.files.iter().map(find).collect::<CommandResult<Vec<(Issued, Fate)>>>()?;
        // A shell's `*.pem` names a certificate and its key.
        let mut seen = HashSet::new();
        found.retain(|(issued, _)| seen.insert(issued.serial.clone()));
        Ok(found)
    }
}

/// What becomes of a certificate under this authority.
pub(super) fn fate(issued: &Issued, all: bool, authority: &Authority) -> Fate {
    let state = issued.state(&authority.facts.fingerprint, timezone::now());
    if issued.has_lost_folder() {
        return Fate::Forgotten;
    }
    match state {
        _ if all => Fate::Renewed,
        State::Expiring | State::Expired | State::Replaced => Fate::Renewed,
        // Who deleted all of a certificate's files does not want it back.
        State::Missing if !issued.has_files() => Fate::Missing,
        State::Missing => Fate::Renewed,
        State::Valid if !belong_together(issued, authority.folder()) => Fate::Renewed,
        State::Valid => Fate::NotDue,
    }
}

/// Whether the files hold what the list says; a run that was killed may have left them otherwise.
pub(super) fn belong_together(issued: &Issued, folder: &Folder) -> bool {
    let person = folder.reader();
    let read = |path: &Option<PathBuf>| {
        path.as_ref().and_then(|path| Some((path.clone(), file::read(path, &person).ok()??)))
    };
    let certificate = read(&issued.cert_file).is_none_or(|(path, content)| {
        let first = armor::first_certificate(&content, &path);
        first.is_ok_and(|der| crypto::sha256_hex(&der) == issued.fingerprint)
    });
    let key = read(&issued.key_file).is_none_or(|(path, content)| {
        let key = Key::of_pem(&content, &path);
        key.is_ok_and(|key| crypto::sha256_hex(&key.public_key()) == issued.public_key)
    });
    let p12 = read(&issued.p12_file)
        .is_none_or(|(_, content)| Some(&crypto::sha256_hex(&content)) == issued.p12_sha256.first());
    certificate && key && p12
}

/// One certificate, what is to become of it, and the order for that.
pub(super) struct Planned {
    pub(super) issued: Issued,
    pub(super) fate: Fate,
    order: Option<Order>,
}

fn failed(error: &certificates::Error) -> Fate {
    Fate::Failed(error.with_cause(), error.hints.clone())
}

/// Makes the orders of all that is to be renewed, with their passwords.
pub(super) fn plan(
    lock: &LockArgs,
    chosen: Vec<(Issued, Fate)>,
    folder: &Folder,
    out: &mut Output,
) -> CommandResult<Vec<Planned>> {
    let has_p12 = chosen.iter().any(|(issued, fate)| *fate == Fate::Renewed && issued.p12_file.is_some());
    if lock.is_given() && !has_p12 {
        return Err(CommandError::usage(
            "--password-file and --legacy are for PKCS#12, which none of them has",
        ));
    }
    let mut passwords = lock.passwords(folder.person());
    let plan_one = |(issued, fate): (Issued, Fate)| {
        if fate != Fate::Renewed {
            return Ok(Planned { issued, fate, order: None });
        }
        let mut order = match order(&issued, folder) {
            Ok(order) => order,
            Err(error) => return Ok(Planned { issued, fate: failed(&error), order: None }),
        };
        if let Some(file) = &issued.p12_file {
            order.lock = passwords.lock(file, Some(&issued), out)?;
        }
        Ok(Planned { issued, fate, order: Some(order) })
    };
    chosen.into_iter().map(plan_one).collect()
}

/// Renews each certificate that can be renewed; tells what became of each.
fn carry_out(
    folder: &Locked<'_>,
    authority: &mut Authority,
    planned: Vec<Planned>,
    force: bool,
    out: &mut Output,
) -> CommandResult<Vec<(Issued, Fate)>> {
    let (mut results, orders) = apart(planned);
    let delivered = deliver_each(folder, authority, &orders, force)?;
    let renewed = results.iter_mut().filter(|(_, fate)| *fate == Fate::Renewed);
    for ((issued, fate), new) in renewed.zip(delivered) {
        match new {
            Ok(new) => *issued = new,
            Err(error) => *fate = failed(&error),
        }
    }
    let first = results.iter().find(|(_, fate)| *fate == Fate::Renewed);
    first.map_or(Ok(()), |(issued, _)| warn_shortened(issued, authority, out))?;
    forget(folder, &results)?;
    Ok(results)
}

/// What was planned, and its orders.
pub(super) fn apart(planned: Vec<Planned>) -> (Vec<(Issued, Fate)>, Vec<Order>) {
    let (mut results, mut orders) = (Vec::new(), Vec::new());
    for one in planned {
        orders.extend(one.order);
        results.push((one.issued, one.fate));
    }
    (results, orders)
}

/// An error when one of them failed.
pub(super) fn judge(results: &[(Issued, Fate)]) -> CommandResult {
    let failures: Vec<(&str, &[String])> = results
        .iter()
        .filter_map(|(_, fate)| match fate {
            Fate::Failed(why, hints) => Some((why.as_str(), hints.as_slice())),
            _ => None,
        })
        .collect();
    let Some((first, _)) = failures.first() else { return Ok(()) };
    let error = match failures.len() {
        1 => CommandError::failed(format!("one certificate could not be renewed: {first}")),
        many => CommandError::failed(format!("{many} certificates could not be renewed; the first: {first}")),
    };
    Err(desk::with_hints(error, failures.iter().flat_map(|(_, hints)| hints.iter())))
}

/// The order that renews a certificate; its password is still to be put in.
///
/// The list may have been changed by hand: what is not in it as `create` writes it is refused.
fn order(issued: &Issued, folder: &Folder) -> certificates::Result<Order> {
    let wrong = |what: &str| certificates::Error::failed(format_args!("its entry in the list {what}"));
    let names: Vec<Name> =
        issued.names.iter().map(|name| Name::parse(name)).collect::<certificates::Result<_>>()?;
    let key_type = issued.key_type.as_deref().map(|kind| KeyType::of_name(kind).ok_or(kind));
    let subject = match key_type.transpose() {
        Ok(Some(kind)) => Subject::New(kind),
        Ok(None) => Subject::Public(public_key(issued, folder)?),
        Err(kind) => {
            return Err(wrong(&format!("has a key of an unknown kind, `{}`", text::printable(kind))));
        }
    };
    if names.is_empty() {
        return Err(wrong("has no names"));
    }
    if issued.files().next().is_none() || issued.files().any(Path::is_relative) {
        return Err(wrong("does not say where it lies"));
    }
    if !(1..=MAX_LEAF_DAYS).contains(&issued.days) {
        return Err(wrong(&format!("holds for {} days", issued.days)));
    }
    let outputs = Outputs {
        cert: issued.cert_file.clone(),
        key: issued.key_file.clone(),
        p12: issued.p12_file.clone(),
        with_chain: issued.has_chain,
        made_folder: None,
    };
    let request = LeafRequest { names, days: issued.days, is_client: issued.client, subject };
    Ok(Order { request, outputs, lock: Lock::default(), person: folder.reader() })
}

/// The key of a certificate whose private half is elsewhere: it stands in the certificate.
fn public_key(issued: &Issued, folder: &Folder) -> certificates::Result<PublicKey> {
    let path = issued.cert_file.clone().unwrap_or_default();
    let content = file::read(&path, &folder.reader())?.ok_or_else(|| {
        certificates::Error::failed(format_args!(
            "{} is gone, and its key came with a request",
            path.display()
        ))
        .hint("sign the request again: manage cert create --csr FILE")
    })?;
    let der = armor::first_certificate(&content, &path)?;
    PublicKey::of_der(&Facts::of(&der, &path.display().to_string())?.public_key)
}

/// Takes the certificates whose folders are gone from the list.
pub(super) fn forget(folder: &Locked<'_>, results: &[(Issued, Fate)]) -> CommandResult {
    let gone = results.iter().filter(|(_, fate)| *fate == Fate::Forgotten);
    let gone: HashSet<&str> = gone.map(|(issued, _)| issued.serial.as_str()).collect();
    if !gone.is_empty() {
        let mut index = Index::read(folder)?;
        index.certificates.retain(|issued| !gone.contains(issued.serial.as_str()));
        index.stage(folder, Vec::new())?.commit()?;
    }
    Ok(())
}

pub(super) fn show(results: &[(Issued, Fate)], format: Format, out: &mut Output) -> CommandResult {
    let until = |issued: &Issued| timezone::iso_date(issued.not_after);
    match format {
        Format::Json => Ok(out.json(&json!({ "certificates": to_json(results) }))?),
        Format::Plain => Ok(results.iter().try_for_each(|(issued, fate)| {
            out.line(format!(
                "{}\t{}\t{}\t{}",
                fate.name(),
                until(issued),
                desk::first_file(issued),
                desk::names(issued, ",")
            ))
        })?),
        Format::Table if results.is_empty() => Ok(out.status("Nothing was issued yet.")?),
        Format::Table => {
            let row = |(issued, fate): &(Issued, Fate)| {
                vec![
                    desk::names(issued, ", "),
                    fate.name().to_owned(),
                    until(issued),
                    desk::first_file(issued),
                ]
            };
            Ok(out.table(&["Names", "Result", "Expires", "File"], results.iter().map(row))?)
        }
    }
}

pub(super) fn to_json(results: &[(Issued, Fate)]) -> Vec<Value> {
    let of_one = |(issued, fate): &(Issued, Fate)| {
        json!({
            "names": issued.names,
            "file": issued.files().next().map(|file| file.display().to_string()),
            "result": fate.name(),
            "why": fate.why(),
            "not_after": timezone::iso(issued.not_after),
        })
    };
    results.iter().map(of_one).collect()
}
