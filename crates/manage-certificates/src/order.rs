//! Certificates asked for and delivered: signed, listed and written.

use std::io;
use std::path::PathBuf;

use super::authority::{Authority, Leaf};
use super::constraints::Constraints;
use super::error::{Error, Result};
use super::export::pkcs12::{Encryption, can_spell, identity};
use super::file::{self, Access, Staged};
use super::folder::{Folder, Locked};
use super::issued::{Index, Issued};
use super::key::{Key, KeyType};
use super::outputs::{Ours, Outputs};
use super::parameters::{LeafRequest, Profile, Subject};
use super::person::Person;

/// One certificate to be made.
#[derive(Debug)]
pub struct Order {
    /// What it is to be.
    pub request: LeafRequest,
    /// Where it is to lie.
    pub outputs: Outputs,
    /// How PKCS#12 is locked, when that is wanted.
    pub lock: Lock,
    /// With whose rights the files are written.
    pub person: Person,
}

/// How a PKCS#12 file is locked.
#[derive(Debug, Clone)]
pub struct Lock {
    password: String,
    encryption: Encryption,
}

impl Lock {
    /// By a password, with the content encrypted so.
    ///
    /// # Errors
    /// When the password cannot be one of PKCS#12.
    pub fn new(password: String, encryption: Encryption) -> Result<Self> {
        match password.chars().all(can_spell) {
            true => Ok(Self { password, encryption }),
            false => Err(Error::refused("the password holds a character that PKCS#12 cannot")
                .hint("choose one without emoji, of characters up to U+FFFF")),
        }
    }
}

/// The password that Java and mkcert use, and everybody knows.
pub const PUBLIC_PASSWORD: &str = "changeit";

impl Default for Lock {
    fn default() -> Self {
        Self { password: PUBLIC_PASSWORD.to_owned(), encryption: Encryption::Modern }
    }
}

/// What came of an order.
#[derive(Debug)]
pub struct Delivery {
    /// The certificate, as the list has it.
    pub issued: Issued,
    /// Why it is not in the list, when the authority's folder cannot be written.
    pub unlisted: Option<Error>,
}

/// A certificate that is signed and lies beside its place.
struct Prepared<'a> {
    issued: Issued,
    staged: Vec<Staged<'a>>,
}

/// Makes a certificate. Where the authority's folder is read-only, it is made and not listed.
///
/// An authority that is not in its folder yet is put there when nothing else can fail but that.
///
/// # Errors
/// When the authority does not sign, a file may not be overwritten (unless `force`) or cannot be written. Nothing is
/// changed then.
pub fn deliver(
    folder: &Locked<'_>,
    authority: &mut Authority,
    order: &Order,
    force: bool,
) -> Result<Delivery> {
    let mut index = Index::read(folder)?;
    check(&Ours::of(&index, folder, Some(authority), &order.person), authority, order, force)?;
    let mark = file::new_mark();
    let noted = Note::write(folder, [order], &mark);
    let prepared = prepare(authority, order, &mark)?;
    let is_read_only = |error: &Error| {
        matches!(error.of_system(), Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem))
    };
    let listed = index.stage(folder, vec![prepared.issued.clone()]);
    let (listed, unlisted, _note) = match (listed, noted) {
        (Ok(listed), Ok(note)) => (Some(listed), None, Some(note)),
        (Err(error), _) | (_, Err(error)) if is_read_only(&error) => (None, Some(error), None),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    authority.save(folder)?;
    listed.map_or(Ok(()), Staged::commit)?;
    put(prepared.staged)?;
    Ok(Delivery { issued: prepared.issued, unlisted })
}

/// Makes all certificates or none.
///
/// # Errors
/// As [`deliver`]; and when the list cannot be written.
pub fn deliver_all(
    folder: &Locked<'_>,
    authority: &mut Authority,
    orders: &[Order],
    force: bool,
) -> Result<Vec<Issued>> {
    let index = Index::read(folder)?;
    let (_note, each) = prepare_each(folder, &index, authority, orders, force)?;
    let prepared = each.into_iter().collect::<Result<Vec<Prepared>>>()?;
    finish(folder, index, authority, prepared.into_iter().map(Ok).collect())?.into_iter().collect()
}

/// Makes each certificate that can be made, and tells of each.
///
/// # Errors
/// When the list cannot be written; nothing is changed then.
pub fn deliver_each(
    folder: &Locked<'_>,
    authority: &mut Authority,
    orders: &[Order],
    force: bool,
) -> Result<Vec<Result<Issued>>> {
    let index = Index::read(folder)?;
    let (_note, each) = prepare_each(folder, &index, authority, orders, force)?;
    finish(folder, index, authority, each)
}

fn prepare_each<'a>(
    folder: &Locked<'_>,
    index: &Index,
    authority: &Authority,
    orders: &'a [Order],
    force: bool,
) -> Result<(Option<Note>, Vec<Result<Prepared<'a>>>)> {
    let Some(person) = orders.first().map(|order| &order.person) else { return Ok((None, Vec::new())) };
    let ours = Ours::of(index, folder, Some(authority), person);
    let checked: Vec<Result<&Order>> =
        orders.iter().map(|order| check(&ours, authority, order, force).map(|()| order)).collect();
    let mark = file::new_mark();
    let note = Note::write(folder, checked.iter().flatten().copied(), &mark)?;
    Ok((Some(note), checked.into_iter().map(|order| prepare(authority, order?, &mark)).collect()))
}

fn check(ours: &Ours<'_>, authority: &Authority, order: &Order, force: bool) -> Result {
    authority.check_names(&order.request.names)?;
    order.check_files(ours, force)
}

fn prepare<'a>(authority: &Authority, order: &'a Order, mark: &str) -> Result<Prepared<'a>> {
    let leaf = authority.issue(&order.request)?;
    let p12 = order.pkcs12(&leaf)?;
    let staged = order.outputs.stage(&leaf, p12.as_ref(), mark, &order.person)?;
    Ok(Prepared { issued: order.describe(&leaf, p12.as_deref()), staged })
}

/// A note of the files that are written beside their places; what still waits when it is dropped is removed.
struct Note {
    list: PathBuf,
    reader: Person,
}

impl Note {
    /// Writes it into the authority's folder, before the first of the files.
    fn write<'o>(
        folder: &Locked<'_>,
        orders: impl IntoIterator<Item = &'o Order>,
        mark: &str,
    ) -> Result<Self> {
        let files = orders.into_iter().flat_map(|order| order.outputs.files());
        let waiting: Vec<PathBuf> = files.map(|path| file::named_beside(path, mark)).collect();
        let content = serde_json::to_vec(&waiting).unwrap_or_default();
        file::write(&folder.waiting(), &content, Access::Secret, folder.person())?;
        Ok(Self { list: folder.waiting(), reader: folder.reader() })
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        file::clear_waiting(&self.list, &self.reader);
    }
}

/// Lists what is prepared and puts it into its places; tells of each whether that was done.
fn finish(
    folder: &Locked<'_>,
    mut index: Index,
    authority: &mut Authority,
    each: Vec<Result<Prepared<'_>>>,
) -> Result<Vec<Result<Issued>>> {
    let issued: Vec<Issued> = each.iter().flatten().map(|one| one.issued.clone()).collect();
    if issued.is_empty() && authority.is_saved() {
        return Ok(each.into_iter().map(|one| one.map(|one| one.issued)).collect());
    }
    let listed = index.stage(folder, issued)?;
    authority.save(folder)?;
    // The list first: a run that is killed behind it leaves files that the list can tell of.
    listed.commit()?;
    let commit = |one: Result<Prepared<'_>>| one.and_then(|one| put(one.staged).map(|()| one.issued));
    Ok(each.into_iter().map(commit).collect())
}

/// Puts the files of one certificate into their places.
fn put(staged: Vec<Staged<'_>>) -> Result {
    staged.into_iter().try_for_each(Staged::commit)
}

impl Order {
    /// Whether its files can be written.
    ///
    /// # Errors
    /// As [`deliver`].
    pub(crate) fn check_files(&self, ours: &Ours<'_>, force: bool) -> Result {
        ours.check(&self.outputs, force)?;
        self.outputs.probe(&self.person)
    }

    /// Whether the order could be delivered by an authority that is still to be made, so that none is made in vain.
    ///
    /// # Errors
    /// As [`deliver`].
    pub fn check_before(&self, profile: &Profile, folder: &Folder, force: bool) -> Result {
        if !profile.is_unconstrained {
            Constraints::private(&profile.permit).check(&self.request.names, "add")?;
        }
        self.check_files(&Ours::of(&Index::default(), folder, None, &self.person), force)
    }

    fn key_type(&self) -> Option<KeyType> {
        match self.request.subject {
            Subject::New(kind) => Some(kind),
            Subject::Public(_) => None,
        }
    }

    fn pkcs12(&self, leaf: &Leaf) -> Result<Option<Vec<u8>>> {
        let (Some(_), Some(key)) = (&self.outputs.p12, &leaf.key) else { return Ok(None) };
        let chain = [leaf.certificate.clone(), leaf.authority.clone()];
        let name = leaf.facts.names.first().map(String::as_str).unwrap_or_default();
        identity(&chain, Key::pkcs8(key), name, &self.lock.password, self.lock.encryption).map(Some)
    }

    /// What the list remembers.
    fn describe(&self, leaf: &Leaf, p12: Option<&[u8]>) -> Issued {
        let Outputs { cert, key, p12: p12_file, with_chain, .. } = self.outputs.clone();
        Issued {
            serial: leaf.facts.serial.clone(),
            names: leaf.facts.names.clone(),
            key_type: self.key_type().map(|kind| kind.name().to_owned()),
            client: self.request.is_client,
            not_before: leaf.facts.not_before,
            not_after: leaf.facts.not_after,
            days: self.request.days,
            fingerprint: leaf.facts.fingerprint.clone(),
            public_key: leaf.facts.key_fingerprint(),
            authority: manage_leaves::crypto::sha256_hex(&leaf.authority),
            cert_file: cert,
            key_file: key,
            p12_file,
            p12_sha256: p12.map(manage_leaves::crypto::sha256_hex).into_iter().collect(),
            is_legacy: self.lock.encryption == Encryption::Legacy,
            has_public_password: self.lock.password == PUBLIC_PASSWORD,
            has_chain: with_chain,
        }
    }
}
