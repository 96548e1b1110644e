//! Settings: plain values in TOML layers, each overriding the one before.
//!
//! Built-in defaults, `settings/base.toml`, `settings/<profile>.toml`, `.env` (development only), the process's
//! environment, flags. This room knows no type of any other room but the leaves.

mod error;

mod tree;

mod place;

mod section;

mod databases;
mod settings;

mod loader;

pub use crate::db::{DatabaseSettings, Secret};
pub use databases::PLAIN_SETTINGS;
pub use error::{ImproperlyConfigured, Origin, Problem};
pub use loader::{Loaded, Profile, Shipped, find_project, load};
pub use manage_leaves::environment::Environment;
pub use place::{Locator, Place, PlaceKind, declared_apps};
pub use section::{Entry, Section};
pub use settings::{
    AppSettings, CsrfSettings, INSECURE_SECRET_KEY, LoggingSettings, SecuritySettings, ServerSettings,
    Settings, SettingsSection, StaticSettings,
};
