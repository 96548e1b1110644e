//! The throw-away profile with which Firefox is asked: it trusts what the person's own does.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file::{self, Access};
use crate::firefox_profiles::default_profile;
use crate::person::Person;

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
pub(super) fn copy_of_profile(person: &Person, folder: &Path) -> Result<PathBuf> {
    let profile = folder.join("profile");
    file::make_folder(&profile, Access::Secret, person)?;
    file::write(&profile.join("user.js"), PREFERENCES.as_bytes(), Access::Secret, person)?;
    if let Some(own) = default_profile(person) {
        for name in DATABASES {
            if let Some(content) = read(&own.join(name), person)? {
                file::write(&profile.join(name), &content, Access::Secret, person)?;
            }
        }
    }
    Ok(profile)
}

/// What a file holds, if it is there, and through sudo only if it is the person's: root must not read others to them.
///
/// `file::read` would read with root's rights where a folder is root's alone, and a `profiles.ini` may name any folder.
fn read(path: &Path, person: &Person) -> Result<Option<Vec<u8>>> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    let found = file.metadata().map_err(|error| Error::file("read", path, error))?;
    if !found.is_file() || person.owner.is_some_and(|owner| owner.uid != found.uid()) {
        return Ok(None);
    }
    file::read_all(file, path).map(Some)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::export::specimen::Folder;
    use crate::person::Owner;
    use manage_leaves::environment::Environment;

    #[test]
    fn through_sudo_only_what_is_the_persons_is_read() {
        let folder = Folder::new();
        let path = folder.write("cert9.db", "theirs");
        let mut person = Person::of(&Environment::of([])).unwrap();
        assert_eq!(read(&path, &person).unwrap(), Some(b"theirs".to_vec()));
        let uid = fs::metadata(&path).unwrap().uid();
        person.owner = Some(Owner { uid: uid + 1, gid: 0 });
        assert_eq!(read(&path, &person).unwrap(), None);
        assert_eq!(read(&folder.0, &person).unwrap(), None);
    }
}
