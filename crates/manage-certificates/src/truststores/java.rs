//! The store of a Java installation: one file, changed by keytool.

use std::fs;
use std::path::{Path, PathBuf};

use super::call::{Call, Input};
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Found, Kind, TrustStore};
use crate::{Result, armor};

/// Where the store lies in an installation: Java 9 and later, Java 8.
const STORES: [&str; 2] = ["lib/security/cacerts", "jre/lib/security/cacerts"];

/// Every Java has this password; it protects nothing.
const PASSWORD: &str = "changeit";

struct Java<'a> {
    machine: &'a Machine,
    keytool: PathBuf,
    file: PathBuf,
}

/// The store of `$JAVA_HOME`, else of the `java` that is on the path; nothing without Java.
pub(super) fn find(machine: &Machine) -> Option<Found<'_>> {
    let skipped =
        |place: &Path, reason: &str| Some(Found::skipped(Kind::Java, place.display().to_string(), reason));
    let named = machine.person.variable("JAVA_HOME").map(PathBuf::from);
    let home = named.clone().or_else(|| on_path(machine))?;
    if !home.is_dir() {
        return skipped(&home, "JAVA_HOME names a folder that is not there");
    }
    let Some(file) = STORES.iter().map(|store| home.join(store)).find(|file| file.exists()) else {
        let reason = if named.is_some() { "JAVA_HOME holds no lib/security/cacerts" } else { NO_STORE };
        return skipped(&home, reason);
    };
    let of_home =
        [home.join("bin/keytool"), home.join("jre/bin/keytool")].into_iter().find(|path| path.exists());
    let Some(keytool) = of_home.or_else(|| machine.find("keytool")) else {
        return skipped(&file, "keytool is not installed: it comes with every whole Java");
    };
    Some(Found::store(Java { machine, keytool, file }))
}

const NO_STORE: &str = "this Java holds no lib/security/cacerts; name one by -Djavax.net.ssl.trustStore";

fn on_path(machine: &Machine) -> Option<PathBuf> {
    let program = fs::canonicalize(machine.find("java")?).ok()?;
    Some(program.parent()?.parent()?.to_owned())
}

impl Java<'_> {
    fn call(&self, verb: &str) -> Call {
        let call = Call::new(&self.keytool).args(["-J-Duser.language=en", verb, "-keystore"]).arg(&self.file);
        call.args(["-storepass", PASSWORD])
    }

    fn change(&self, call: Call) -> Result {
        if self.machine.may_write(&self.file) {
            return self.machine.run(&call).map(drop);
        }
        self.machine.as_root(&[Step::Run(call)])
    }
}

impl TrustStore for Java<'_> {
    fn kind(&self) -> Kind {
        Kind::Java
    }

    fn place(&self) -> String {
        self.file.display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        Ok(entries(&self.machine.run(&self.call("-list").arg("-rfc"))?.stdout))
    }

    fn add(&self, anchor: &Anchor) -> Result {
        let input = Input::of(anchor);
        let call = self.call("-importcert").args(["-noprompt", "-alias", anchor.label.as_str()]);
        self.change(call.input(input))
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        entries
            .iter()
            .try_for_each(|entry| self.change(self.call("-delete").args(["-alias", entry.name.as_str()])))
    }
}

/// The aliases of keytool's list and their certificates; all of them, for hooks of the system choose other names.
fn entries(list: &str) -> Vec<Entry> {
    let blocks = list.split("Alias name: ").skip(1);
    let entries = blocks.filter_map(|block| {
        let (alias, rest) = block.split_once('\n')?;
        let der = armor::of_pem(rest.as_bytes()).into_iter().next()?;
        Some(Entry { name: alias.trim().to_owned(), der, is_trusted: true })
    });
    entries.collect()
}
