//! Settings: plain values in TOML layers, each overriding the one before.
//!
//! Built-in defaults, `settings/base.toml`, `settings/<profile>.toml`, `.env` (development only), the process's
//! environment, flags. This room knows no type of any other room but the leaves.

mod error;

mod environment;
mod tree;

mod section;

mod settings;

mod loader;

pub use environment::Environment;
pub use error::{ImproperlyConfigured, Origin, Problem};
pub use loader::{Loaded, Locator, Profile, find_project, load, profiles};
pub use section::{Entry, Section};
pub use settings::{
    AppSettings, AuthSettings, CsrfSettings, DatabaseSettings, INSECURE_SECRET_KEY, LoggingSettings, Secret,
    SecuritySettings, ServerSettings, SessionSettings, Settings, StaticSettings,
};
