//! What must not go into production so.

use super::SessionSettings;
use crate::checks::Message;
use crate::management::{Check, Installed};
use crate::setup::Project;

/// All of them.
pub(super) const CHECKS: &[Check] = &[Check { tag: "security", is_deploy: true, run: check }];

fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    let SessionSettings { cookie_secure, .. } = project.settings.app();
    let text = "the session's cookie may travel over http";
    let message = Message::warning("security.W012", "sessions.cookie_secure", text);
    if *cookie_secure == Some(true) { Vec::new() } else { vec![message] }
}
