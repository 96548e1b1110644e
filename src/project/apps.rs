//! The apps of this site.

use crate::apps::AppConfig;

/// Every app that is built in, in the order of Django's `INSTALLED_APPS`.
pub const INSTALLED_APPS: &[AppConfig] = &[];
