//! Where Firefox keeps its profiles, each with a database of certificates, and which of them it opens.

use std::fs;
use std::path::{Path, PathBuf};

use super::person::Person;

/// Folders below home that hold a `profiles.ini`, the one that wins first.
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
    let mut found: Vec<PathBuf> = places(person).flat_map(|place| profiles_in(&place)).collect();
    found.sort();
    found.dedup();
    found
}

/// The profile that Firefox opens for the person, once it was started for the first time.
pub(super) fn default_profile(person: &Person) -> Option<PathBuf> {
    places(person).find_map(|place| Some(place.join(default_path(&ini(&place))?)))
}

/// Whether a folder holds a database of certificates, of today or of before 2018.
pub(super) fn has_database(folder: &Path) -> bool {
    ["cert9.db", "cert8.db"].iter().any(|file| folder.join(file).exists())
}

fn places(person: &Person) -> impl Iterator<Item = PathBuf> {
    let below = person.home.iter().flat_map(|home| BELOW_HOME.iter().map(|folder| home.join(folder)));
    // Firefox 147 and later.
    below.chain(person.config_folder().map(|folder| folder.join("mozilla/firefox")))
}

fn profiles_in(place: &Path) -> Vec<PathBuf> {
    let named = named(&ini(place)).into_iter().map(|path| place.join(path)).filter(|path| path.is_dir());
    let lying = [place.to_owned(), place.join("Profiles")].into_iter().flat_map(|folder| folders(&folder));
    named.chain(lying.filter(|path| has_database(path))).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn ini(place: &Path) -> String {
    fs::read_to_string(place.join("profiles.ini")).unwrap_or_default()
}

/// A section of a `profiles.ini`.
struct Section<'a> {
    name: &'a str,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> Section<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The folder of a profile. An absolute one replaces the place that it is joined to.
    fn path(&self) -> Option<&'a str> {
        self.value("Path").filter(|_| self.name.starts_with("Profile"))
    }
}

fn sections(ini: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in ini.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            sections.push(Section { name, values: Vec::new() });
        } else if let (Some(section), Some((key, value))) = (sections.last_mut(), line.split_once('=')) {
            section.values.push((key.trim(), value.trim()));
        }
    }
    sections
}

/// The path of each profile.
fn named(ini: &str) -> Vec<PathBuf> {
    sections(ini).iter().filter_map(Section::path).map(PathBuf::from).collect()
}

/// The default's path: what an installation chose last, else the profile marked so, else the first.
fn default_path(ini: &str) -> Option<&str> {
    let sections = sections(ini);
    let mut installs = sections.iter().filter(|section| section.name.starts_with("Install"));
    let mut marked = sections.iter().filter(|section| section.value("Default") == Some("1"));
    let of_install = installs.find_map(|section| section.value("Default"));
    of_install.or_else(|| marked.find_map(Section::path)).or_else(|| sections.iter().find_map(Section::path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::specimen::Folder;
    use manage_leaves::environment::Environment;

    #[test]
    fn profiles_are_named_by_relative_and_absolute_paths() {
        let ini = "[Install4F96D1932A9F858E]\nDefault=no.profile\nPath=no\n[Profile0]\nName=default\nIsRelative=1\n\
                   Path=x.default-release\n\n[Profile1]\nIsRelative=0\nPath=/srv/profile\n[General]\nVersion=2\n";
        assert_eq!(named(ini), [PathBuf::from("x.default-release"), PathBuf::from("/srv/profile")]);
        assert_eq!(Path::new("/home/ann").join(&named(ini)[1]), Path::new("/srv/profile"));
    }

    #[test]
    fn the_profile_that_an_installation_chose_wins() {
        let profiles = "[Profile1]\nName=a\nPath=a.old\n\n[Profile0]\nName=b\nPath=b.new\nDefault=1\n";
        let install = "\n[Install4F96D1932A9F858E]\nDefault=c.release\nLocked=1\n";
        assert_eq!(default_path(&format!("{profiles}{install}")), Some("c.release"));
        assert_eq!(default_path(profiles), Some("b.new"));
        assert_eq!(default_path("[General]\nVersion=2\n\n[Profile0]\nPath=/x/y\n"), Some("/x/y"));
        assert_eq!(default_path("[General]\nVersion=2\n"), None);
    }

    #[test]
    fn every_place_is_looked_at_by_both() {
        for place in ["snap/firefox/common/.config/mozilla/firefox", ".config/mozilla/firefox"] {
            let home = Folder::new();
            let profile = home.0.join(place).join("own");
            fs::create_dir_all(&profile).unwrap();
            home.write(&format!("{place}/profiles.ini"), "[Profile0]\nPath=own\n");
            let variables = [("HOME".to_owned(), home.0.display().to_string())];
            let person = Person::of(&Environment::of(variables)).unwrap();
            assert_eq!(profiles(&person), std::slice::from_ref(&profile));
            assert_eq!(default_profile(&person), Some(profile));
        }
    }
}
