//! Sessions in the database: what a browser's cookie stands for.

mod models;
mod session;
mod settings;

mod store;

mod checks;
mod middleware;

pub use session::Session;
pub use settings::SessionSettings;
pub use store::{Stored, delete, delete_expired, delete_others, of_user};

use crate::conf::AppSettings;
use crate::management::AppConfig;
use crate::middleware::Link;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "sessions",
    models: models::register,
    files: crate::embed!("migrations/sessions/"),
    settings: Some(AppSettings::of::<SessionSettings>()),
    checks: checks::CHECKS,
    middleware: &[Link::Outer(middleware::Keys::make), Link::Inner(middleware::Sessions::make)],
    ..AppConfig::EMPTY
};
