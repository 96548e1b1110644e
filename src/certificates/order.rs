//! Certificates asked for and delivered: signed, listed and written, all of them or none.

use super::authority::{Authority, Leaf};
use super::constraints::Constraints;
use super::error::{Error, Result};
use super::export::pkcs12::{Encryption, can_spell, identity};
use super::file::Staged;
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

/// What came of orders.
#[derive(Debug)]
pub struct Delivery {
    /// The certificates, as the list has them.
    pub issued: Vec<Issued>,
    /// Why they are not in the list, when the list cannot be written.
    pub unlisted: Option<Error>,
}

/// Makes all certificates that are ordered. Nothing is written when one of them is refused.
///
/// # Errors
/// When the authority does not sign, a file may not be overwritten (unless `force`) or cannot be written.
pub fn deliver(
    folder: &Locked<'_>,
    authority: &Authority,
    orders: &[Order],
    force: bool,
) -> Result<Delivery> {
    let mut index = Index::read(folder)?;
    orders.iter().try_for_each(|order| order.check(folder, authority, &index, force))?;
    let mut issued = Vec::new();
    let mut staged: Vec<Staged> = Vec::new();
    for order in orders {
        let leaf = authority.issue(&order.request)?;
        let p12 = order.pkcs12(&leaf)?;
        staged.extend(order.outputs.stage(&leaf, p12.as_ref(), folder.person())?);
        issued.push(order.describe(&leaf, p12.as_deref()));
    }
    // The list first: a run that is killed behind it leaves files that the list can tell of.
    let unlisted = index.stage(folder, issued.clone()).and_then(Staged::commit).err();
    staged.into_iter().try_for_each(Staged::commit)?;
    Ok(Delivery { issued, unlisted })
}

impl Order {
    /// Whether the order can be delivered, as far as that can be seen without signing and writing.
    ///
    /// # Errors
    /// As [`deliver`].
    pub fn check(&self, folder: &Folder, authority: &Authority, index: &Index, force: bool) -> Result {
        authority.check_names(&self.request.names)?;
        self.check_files(folder, authority, index, force)
    }

    /// Whether its files can be written.
    ///
    /// # Errors
    /// As [`deliver`].
    pub fn check_files(&self, folder: &Folder, authority: &Authority, index: &Index, force: bool) -> Result {
        let person = folder.person();
        Ours::of(index, authority, &authority.rotated(), person).check(&self.outputs, force)?;
        self.outputs.probe(person)
    }

    /// Whether the order could be delivered by an authority that is still to be made, so that none is made in vain.
    ///
    /// # Errors
    /// As [`deliver`].
    pub fn check_before(&self, profile: &Profile, person: &Person, force: bool) -> Result {
        if !profile.is_unconstrained {
            Constraints::private(&profile.permit).check(&self.request.names, "add")?;
        }
        Ours::nothing(&Index::default(), person).check(&self.outputs, force)?;
        self.outputs.probe(person)
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
            authority: crate::crypto::sha256_hex(&leaf.authority),
            cert_file: cert,
            key_file: key,
            p12_file,
            p12_sha256: p12.map(crate::crypto::sha256_hex).into_iter().collect(),
            is_legacy: self.lock.encryption == Encryption::Legacy,
            has_public_password: self.lock.password == PUBLIC_PASSWORD,
            has_chain: with_chain,
        }
    }
}
