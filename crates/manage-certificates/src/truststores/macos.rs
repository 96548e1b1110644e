//! The keychain of macOS.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use ring::digest;

use super::call::Call;
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Kind, TrustStore};
use crate::{Error, Result, armor};
use manage_leaves::crypto;

const KEYCHAIN: &str = "/Library/Keychains/System.keychain";

struct Keychain<'a> {
    machine: &'a Machine,
}

/// The system's keychain.
pub(super) fn find(machine: &Machine) -> impl TrustStore + '_ {
    Keychain { machine }
}

/// The digest by which keychains and Windows name a certificate.
pub(super) fn sha1(der: &[u8]) -> String {
    crypto::hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()).to_uppercase()
}

impl Keychain<'_> {
    fn security(words: &[&str]) -> Call {
        Call::new("security").args(words)
    }

    fn remove_one(&self, entry: &Entry) -> Result {
        let anchor = Anchor::new(entry.der.clone(), PathBuf::new());
        // Its own file may be gone, and the command takes nothing else.
        let file = env::temp_dir().join(format!("{}.{}.pem", anchor.label, crypto::random_string(16)));
        let written = File::create_new(&file).and_then(|mut out| out.write_all(anchor.pem().as_bytes()));
        written.map_err(|error| Error::file("write", &file, error))?;
        let removed = self.machine.as_root(&[
            Step::Run(Self::security(&["remove-trusted-cert", "-d"]).arg(&file)),
            Step::Run(Self::security(&["delete-certificate", "-Z", &sha1(&entry.der), KEYCHAIN])),
        ]);
        drop(fs::remove_file(&file));
        removed
    }
}

impl TrustStore for Keychain<'_> {
    fn kind(&self) -> Kind {
        Kind::System
    }

    fn place(&self) -> String {
        KEYCHAIN.to_owned()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let listed = self.machine.run(&Self::security(&["find-certificate", "-a", "-p", KEYCHAIN]))?;
        Ok(armor::of_pem(listed.stdout.as_bytes()).into_iter().map(Entry::without_label).collect())
    }

    fn add(&self, anchor: &Anchor) -> Result {
        let call = Self::security(&["add-trusted-cert", "-d", "-r", "trustRoot", "-k", KEYCHAIN]);
        self.machine.as_root(&[Step::Run(call.arg(&anchor.path))])
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        entries.iter().try_for_each(|entry| self.remove_one(entry))
    }
}
