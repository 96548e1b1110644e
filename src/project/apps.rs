//! The apps of this site.

use crate::accounts;
use crate::apps::AppConfig;
use crate::blog;
use crate::contrib::{auth, sessions};

/// Every app that is built in, in the order of Django's `INSTALLED_APPS`.
pub const INSTALLED_APPS: &[AppConfig] = &[auth::APP, sessions::APP, accounts::APP, blog::APP];
