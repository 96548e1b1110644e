//! Where a certificate and its key are written, and what may be overwritten there.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::armor;
use super::authority::{Authority, Leaf};
use super::error::{Error, Result};
use super::facts::{Facts, is_signed_by};
use super::file::{self, Access, Staged, resolved};
use super::folder::Folder;
use super::issued::Index;
use super::key::Key;
use super::person::Person;
use manage_leaves::crypto;

/// The files of one certificate, as absolute paths.
#[derive(Debug, Clone)]
pub struct Outputs {
    /// The certificate; none when only PKCS#12 is wanted.
    pub cert: Option<PathBuf>,
    /// The key. The same as `cert` makes one file of both.
    pub key: Option<PathBuf>,
    /// Both as PKCS#12.
    pub p12: Option<PathBuf>,
    /// Whether the authority follows the certificate in its file.
    pub with_chain: bool,
    /// A folder to make for them when it is missing.
    pub made_folder: Option<PathBuf>,
}

impl Outputs {
    /// The same files, each written in one way: their folders without links and `..`, as far as they are there.
    ///
    /// # Errors
    /// When a name is not UTF-8, or PKCS#12 and another file are the same.
    pub fn resolved(mut self) -> Result<Self> {
        for file in [&mut self.cert, &mut self.key, &mut self.p12].into_iter().flatten() {
            *file = resolved(file);
            if file.to_str().is_none() || file.file_name().is_none() {
                return Err(Error::refused(format_args!(
                    "{} cannot be a file's name: it is not UTF-8",
                    file.display()
                ))
                .hint("name another file"));
            }
        }
        if self.p12.is_some() && (self.p12 == self.cert || self.p12 == self.key) {
            return Err(Error::refused("the PKCS#12 file and another file have the same name"));
        }
        Ok(self)
    }

    /// All of them.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.cert, &self.key, &self.p12].into_iter().flatten()
    }

    /// Whether files can be written where these are to lie. Nothing is left behind.
    ///
    /// # Errors
    /// When a folder is missing that is not to be made, or cannot be written.
    pub fn probe(&self, person: &Person) -> Result {
        for path in self.files() {
            let folder = file::folder_of(path);
            let is_made = self.made_folder.as_ref().is_some_and(|made| folder.starts_with(resolved(made)));
            let nearest =
                if is_made { folder.ancestors().find(|folder| folder.exists()) } else { Some(folder) };
            file::probe(path, nearest.unwrap_or(folder), person).map_err(with_way_out)?;
        }
        Ok(())
    }

    /// Writes all files beside their places, under names with this mark.
    ///
    /// # Errors
    /// When one of the folders cannot be written; nothing is left then.
    pub fn stage<'a>(
        &self,
        leaf: &Leaf,
        p12: Option<&Vec<u8>>,
        mark: &str,
        person: &'a Person,
    ) -> Result<Vec<Staged<'a>>> {
        if let Some(folder) = &self.made_folder {
            file::make_folder(folder, Access::Secret, person)?;
        }
        let pem = match self.with_chain {
            true => leaf.chain_pem(),
            false => armor::certificate(&leaf.certificate),
        };
        let key = leaf.key.as_ref().map(Key::to_pem).unwrap_or_default();
        let is_one_file = self.cert.is_some() && self.cert == self.key;
        let (cert, access) = match is_one_file {
            true => (pem + &key, Access::Secret),
            false => (pem, Access::Public),
        };
        // The key goes first: the list names it already, so that a certificate without its key is never left behind.
        let key_file = self.key.as_ref().filter(|_| !is_one_file);
        let files = [
            (key_file, key.as_bytes(), Access::Secret),
            (self.cert.as_ref(), cert.as_bytes(), access),
            (self.p12.as_ref(), p12.map(Vec::as_slice).unwrap_or_default(), Access::Secret),
        ];
        let files = files.into_iter().filter_map(|(path, content, access)| Some((path?, content, access)));
        files.map(|(path, content, access)| Staged::marked(path, mark, content, access, person)).collect()
    }
}

/// Files are called after names, and names may be longer than what a file can be called.
fn with_way_out(error: Error) -> Error {
    match error.of_system() {
        Some(io::ErrorKind::InvalidFilename) => error.hint("name the files: --cert-file and --key-file"),
        _ => error,
    }
}

/// What is known to be ours, so that it may be overwritten.
pub struct Ours<'a> {
    folder: &'a Folder,
    /// With whose rights files are looked at.
    person: &'a Person,
    /// Digests of the public keys that were certified.
    keys: HashSet<&'a str>,
    /// Digests of the PKCS#12 files that were written.
    p12s: HashSet<&'a str>,
    authorities: Vec<Vec<u8>>,
}

impl<'a> Ours<'a> {
    /// What was issued by an authority and those before it; without one, nothing was.
    pub fn of(
        index: &'a Index,
        folder: &'a Folder,
        authority: Option<&Authority>,
        person: &'a Person,
    ) -> Self {
        let listed = index.certificates.iter();
        let all = authority.into_iter().flat_map(Authority::with_rotated);
        Self {
            folder,
            person,
            keys: listed.clone().map(|issued| issued.public_key.as_str()).collect(),
            p12s: listed.flat_map(|issued| issued.p12_sha256.iter().map(String::as_str)).collect(),
            authorities: all.map(|authority| authority.certificate).collect(),
        }
    }

    /// Whether all files may be written.
    ///
    /// # Errors
    /// The first that may not: the authority's own, somebody else's, a link, a folder.
    pub fn check(&self, outputs: &Outputs, force: bool) -> Result {
        let mut files = outputs.files();
        files.try_for_each(|path| self.check_path(path, outputs.cert.as_deref(), force))
    }

    fn check_path(&self, path: &Path, cert: Option<&Path>, force: bool) -> Result {
        let shown = path.display();
        if self.folder.holds(&resolved(path)) {
            return Err(Error::failed(format_args!("{shown} is a file of the local authority's own"))
                .hint("name another file"));
        }
        let Some(facts) = file::check_place(path)? else { return Ok(()) };
        if force {
            return Ok(());
        }
        let (why, hint) = match facts.is_symlink() {
            true => ("it is a link", "--force puts a file in the link's place; what it points to stays"),
            false if self.is_ours(path, cert)? => return Ok(()),
            false => {
                ("it was not made by the local authority", "name another file, or overwrite it with --force")
            }
        };
        Err(Error::failed(format_args!("{shown} is there already, and {why}")).hint(hint))
    }

    fn is_ours(&self, path: &Path, cert: Option<&Path>) -> Result<bool> {
        let content = file::read(path, self.person)?.unwrap_or_default();
        let is_key = Key::of_pem(&content, path).is_ok_and(|key| self.is_our_key(&key, cert));
        let is_p12 = || self.p12s.contains(crypto::sha256_hex(&content).as_str());
        Ok(is_key || self.is_our_certificate(&content, path) || is_p12())
    }

    /// An authority is never ours to overwrite, though it signed itself.
    fn is_our_certificate(&self, content: &[u8], path: &Path) -> bool {
        let Ok(first) = armor::first_certificate(content, path) else { return false };
        let is_signed = self.authorities.iter().any(|authority| is_signed_by(&first, authority));
        is_signed && Facts::of(&first, "").is_ok_and(|facts| !facts.is_ca)
    }

    /// A key is ours when it was issued, or belongs to a certificate of ours that lies where the new one is to lie.
    fn is_our_key(&self, key: &Key, cert: Option<&Path>) -> bool {
        let public = key.public_key();
        if self.keys.contains(crypto::sha256_hex(&public).as_str()) {
            return true;
        }
        let Some((path, content)) = cert.and_then(|path| Some((path, file::read(path, self.person).ok()??)))
        else {
            return false;
        };
        let belongs = |der: &[u8]| Facts::of(der, "").is_ok_and(|facts| facts.public_key == public);
        armor::first_certificate(&content, path).is_ok_and(|der| belongs(&der))
            && self.is_our_certificate(&content, path)
    }
}
