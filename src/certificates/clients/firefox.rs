//! Firefox's profiles: the person's own holds what their Firefox trusts, and a copy of that is asked.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::process;
use crate::certificates::person::Person;

/// Where `profiles.ini` may lie in a home folder, the place that wins first.
const FOLDERS: [&str; 5] = [
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
    "Library/Application Support/Firefox",
];

/// The database of certificates, and the one whose key signs the trust in it: without it no entry counts.
const DATABASES: [&str; 2] = ["cert9.db", "key4.db"];

/// No proxy, no first pages, no talk to its makers.
const PREFERENCES: &str = r#"user_pref("network.proxy.type", 0);
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"#;

/// Makes a profile in `folder` that trusts what the person's default one trusts.
pub(super) fn copy_of_profile(person: &Person, folder: &Path) -> io::Result<PathBuf> {
    let profile = folder.join("profile");
    DirBuilder::new().mode(0o700).create(&profile)?;
    process::write(&profile.join("user.js"), PREFERENCES.as_bytes(), person)?;
    if let Some(own) = default_profile(person) {
        for name in DATABASES {
            if let Some(content) = read(&own.join(name), person)? {
                process::write(&profile.join(name), &content, person)?;
            }
        }
    }
    person.adopt(&profile).map_err(io::Error::other)?;
    Ok(profile)
}

/// What a file holds, if it is there, and through sudo only if it is the person's: root must not read others to them.
fn read(path: &Path, person: &Person) -> io::Result<Option<Vec<u8>>> {
    let Ok(mut file) = File::open(path) else { return Ok(None) };
    let found = file.metadata()?;
    if !found.is_file() || person.owner.is_some_and(|owner| owner.uid != found.uid()) {
        return Ok(None);
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(Some(content))
}

/// The profile that Firefox opens for the person, once it was started for the first time.
fn default_profile(person: &Person) -> Option<PathBuf> {
    let home = person.home.clone()?;
    let xdg = person.config_folder().map(|folder| folder.join("mozilla/firefox"));
    let folders = FOLDERS.iter().map(|folder| home.join(folder));
    folders.chain(xdg).find_map(|folder| {
        let ini = fs::read_to_string(folder.join("profiles.ini")).ok()?;
        // A path in it may be absolute, which `join` takes as it is.
        Some(folder.join(default_path(&ini)?))
    })
}

/// The default's path: what an installation chose last, else the profile marked so, else the first.
fn default_path(ini: &str) -> Option<&str> {
    let (mut of_install, mut marked, mut first) = (None, None, None);
    for section in ini.split("\n[").map(|section| section.trim_start_matches('[')) {
        let value = |key: &str| {
            let pairs = section.lines().filter_map(|line| line.split_once('='));
            pairs.into_iter().find_map(|(name, value)| (name.trim() == key).then_some(value.trim()))
        };
        let path = value("Path");
        of_install = of_install.or(value("Default").filter(|_| section.starts_with("Install")));
        marked = marked.or(path.filter(|_| value("Default") == Some("1")));
        first = first.or(path);
    }
    of_install.or(marked).or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_that_an_installation_chose_wins() {
        let profiles = "[Profile1]\nName=a\nPath=a.old\n\n[Profile0]\nName=b\nPath=b.new\nDefault=1\n";
        let install = "\n[Install4F96D1932A9F858E]\nDefault=c.release\nLocked=1\n";
        assert_eq!(default_path(&format!("{profiles}{install}")), Some("c.release"));
        assert_eq!(default_path(profiles), Some("b.new"));
        assert_eq!(default_path("[General]\nVersion=2\n\n[Profile0]\nPath=/x/y\n"), Some("/x/y"));
        assert_eq!(default_path("[General]\nVersion=2\n"), None);
    }
}
