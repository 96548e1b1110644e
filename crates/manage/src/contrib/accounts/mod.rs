//! The pages around an account: signing in and out, signing up, one's own sessions.

mod device;
mod forms;
mod models;
mod throttle;

mod middleware;

mod views;

mod urls;

use crate::management::AppConfig;
use crate::middleware::Link;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "accounts",
    requires: &["auth", "sessions"],
    models: models::register,
    files: crate::embed!("migrations/accounts/", "templates/accounts/"),
    urlpatterns: urls::urlpatterns,
    middleware: &[Link::Throttle(middleware::Throttling::make)],
    ..AppConfig::EMPTY
};
