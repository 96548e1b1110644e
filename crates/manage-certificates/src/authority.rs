//! The local authority: made once, checked before it signs, replaced when its time is over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::armor;
use super::constraints::Subtree;
use super::error::{Error, Result};
use super::facts::Facts;
use super::file::{self, Access, Staged};
use super::folder::{Folder, Locked};
use super::key::{Key, KeyType};
use super::names::Name;
use super::parameters::{LeafRequest, Profile, Subject, of_authority, of_leaf};
use super::purposes::purposes;
use super::request::PublicKey;
use super::signing::sign;
use manage_leaves::timezone;

/// A signed certificate.
#[derive(Debug)]
pub struct Leaf {
    /// The certificate as DER.
    pub certificate: Vec<u8>,
    /// What it says.
    pub facts: Facts,
    /// Its key, when it was made with it.
    pub key: Option<Key>,
    /// The certificate of its authority as DER.
    pub authority: Vec<u8>,
}

impl Leaf {
    /// The certificate as PEM, and after it its authority's.
    pub fn chain_pem(&self) -> String {
        armor::certificate(&self.certificate) + &armor::certificate(&self.authority)
    }
}

/// An authority in its folder, or on its way there.
#[derive(Debug, Clone)]
pub struct Authority {
    folder: Folder,
    /// Its key, as long as the authority is not in its folder yet.
    unsaved: Option<Arc<Key>>,
    /// Its certificate as DER.
    pub certificate: Vec<u8>,
    /// What the certificate says.
    pub facts: Facts,
}

impl Authority {
    /// The authority in the folder, if there is one. Its key is not read.
    ///
    /// # Errors
    /// When its certificate is damaged, or gone while its key is there.
    pub fn find(folder: &Folder) -> Result<Option<Self>> {
        let path = folder.certificate();
        let Some(content) = file::read(&path, folder.person()).map_err(|error| no_folder(folder, error))?
        else {
            return match folder.key().exists() {
                true => Err(without_certificate(folder)),
                false => Ok(None),
            };
        };
        let damaged = |error: Error| {
            error.hint(format!(
                "bring {} back from a copy, or move {} away and make a new authority",
                path.display(),
                folder.path().display()
            ))
        };
        let certificate = armor::first_certificate(&content, &path).map_err(damaged)?;
        let facts = Facts::of(&certificate, &path.display().to_string()).map_err(damaged)?;
        Ok(Some(Self { folder: folder.clone(), unsaved: None, certificate, facts }))
    }

    /// As [`Authority::find`], after finishing what a killed run began.
    ///
    /// # Errors
    /// As [`Authority::find`].
    pub fn open(folder: &Locked<'_>) -> Result<Option<Self>> {
        finish(folder)?;
        Self::find(folder)
    }

    /// The authority in the folder, made when there is none; tells whether it was made.
    ///
    /// # Errors
    /// As [`Authority::find`], and when the folder cannot be written.
    pub fn open_or_create(folder: &Locked<'_>, profile: &Profile) -> Result<(Self, bool)> {
        if let Some(authority) = Self::open(folder)? {
            return Ok((authority, false));
        }
        let mut authority = Self::draft(folder, profile)?;
        authority.save(folder)?;
        Ok((authority, true))
    }

    /// Makes an authority for the folder. It can sign; nothing is written before [`Authority::save`].
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn draft(folder: &Folder, profile: &Profile) -> Result<Self> {
        let key = Key::generate(KeyType::P256)?;
        let params = of_authority(folder.person(), profile, Timestamp::now());
        let certificate = params
            .self_signed(key.pair())
            .map_err(|error| Error::failed(format_args!("no authority could be made: {error}")))?;
        let certificate = certificate.der().to_vec();
        let facts = Facts::of(&certificate, "the new authority")?;
        Ok(Self { folder: folder.clone(), unsaved: Some(Arc::new(key)), certificate, facts })
    }

    /// Puts an authority that is not in its folder yet into it; the one that is there goes to the rotated ones.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&mut self, folder: &Locked<'_>) -> Result {
        let Some(key) = &self.unsaved else { return Ok(()) };
        let person = folder.person();
        let staged_key = Staged::under_lock(&folder.key(), key.to_pem().as_bytes(), Access::Secret, person)?;
        let pem = armor::certificate(&self.certificate);
        let staged = Staged::under_lock(&folder.certificate(), pem.as_bytes(), Access::Public, person)?;
        if let Some(old) = Self::find(folder)? {
            old.retire()?;
        }
        // The certificate first: with it there, `finish` knows whose key waits.
        staged.commit()?;
        // From here on the key that waits is the authority's: whatever fails, it stays for the next run.
        staged_key.commit_or_leave()?;
        self.unsaved = None;
        Ok(())
    }

    /// Takes over the authority of another folder, such as mkcert's.
    ///
    /// # Errors
    /// When the folder holds none that can sign, or there is one here already and `force` is not set.
    pub fn import(folder: &Locked<'_>, from: &Path, force: bool) -> Result<Self> {
        let source = Folder::at(from, folder.person());
        let found = Self::find(&source)?.ok_or_else(|| {
            Error::failed(format_args!("{} holds no authority: there is no rootCA.pem in it", from.display()))
                .hint("`mkcert -CAROOT` prints mkcert's folder")
        })?;
        let key = found.signer()?;
        if let Some(here) = Self::open(folder)? {
            if here.certificate == found.certificate {
                here.take_key(folder, &key)?;
                return Ok(here);
            }
            if !force {
                return Err(Error::failed(format_args!(
                    "{} holds an authority already",
                    folder.path().display()
                ))
                .hint("--force keeps it beside the new one, trusted as it is"));
            }
        }
        let mut taken = Self { folder: (*folder).clone(), unsaved: Some(key), ..found };
        taken.save(folder)?;
        Ok(taken)
    }

    /// Whether a file's content is its key.
    fn owns(&self, content: &[u8]) -> bool {
        Key::of_pem(content, &self.folder.key()).is_ok_and(|key| key.public_key() == self.facts.public_key)
    }

    /// Takes the key from a copy when this one's own is missing or damaged.
    fn take_key(&self, folder: &Locked<'_>, key: &Key) -> Result {
        match file::read(&self.folder.key(), folder.person()) {
            Ok(Some(own)) if self.owns(&own) => Ok(()),
            _ => file::write(&self.folder.key(), key.to_pem().as_bytes(), Access::Secret, folder.person()),
        }
    }

    /// Makes a new authority for this one's place, with its constraints and those of `profile`. Nothing is written before
    /// [`Authority::save`]; this one stays trusted where it is.
    ///
    /// # Errors
    /// When its constraints cannot be taken over.
    pub fn successor(&self, profile: &Profile) -> Result<Self> {
        Self::draft(&self.folder, &self.successors_profile(profile)?)
    }

    /// What an authority in this one's place may sign: what this one may, and what `profile` adds.
    fn successors_profile(&self, profile: &Profile) -> Result<Profile> {
        let mut next = profile.clone();
        let Some(constraints) = &self.facts.constraints else { return Ok(next) };
        let mut all = constraints.permitted.iter().chain(&constraints.excluded);
        if let Some(site) =
            all.find(|subtree| matches!(subtree, Subtree::Site(_))).filter(|_| !next.is_unconstrained)
        {
            return Err(Error::failed(format_args!(
                "the constraint on URIs of `{site}` cannot be taken over"
            ))
            .hint("make one without: manage cert rotate --unconstrained"));
        }
        next.permit.extend(constraints.permitted.clone());
        next.excluded.extend(constraints.excluded.clone());
        Ok(next)
    }

    /// Copies this authority into the folder of rotated ones.
    fn retire(&self) -> Result {
        let person = self.folder.person();
        let place = Folder::at(&self.folder.rotated().join(&self.facts.fingerprint[..16]), person);
        file::make_folder(place.path(), Access::Secret, person)?;
        // The certificate first: a key without one is an error wherever it lies.
        let pem = armor::certificate(&self.certificate);
        file::write(&place.certificate(), pem.as_bytes(), Access::Public, person)?;
        let Some(key) = file::read(&self.folder.key(), person)? else { return Ok(()) };
        let belongs = self.owns(&key);
        // A damaged key does not take the place of the good one that was kept when this one was here before.
        match belongs || !place.key().exists() {
            true => file::write(&place.key(), &key, Access::Secret, person),
            false => Ok(()),
        }
    }

    /// The authorities that this one replaced and that are not forgotten yet, by name of their folder. What cannot be
    /// read there is passed over: it stops nothing.
    pub fn rotated(&self) -> Vec<Self> {
        let mut places: Vec<PathBuf> = match fs::read_dir(self.folder.rotated()) {
            // What a link leads to lives elsewhere, and is not forgotten from here.
            Ok(entries) => entries
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path())
                .collect(),
            Err(_) => return Vec::new(),
        };
        places.sort();
        let found =
            places.iter().filter_map(|place| Self::find(&Folder::at(place, self.folder.person())).ok()?);
        // A rotation that was killed early, or an import of what was here before, leaves a copy of the living one.
        found.filter(|old| old.certificate != self.certificate).collect()
    }

    /// Whether it is in its folder.
    pub fn is_saved(&self) -> bool {
        self.unsaved.is_none()
    }

    /// It and those that it replaced; while it is not in its folder, the one that is there among them.
    pub(crate) fn with_rotated(&self) -> Vec<Self> {
        let here = self.unsaved.as_ref().and_then(|_| Self::find(&self.folder).ok()?);
        std::iter::once(self.clone()).chain(here).chain(self.rotated()).collect()
    }

    /// Removes a rotated authority's folder with its key, for ever.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn forget(&self) -> Result {
        let path = self.folder.path();
        // The key first: a run that is killed between leaves an authority that the next one can forget.
        let removed = self.folder.person().act_in(path, || match fs::remove_file(self.folder.key()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::remove_dir_all(path),
        });
        removed.map_err(|error| Error::file("remove", path, error))
    }

    /// Its folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether it may be trusted and sign now: an authority whose time is not over.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result {
        let path = self.folder.certificate();
        let path = path.display();
        let wrong = |why: String| Error::failed(format_args!("{path} cannot sign: {why}"));
        if !self.facts.may_sign() {
            return Err(wrong("it is no certificate of an authority".to_owned()));
        }
        let now = Timestamp::now();
        if now > self.facts.not_after {
            return Err(wrong(format!("it expired on {}", timezone::long_date(self.facts.not_after)))
                .hint("make a new one: manage cert rotate"));
        }
        if now < self.facts.not_before {
            return Err(wrong(format!("it begins on {}", timezone::long_date(self.facts.not_before)))
                .hint("is the clock of this machine right?"));
        }
        Ok(())
    }

    /// Its key, when everything about it is right.
    ///
    /// # Errors
    /// When the authority may not sign, or its key is missing, damaged, or another certificate's.
    pub fn signer(&self) -> Result<Arc<Key>> {
        self.check()?;
        if let Some(key) = &self.unsaved {
            return Ok(Arc::clone(key));
        }
        let path = self.folder.key();
        let content = file::read(&path, self.folder.person())?.ok_or_else(|| {
            Error::failed(format_args!(
                "the key of the local authority is missing: there is no {}",
                path.display()
            ))
            .hint("bring it back from a copy; it can still be installed and uninstalled without")
        })?;
        let key = Key::of_pem(&content, &path)?;
        if key.public_key() != self.facts.public_key {
            return Err(Error::failed(format_args!(
                "{} is not the key of {}",
                path.display(),
                self.folder.certificate().display()
            ))
            .hint("bring back the one that belongs to the certificate, or make a new authority: manage cert rotate"));
        }
        Ok(Arc::new(key))
    }

    /// Signs a leaf. Nothing is written.
    ///
    /// # Errors
    /// When the authority may not sign at all, or not for one of the names.
    pub fn issue(&self, request: &LeafRequest) -> Result<Leaf> {
        let signer = self.signer()?;
        self.check_names(&request.names)?;
        self.check_purposes(request)?;
        let (key, public) = match &request.subject {
            Subject::New(kind) => {
                let key = Key::generate(*kind)?;
                let public = PublicKey::of_der(&key.public_key())?;
                (Some(key), public)
            }
            Subject::Public(public) => (None, public.clone()),
        };
        let params = of_leaf(request, public.is_rsa(), &self.facts, Timestamp::now())?;
        let certificate = sign(&params, &public, (&self.certificate, &self.facts), &signer)?;
        let facts = Facts::of(&certificate, "the new certificate")?;
        Ok(Leaf { certificate, facts, key, authority: self.certificate.clone() })
    }

    /// Whether it may sign what the certificate is for. Clients take an authority's purposes as a limit (CA/Browser Forum
    /// Baseline Requirements 7.1.2.4).
    fn check_purposes(&self, request: &LeafRequest) -> Result {
        let may = &self.facts.extended_key_usage;
        if may.is_empty() || may.iter().any(|purpose| purpose == "anyExtendedKeyUsage") {
            return Ok(());
        }
        let wanted = purposes(&request.names, request.is_client).into_iter().map(|(name, _)| name);
        let refused: Vec<&str> = wanted.filter(|name| !may.iter().any(|purpose| purpose == name)).collect();
        if refused.is_empty() {
            return Ok(());
        }
        Err(Error::failed(format_args!(
            "the local authority may not sign for {}: it is limited to {}",
            refused.join(", "),
            may.join(", ")
        ))
        .hint("make one that may: manage cert rotate"))
    }

    /// Whether it may sign for all of the names.
    ///
    /// # Errors
    /// The names for which it may not.
    pub fn check_names(&self, names: &[Name]) -> Result {
        self.facts
            .constraints
            .as_ref()
            .map_or(Ok(()), |constraints| constraints.check(names, "make one that may: manage cert rotate"))
    }
}

/// Makes good what a killed run left.
fn finish(folder: &Locked<'_>) -> Result {
    finish_key(folder)?;
    file::clear_waiting(&folder.waiting(), &folder.reader());
    for own in [folder.certificate(), folder.index(), folder.waiting()] {
        // What was written and not put into its place is of no use: a folder that is read-only has none of it.
        folder.person().act_in(folder.path(), || drop(fs::remove_file(file::beside(&own))));
    }
    Ok(())
}

/// Puts the key of a killed run into its place: the certificate that it belongs to is there already.
fn finish_key(folder: &Locked<'_>) -> Result {
    let waiting = file::beside(&folder.key());
    let Some(content) = file::read(&waiting, folder.person())? else { return Ok(()) };
    let belongs = || {
        let key = Key::of_pem(&content, &waiting).ok()?;
        let certificate = file::read(&folder.certificate(), folder.person()).ok()??;
        let der = armor::first_certificate(&certificate, &folder.certificate()).ok()?;
        Some(Facts::of(&der, "").ok()?.public_key == key.public_key())
    };
    let done = folder.person().act_in(folder.path(), || match belongs() {
        Some(true) => fs::rename(&waiting, folder.key()),
        _ => fs::remove_file(&waiting),
    });
    done.map_err(|error| Error::file("finish", &waiting, error))
}

fn no_folder(folder: &Folder, error: Error) -> Error {
    match folder.path().exists() && !folder.path().is_dir() {
        true => Error::failed(format_args!("{} is not a folder", folder.path().display())),
        false => error,
    }
}

fn without_certificate(folder: &Folder) -> Error {
    let (key, certificate) = (folder.key(), folder.certificate());
    Error::failed(format_args!(
        "{} is missing, but its key {} is there",
        certificate.display(),
        key.display()
    ))
    .hint(format!(
        "bring the certificate back from a copy or a trust store; or move {} away and make a new authority",
        key.display()
    ))
}
