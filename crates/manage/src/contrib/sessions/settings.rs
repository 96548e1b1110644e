//! `[sessions]`

use crate::conf::{Documented, Section, SettingsSection};

/// How sessions are kept in browsers.
#[derive(Debug, Clone, Documented)]
pub struct SessionSettings {
    /// Name of the cookie.
    pub cookie_name: String,
    /// Life of a session in seconds.
    pub cookie_age: i64,
    /// Send over https only; none: when the request came that way.
    pub cookie_secure: Option<bool>,
    /// `Lax`, `Strict` or `None`.
    pub cookie_samesite: &'static str,
}

impl SettingsSection for SessionSettings {
    const KEY: &'static str = "sessions";

    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self {
            cookie_name: section.string("cookie_name", "sessionid"),
            cookie_age: section.integer("cookie_age", 1_209_600, 60..=i64::from(u32::MAX)),
            cookie_secure: section.optional_boolean("cookie_secure"),
            cookie_samesite: section.choice("cookie_samesite", "Lax", &["Lax", "Strict", "None"]),
        }
    }
}
