//! Sessions in the database: what a browser's cookie stands for.

mod models;
mod session;

mod store;

mod middleware;

pub use middleware::Sessions;
pub use session::Session;
pub use store::{Stored, delete, delete_expired, delete_others, of_user};

use crate::apps::AppConfig;

/// The app.
pub const APP: AppConfig = AppConfig { label: "sessions", models: models::register, ..AppConfig::EMPTY };
