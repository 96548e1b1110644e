//! Where Firefox keeps its profiles, each with a database of certificates.

use std::fs;
use std::path::{Path, PathBuf};

use crate::certificates::Person;

/// Folders below home that hold a `profiles.ini`.
const BELOW_HOME: &[&str] = &[
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    "snap/firefox/common/.config/mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
    "Library/Application Support/Firefox",
];

/// Every profile folder of a person: those that `profiles.ini` names, and those that lie there with a database.
pub(super) fn profiles(person: &Person) -> Vec<PathBuf> {
    let below = person.home.iter().flat_map(|home| BELOW_HOME.iter().map(|folder| home.join(folder)));
    // Firefox 147 and later.
    let config = person.config_folder().map(|folder| folder.join("mozilla/firefox"));
    let mut found: Vec<PathBuf> = below.chain(config).flat_map(|folder| profiles_in(&folder)).collect();
    found.sort();
    found.dedup();
    found
}

fn profiles_in(folder: &Path) -> Vec<PathBuf> {
    let ini = fs::read_to_string(folder.join("profiles.ini")).unwrap_or_default();
    let named = named(&ini).into_iter().map(|path| folder.join(path)).filter(|path| path.is_dir());
    let lying = [folder.to_owned(), folder.join("Profiles")].into_iter().flat_map(|folder| folders(&folder));
    named.chain(lying.filter(|path| has_database(path))).collect()
}

/// Whether a folder holds a database of certificates, of today or of before 2018.
pub(super) fn has_database(folder: &Path) -> bool {
    ["cert9.db", "cert8.db"].iter().any(|file| folder.join(file).exists())
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The `Path` of each profile of a `profiles.ini`; an absolute one replaces the folder that it is joined to.
fn named(ini: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut in_profile = false;
    for line in ini.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            in_profile = section.starts_with("Profile");
        } else if let Some(path) = line.strip_prefix("Path=").filter(|_| in_profile) {
            paths.push(PathBuf::from(path));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_named_by_relative_and_absolute_paths() {
        let ini = "[Install4F96D1932A9F858E]\nDefault=no.profile\nPath=no\n[Profile0]\nName=default\nIsRelative=1\n\
                   Path=x.default-release\n\n[Profile1]\nIsRelative=0\nPath=/srv/profile\n[General]\nVersion=2\n";
        assert_eq!(named(ini), [PathBuf::from("x.default-release"), PathBuf::from("/srv/profile")]);
        assert_eq!(Path::new("/home/ann").join(&named(ini)[1]), Path::new("/srv/profile"));
    }
}
