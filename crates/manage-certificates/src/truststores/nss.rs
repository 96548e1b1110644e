//! The databases of NSS: Chromium's, and one in every profile of Firefox.

use std::path::PathBuf;

use super::call::{Call, Input};
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Found, Kind, TrustStore};
use crate::firefox_profiles::{has_database, profiles};
use crate::{Error, Result, armor};

/// Chromium's places below home; the first wins over `$XDG_DATA_HOME/pki/nssdb` where both exist.
const CHROMIUM: &[&str] = &[
    ".pki/nssdb",
    "snap/chromium/current/.pki/nssdb",
    "snap/chromium/current/.local/share/pki/nssdb",
    ".var/app/org.chromium.Chromium/.pki/nssdb",
    ".var/app/org.chromium.Chromium/data/pki/nssdb",
    ".var/app/com.google.Chrome/.pki/nssdb",
    ".var/app/com.google.Chrome/data/pki/nssdb",
];

/// The database of everybody on the machine.
const SHARED: &str = "/etc/pki/nssdb";

/// What the package with certutil is called, by the program that installs it.
const PACKAGES: &[(&str, &str)] = &[
    ("apt", "apt install libnss3-tools"),
    ("apt-get", "apt-get install libnss3-tools"),
    ("dnf", "dnf install nss-tools"),
    ("yum", "yum install nss-tools"),
    ("zypper", "zypper install mozilla-nss-tools"),
    ("pacman", "pacman -S nss"),
    ("apk", "apk add nss-tools"),
    ("brew", "brew install nss"),
];

/// Browsers that are of no use to look for when none of their databases is there.
const BROWSERS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "firefox", "firefox-esr"];

struct Nss<'a> {
    machine: &'a Machine,
    certutil: PathBuf,
    folder: PathBuf,
    /// Whether it is the machine's, and changed by root.
    is_shared: bool,
}

/// The databases on this machine; one for Chromium is made by the first `add` when it has none.
pub(super) fn find(machine: &Machine) -> Vec<Found<'_>> {
    let mut folders = existing(machine);
    let Some(certutil) = certutil(machine) else {
        let is_wanted = !folders.is_empty() || BROWSERS.iter().any(|program| machine.find(program).is_some());
        let skipped = || Found::skipped(Kind::Nss, "Chromium and Firefox", without_certutil(machine));
        return is_wanted.then(skipped).into_iter().collect();
    };
    folders.extend(new_for_chromium(machine));
    let store = |folder| Nss { machine, certutil: certutil.clone(), folder, is_shared: false };
    let mut found: Vec<Found<'_>> = folders.into_iter().map(|folder| store(folder).found()).collect();
    let shared = machine.path(SHARED);
    if has_database(&shared) {
        found.push(Found::store(Nss { is_shared: true, ..store(shared) }));
    }
    found
}

/// The program that changes databases.
pub(super) fn certutil(machine: &Machine) -> Option<PathBuf> {
    machine.find("certutil")
}

fn without_certutil(machine: &Machine) -> String {
    let known = PACKAGES.iter().find(|(manager, _)| machine.find(manager).is_some());
    let install = known.map_or("install the tools of NSS", |(_, install)| install);
    format!("certutil is not installed: {install}")
}

fn existing(machine: &Machine) -> Vec<PathBuf> {
    let mut folders = of_chromium(machine);
    folders.retain(|folder| has_database(folder));
    folders.extend(profiles(&machine.person));
    folders
}

fn of_chromium(machine: &Machine) -> Vec<PathBuf> {
    let below = machine.person.home.iter().flat_map(|home| CHROMIUM.iter().map(|place| home.join(place)));
    below.chain(chromiums_new_place(machine)).collect()
}

/// Where Chromium 146 and later makes its database.
fn chromiums_new_place(machine: &Machine) -> Option<PathBuf> {
    machine.person.data_folder().map(|folder| folder.join("pki/nssdb"))
}

/// A database to be made, so that the first start of Chromium believes the authority: only where it has none yet.
fn new_for_chromium(machine: &Machine) -> Option<PathBuf> {
    let has_none = of_chromium(machine).iter().all(|folder| !has_database(folder));
    chromiums_new_place(machine).filter(|_| has_none && machine.system == "linux")
}

impl<'a> Nss<'a> {
    fn found(self) -> Found<'a> {
        // Fedora builds NSS without the old format; a profile that lies there since then must fail nothing.
        if self.is_old() && self.run(self.call("-L")).is_err() {
            let reason = "certutil cannot open this database of Firefox 57 or older: start the browser once, and it \
                          makes a new one";
            return Found::skipped(Kind::Nss, self.place(), reason);
        }
        Found::store(self)
    }

    fn is_old(&self) -> bool {
        !self.folder.join("cert9.db").exists() && self.folder.join("cert8.db").exists()
    }

    fn exists(&self) -> bool {
        has_database(&self.folder)
    }

    fn call(&self, verb: &str) -> Call {
        let mut database = std::ffi::OsString::from(if self.is_old() { "dbm:" } else { "sql:" });
        database.push(&self.folder);
        Call::new(&self.certutil).args([verb, "-d"]).arg(database)
    }

    fn run(&self, call: Call) -> Result<String> {
        let answer = match self.is_shared {
            true => self.machine.run(&call),
            false => self.machine.run_as_person(call),
        };
        Ok(answer.map_err(|error| self.explained(error))?.stdout)
    }

    fn change(&self, call: Call) -> Result {
        // An empty password instead of a question that nobody hears.
        let call = call.args(["-f", "/dev/null"]);
        if self.is_shared && !self.machine.may_write(&self.folder.join("cert9.db")) {
            return self.machine.as_root(&[Step::Run(call)]);
        }
        self.run(call).map(drop)
    }

    fn make(&self) -> Result {
        let folder = Call::new("mkdir").args(["-p", "-m", "700"]).arg(&self.folder);
        self.machine.run_as_person(folder)?;
        self.run(self.call("-N").arg("--empty-password")).map(drop)
    }

    fn explained(&self, error: Error) -> Error {
        let text = error.to_string();
        if ["password", "NOT_LOGGED_IN", "SEC_ERROR_BAD_PASSWORD"].iter().any(|mark| text.contains(mark)) {
            return error.hint(
                "this database has a primary password: import the CA in the browser's settings, or take the \
                 password away for a moment",
            );
        }
        error
    }
}

impl TrustStore for Nss<'_> {
    fn kind(&self) -> Kind {
        Kind::Nss
    }

    fn place(&self) -> String {
        self.folder.display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        for (name, is_trusted) in nicknames(&self.run(self.call("-L"))?) {
            let pem = self.run(self.call("-L").args(["-n", name.as_str(), "-a"]))?;
            let ders = armor::of_pem(pem.as_bytes()).into_iter();
            entries.extend(ders.map(|der| Entry { name: name.clone(), der, is_trusted }));
        }
        Ok(entries)
    }

    fn add(&self, anchor: &Anchor) -> Result {
        if !self.exists() {
            self.make()?;
        }
        let input = Input::of(anchor);
        self.change(self.call("-A").args(["-t", "C,,", "-n", anchor.label.as_str(), "-a"]).input(input))
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        entries.iter().try_for_each(|entry| self.change(self.call("-D").args(["-n", entry.name.as_str()])))
    }
}

/// The nicknames of certutil's list that may be ours, and whether servers are believed by them.
///
/// Every name may be: Firefox's policies choose their own, with trust that an older certutil does not see. Only what
/// comes with a key of the person's is theirs.
fn nicknames(list: &str) -> Vec<(String, bool)> {
    let lines = list.lines().filter_map(|line| line.trim_end().rsplit_once(' '));
    let entries = lines.filter(|(_, trust)| is_trust(trust) && !trust.contains('u'));
    entries.map(|(name, trust)| (name.trim().to_owned(), is_believed(trust))).collect()
}

fn is_trust(column: &str) -> bool {
    column.matches(',').count() == 2 && column.chars().all(|char| "pPcCTuwg,".contains(char))
}

fn is_believed(trust: &str) -> bool {
    trust.split(',').next().is_some_and(|servers| servers.contains('C'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certutils_list_is_read_with_names_that_hold_spaces() {
        let list = "\nCertificate Nickname                                         Trust Attributes\n\
                    \x20                                                            SSL,S/MIME,JAR/XPI\n\n\
                    manage-local-ca-0123456789abcdef                             C,,  \n\
                    mkcert development CA 1234                                   ,,   \n\
                    Some intermediate                                            ,,   \n\
                    A company's root                                             CT,C,C\n\
                    My own key                                                   u,u,u\n";
        let expected = [
            ("manage-local-ca-0123456789abcdef", true),
            ("mkcert development CA 1234", false),
            ("Some intermediate", false),
            ("A company's root", true),
        ];
        assert_eq!(nicknames(list), expected.map(|(name, trusted)| (name.to_owned(), trusted)));
    }
}
