//! How the site is put together.

use manage::Program;
use manage::contrib::{accounts, auth, sessions};

use crate::blog;

/// The site's program, `manage`.
pub fn program() -> Program {
    Program::new()
        .apps([sessions::APP, auth::APP, accounts::APP, blog::APP])
        // The groups of this site have rights on the blog: its own `accounts.0002_groups`.
        .files(manage::embed!("settings/", "migrations/accounts/"))
}
