//! The throw-away profile with which Firefox is asked: it trusts what the person's own does.

use std::path::{Path, PathBuf};

use crate::certificates::error::Result;
use crate::certificates::file::{self, Access};
use crate::certificates::firefox_profiles::default_profile;
use crate::certificates::person::Person;

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
            // With the person's rights also through sudo: root must not read other people's files to them.
            if let Some(content) = file::read(&own.join(name), person)? {
                file::write(&profile.join(name), &content, Access::Secret, person)?;
            }
        }
    }
    Ok(profile)
}
