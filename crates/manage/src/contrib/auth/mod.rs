//! People: accounts, groups, permissions and passwords.

pub mod hashers;
pub mod password_validation;
mod settings;
mod signals;

pub mod models;

mod passwords;

mod backends;
mod bulk;
mod login;
mod permissions;

mod middleware;

mod management;

pub use backends::authenticate;
pub use bulk::{NewPerson, create_many};
pub use login::{login, logout};
pub use middleware::CurrentUser;
pub use models::User;
pub use passwords::hash;
pub use permissions::{Permissions, permissions};
pub use settings::AuthSettings;
pub use signals::{UserCreated, UserLoggedIn};

use crate::conf::AppSettings;
use crate::management::AppConfig;
use crate::middleware::Link;

/// The app.
pub const APP: AppConfig = AppConfig {
    label: "auth",
    models: models::register,
    files: crate::embed!("migrations/auth/"),
    settings: Some(AppSettings::of::<AuthSettings>()),
    commands: management::COMMANDS,
    middleware: &[Link::Inner(middleware::Authentication::make)],
    ..AppConfig::EMPTY
};
