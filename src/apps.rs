//! How the site is put together.

use manage::Program;
use manage::contrib::{accounts, auth, sessions};

use crate::blog;

/// The site's program, `manage`.
pub fn program() -> Program {
    Program::new()
        .apps([sessions::APP, auth::APP, accounts::APP, blog::APP])
        .files(manage::embed!("settings/"))
}
