//! Settings: plain values in TOML layers, each overriding the one before.
//!
//! Built-in defaults, `settings/base.toml`, `settings/<profile>.toml`, `.env` (development only), the process's
//! environment, flags. This room knows no type of any other room but the leaves.

mod error;

mod tree;

mod section;

mod settings;

mod loader;

pub use crate::db::{DatabaseSettings, Secret};
pub use error::{ImproperlyConfigured, Origin, Problem};
pub use loader::{Loaded, Locator, Profile, find_project, load};
pub use manage_leaves::environment::Environment;
pub use section::{Entry, Section};
pub use settings::{
    AppSettings, CsrfSettings, INSECURE_SECRET_KEY, LoggingSettings, SecuritySettings, ServerSettings,
    Settings, StaticSettings,
};
