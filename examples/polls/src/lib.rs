//! The site `mysite`.

mod polls;

use manage::Program;
use manage::contrib::{accounts, auth, sessions};

/// The program: the apps that can be installed, and what the site brings itself.
pub fn program() -> Program {
    Program::new()
        .apps([sessions::APP, auth::APP, accounts::APP, crate::polls::APP])
        .files(manage::embed!("settings/", "templates/", "static/"))
}
