//! People: accounts, groups, permissions and passwords.

pub mod hashers;
pub mod password_validation;

pub mod models;

mod passwords;

mod backends;
mod login;
mod permissions;

mod middleware;

mod management;

pub use backends::authenticate;
pub use login::{login, logout};
pub use middleware::{Authentication, CurrentUser};
pub use models::User;
pub use passwords::hash;
pub use permissions::{Permissions, permissions};

use crate::apps::AppConfig;

/// The app.
pub const APP: AppConfig =
    AppConfig { label: "auth", models: models::register, commands: management::COMMANDS, ..AppConfig::EMPTY };
