//! The policy files of Chromium and Chrome: one of our own holds every authority of ours.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Input;
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Kind, TrustStore, label};
use crate::{Error, Result};

/// The policy that adds authorities.
const POLICY: &str = "CACertificates";

/// One file for all our authorities: of two files that set one policy, browsers read one.
const FILE: &str = "manage-local-ca.json";

/// Where browsers look for policies, and the programs that tell whether the browser is there.
const FOLDERS: &[(&str, &[&str])] = &[
    ("/etc/chromium/policies/managed", &["chromium", "chromium-browser"]),
    ("/etc/opt/chrome/policies/managed", &["google-chrome", "google-chrome-stable", "google-chrome-beta"]),
];

struct Chromium<'a> {
    machine: &'a Machine,
    folder: PathBuf,
}

/// The policy folders of the browsers that are installed, and those that hold our file.
pub(super) fn find(machine: &Machine) -> Vec<impl TrustStore + '_> {
    let is_there = |programs: &[&str]| programs.iter().any(|program| machine.find(program).is_some());
    let stores = FOLDERS.iter().map(|(folder, programs)| {
        let store = Chromium { machine, folder: machine.path(folder) };
        (is_there(programs) || store.file().exists()).then_some(store)
    });
    stores.flatten().collect()
}

impl Chromium<'_> {
    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn write(&self, ders: &[Vec<u8>]) -> Result {
        let file = self.file();
        if ders.is_empty() {
            return self.machine.as_root(&[Step::Remove(file)]);
        }
        let encoded: Vec<String> = ders.iter().map(|der| STANDARD.encode(der)).collect();
        self.machine.as_root(&[Step::Write(file, Input::text(format!("{}\n", json!({ POLICY: encoded }))))])
    }

    /// Another file of the folder that sets the same policy: the browser would read only one of the two.
    fn rival(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let others = entries.map(|entry| entry.path()).filter(|path| *path != self.file());
        let sets_it = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains(POLICY));
        others.into_iter().find(sets_it)
    }
}

impl TrustStore for Chromium<'_> {
    fn kind(&self) -> Kind {
        Kind::Policies
    }

    fn place(&self) -> String {
        self.file().display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let file = self.file();
        if !file.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&file).map_err(|error| Error::file("read", &file, error))?;
        let policies: Value = serde_json::from_str(&text).map_err(|error| {
            Error::failed(format_args!("{} is no JSON: {error}", file.display()))
                .hint(format!("remove it as root and try again: rm {}", file.display()))
        })?;
        let encoded = policies[POLICY].as_array().into_iter().flatten().filter_map(Value::as_str);
        let ders = encoded.filter_map(|encoded| STANDARD.decode(encoded).ok());
        Ok(ders.map(|der| Entry { name: label(&der), der, is_trusted: true }).collect())
    }

    fn add(&self, anchor: &Anchor) -> Result {
        if let Some(rival) = self.rival() {
            let text =
                format!("{} sets the policy {POLICY} too, and browsers read only one", rival.display());
            let hint = format!("add this to its list: {}", STANDARD.encode(&anchor.der));
            return Err(Error::failed(text).hint(hint));
        }
        let mut ders: Vec<Vec<u8>> = self.entries()?.into_iter().map(|entry| entry.der).collect();
        ders.push(anchor.der.clone());
        self.write(&ders)
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        let mut left = self.entries()?;
        left.retain(|entry| !entries.contains(entry));
        self.write(&left.into_iter().map(|entry| entry.der).collect::<Vec<_>>())
    }
}
