//! `[auth]`

use std::time::Duration;

use crate::conf::{Documented, Section, SettingsSection};

/// Passwords and signing in.
#[derive(Debug, Clone, Documented)]
pub struct AuthSettings {
    /// Shortest password.
    pub password_min_length: usize,
    /// Failed sign-ins of one account or address before it has to wait.
    pub login_attempts: u32,
    /// How long failures count.
    pub login_window: Duration,
    /// The page to sign in: an address, or the name of one (Django's `LOGIN_URL`).
    pub login_url: String,
    /// Where a sign-in leads without `next`.
    pub login_redirect_url: String,
    /// Where signing out leads.
    pub logout_redirect_url: String,
    /// Whether visitors may make accounts.
    pub signup_open: bool,
}

impl SettingsSection for AuthSettings {
    const KEY: &'static str = "auth";

    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            password_min_length: whole(section.integer("password_min_length", 8, 1..=128)),
            login_attempts: u32::try_from(section.integer("login_attempts", 5, 1..=1_000)).unwrap_or(5),
            login_window: section.duration("login_window", Duration::from_secs(300)),
            login_url: section.string("login_url", "/accounts/login/"),
            login_redirect_url: section.string("login_redirect_url", "/"),
            logout_redirect_url: section.string("logout_redirect_url", "/"),
            signup_open: section.boolean("signup_open", true),
        }
    }
}
