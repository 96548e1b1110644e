//! Where clients look for the authorities that they trust: one file for each kind of store, all with the same verbs.

use std::path::PathBuf;

use super::error::Result;

/// The kinds of stores, as `--stores` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The operating system's own: curl, openssl, Python, and browsers outside Linux.
    System,
    /// The databases of Chromium and Firefox.
    Nss,
    /// The policy files of Chromium and Firefox, for machines without NSS's tools.
    Policies,
    /// The store of a Java installation.
    Java,
}

/// The authority that a store is to trust.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// What stores call it, so that it is found again when its folder is gone: letters, digits and dashes.
    pub label: String,
    /// Its certificate.
    pub der: Vec<u8>,
    /// Where its certificate lies as PEM.
    pub path: PathBuf,
}

/// A certificate in a store that this program, or mkcert, may have put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the store calls it: a file's path, a nickname, an alias.
    pub name: String,
    /// The certificate.
    pub der: Vec<u8>,
}

/// One store on this machine.
pub trait TrustStore {
    /// What kind of store it is.
    fn kind(&self) -> Kind;

    /// Where it is, as people are told: a folder, a file, a keychain.
    fn place(&self) -> String;

    /// What is in it that may be ours.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn entries(&self) -> Result<Vec<Entry>>;

    /// Puts an authority into it.
    ///
    /// # Errors
    /// When the store refuses; the hints hold the exact commands where a right is missing.
    fn add(&self, anchor: &Anchor) -> Result;

    /// Takes an entry out of it.
    ///
    /// # Errors
    /// As [`TrustStore::add`].
    fn remove(&self, entry: &Entry) -> Result;
}
