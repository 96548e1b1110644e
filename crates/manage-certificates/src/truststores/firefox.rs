//! The policy file of Firefox, which others may have written before: only our lines are added and taken out.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::call::Input;
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Kind, TrustStore, label};
use crate::{Error, Result, armor};

const FOLDER: &str = "/etc/firefox/policies";
const PROGRAMS: &[&str] = &["firefox", "firefox-esr"];

/// The way to the list of files, from the outside inwards.
const LIST: [&str; 3] = ["policies", "Certificates", "Install"];

struct Firefox<'a> {
    machine: &'a Machine,
}

/// The policy file, if Firefox is installed or the file is there.
pub(super) fn find(machine: &Machine) -> Option<impl TrustStore + '_> {
    let store = Firefox { machine };
    let is_there = PROGRAMS.iter().any(|program| machine.find(program).is_some());
    (is_there || store.file().exists()).then_some(store)
}

impl Firefox<'_> {
    fn file(&self) -> PathBuf {
        self.machine.path(FOLDER).join("policies.json")
    }

    fn copy(&self, label: &str) -> PathBuf {
        self.machine.path(FOLDER).join(format!("{label}.pem"))
    }

    fn policies(&self) -> Result<Value> {
        let file = self.file();
        if !file.exists() {
            return Ok(Value::Object(Map::new()));
        }
        let text = fs::read_to_string(&file).map_err(|error| Error::file("read", &file, error))?;
        serde_json::from_str(&text).map_err(|error| {
            Error::failed(format_args!("{} is no JSON, and stays as it is: {error}", file.display()))
                .hint("mend it, or remove it, and try again")
        })
    }

    fn write(&self, policies: &Value) -> Step {
        let file = self.file();
        if policies.as_object().is_some_and(Map::is_empty) {
            return Step::Remove(file);
        }
        Step::Write(file, Input::text(format!("{policies:#}\n")))
    }

    fn odd(&self) -> Error {
        let shape = LIST.join(".");
        let file = self.file();
        Error::failed(format_args!("{} stays as it is: `{shape}` is not a list in it", file.display()))
            .hint("mend it, or remove it, and try again")
    }
}

impl TrustStore for Firefox<'_> {
    fn kind(&self) -> Kind {
        Kind::Policies
    }

    fn place(&self) -> String {
        self.file().display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let policies = self.policies()?;
        let files = policies.pointer("/policies/Certificates/Install").and_then(Value::as_array);
        let files = files.into_iter().flatten().filter_map(Value::as_str);
        // A file that is gone, or a name that Firefox looks for in folders of its own, is nobody's of ours.
        let read = files.filter_map(|file| Some((file, fs::read(file).ok()?)));
        let entries = read.flat_map(|(file, text)| {
            let ders = armor::of_pem(&text).into_iter();
            ders.map(move |der| Entry { name: file.to_owned(), der, is_trusted: true })
        });
        Ok(entries.collect())
    }

    fn add(&self, anchor: &Anchor) -> Result {
        let mut policies = self.policies()?;
        // A copy: the authority's own folder is closed to other people, and Firefox runs as any of them.
        let copy = self.copy(&anchor.label);
        let list = list(&mut policies).ok_or_else(|| self.odd())?;
        let line = Value::from(copy.to_string_lossy());
        if !list.contains(&line) {
            list.push(line);
        }
        let content = Input::of(anchor);
        self.machine.as_root(&[Step::Write(copy, content), self.write(&policies)])
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        let mut policies = self.policies()?;
        let list = list(&mut policies).ok_or_else(|| self.odd())?;
        list.retain(|line| entries.iter().all(|entry| line.as_str() != Some(&entry.name)));
        prune(&mut policies, &LIST);
        let mut steps = vec![self.write(&policies)];
        // Files that others list stay.
        let copies = entries.iter().map(|entry| (entry, self.copy(&label(&entry.der))));
        let ours = copies.filter(|(entry, copy)| Path::new(&entry.name) == copy);
        steps.extend(ours.map(|(_, copy)| Step::Remove(copy)));
        self.machine.as_root(&steps)
    }
}

/// The list of files, made where it is missing; nothing when something else stands in its place.
fn list(policies: &mut Value) -> Option<&mut Vec<Value>> {
    let mut inner = policies;
    for key in LIST {
        let empty = if key == "Install" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        inner = inner.as_object_mut()?.entry(key).or_insert(empty);
    }
    inner.as_array_mut()
}

/// Takes out what is empty along a path.
fn prune(value: &mut Value, path: &[&str]) {
    let (Some(object), Some((key, rest))) = (value.as_object_mut(), path.split_first()) else { return };
    if let Some(inner) = object.get_mut(*key) {
        prune(inner, rest);
        let is_empty =
            inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(Vec::is_empty);
        if is_empty {
            object.remove(*key);
        }
    }
}
