//! The list of what an authority issued: names, dates and places of files, never a key.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::file::{self, Access, Staged};
use super::folder::{Folder, Locked};

/// One certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its number, in lower-case hex.
    pub serial: String,
    /// Its names.
    pub names: Vec<String>,
    /// The kind of key that was made for it; none when the key came with a request.
    pub key_type: Option<String>,
    /// Whether it is for a client as well.
    #[serde(default)]
    pub client: bool,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when it holds.
    pub not_after: Timestamp,
    /// The days that were asked for.
    pub days: u32,
    /// SHA-256 of the certificate, in lower-case hex.
    pub fingerprint: String,
    /// SHA-256 of its public key, in lower-case hex.
    pub public_key: String,
    /// SHA-256 of its authority's certificate, in lower-case hex.
    pub authority: String,
    /// Where it lies; none when it lies in the PKCS#12 file alone.
    #[serde(default)]
    pub cert_file: Option<PathBuf>,
    /// Where its key lies.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Where both lie as PKCS#12.
    #[serde(default)]
    pub p12_file: Option<PathBuf>,
    /// SHA-256 of that file, and of the one that was in its place before: a run may be killed between.
    #[serde(default)]
    pub p12_sha256: Vec<String>,
    /// Whether that file is locked as old systems need it.
    #[serde(default)]
    pub is_legacy: bool,
    /// Whether its password is the one that everybody knows.
    #[serde(default)]
    pub has_public_password: bool,
    /// Whether the certificate's file holds its authority too.
    #[serde(default)]
    pub has_chain: bool,
}

/// What can be said of an issued certificate without reading its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Valid,
    /// Less than a third of its life is left.
    Expiring,
    /// Its time is over.
    Expired,
    /// A file of it is gone.
    Missing,
    /// Its authority was replaced by another.
    Replaced,
}

impl State {
    /// Its name in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Missing => "missing",
            Self::Replaced => "replaced",
        }
    }
}

impl Issued {
    /// How it stands at `now`, with `authority` (SHA-256 of its certificate, in hex; empty when unknown) living.
    pub fn state(&self, authority: &str, now: Timestamp) -> State {
        let (from, until, now) = (self.not_before.as_second(), self.not_after.as_second(), now.as_second());
        if self.files().any(is_gone) {
            State::Missing
        } else if now >= until {
            State::Expired
        } else if !authority.is_empty() && self.authority != authority {
            State::Replaced
        } else if (until - now) * 3 < until - from {
            State::Expiring
        } else {
            State::Valid
        }
    }

    /// Its files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.cert_file, &self.key_file, &self.p12_file];
        files.into_iter().filter_map(|file| file.as_deref())
    }

    /// Whether one of its files may be there.
    pub fn has_files(&self) -> bool {
        !self.files().all(is_gone)
    }

    /// Whether a folder of its files is gone.
    pub fn has_lost_folder(&self) -> bool {
        self.files().filter_map(Path::parent).any(is_gone)
    }

    /// Days until it expires, begun ones counted; negative when it has expired a day ago.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        days_until(self.not_after, now)
    }
}

/// Whether a file is certainly not there: one that may not be looked at may be.
fn is_gone(path: &Path) -> bool {
    !path.try_exists().unwrap_or(true)
}

/// Days from `now` until `end`, begun ones counted.
pub fn days_until(end: Timestamp, now: Timestamp) -> i64 {
    -(now.as_second() - end.as_second()).div_euclid(86_400)
}

/// The list, in the order of issue. A certificate that took another's place in a file took its place here too.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Index {
    /// Of the form of the file: 1.
    version: u32,
    /// What was issued.
    pub certificates: Vec<Issued>,
}

impl Index {
    /// The list of a folder; empty when nothing was issued.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn read(folder: &Folder) -> Result<Self> {
        let path = folder.index();
        let Some(content) = file::read(&path, folder.person())? else { return Ok(Self::default()) };
        let damaged = |why: String| {
            Error::failed(format_args!("{} is damaged: {why}", path.display()))
                .hint("move it away: certificates and keys stay as they are, only the list begins anew")
        };
        let index: Self = serde_json::from_slice(&content).map_err(|error| damaged(error.to_string()))?;
        if index.version > VERSION {
            return Err(damaged(format!("its version is {}, this program knows {VERSION}", index.version)));
        }
        Ok(index)
    }

    /// Adds certificates in the places of those whose files they take, to be committed by the caller.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn stage<'a>(&mut self, folder: &Locked<'a>, mut added: Vec<Issued>) -> Result<Staged<'a>> {
        let before: HashMap<PathBuf, String> = self
            .certificates
            .iter()
            .filter_map(|old| Some((old.p12_file.clone()?, old.p12_sha256.first()?.clone())))
            .collect();
        for new in &mut added {
            let before = new.p12_file.as_ref().and_then(|file| before.get(file));
            new.p12_sha256.extend(before.cloned());
        }
        let taken: HashSet<PathBuf> =
            added.iter().flat_map(|new| new.files().map(Path::to_path_buf)).collect();
        self.certificates.retain(|old| !old.files().any(|file| taken.contains(file)));
        self.certificates.extend(added);
        self.version = VERSION;
        let content = serde_json::to_vec(self).map_err(|error| {
            Error::failed(format_args!("the list of certificates cannot be written: {error}"))
        })?;
        Staged::under_lock(&folder.index(), &content, Access::Secret, folder.person())
    }

    /// The certificate whose file this is.
    pub fn of_file(&self, path: &Path) -> Option<&Issued> {
        self.certificates.iter().find(|issued| issued.files().any(|file| file == path))
    }
}

/// The form of the file that this program writes.
const VERSION: u32 = 1;
