//! Settings: plain values in TOML layers, each overriding the one before.
//!
//! Built-in defaults, `settings/base.toml`, `settings/<profile>.toml`, `.env` (development only), the process's
//! environment, flags. This room knows no type of any other room but the leaves.

mod duration;
mod error;
mod kind;
mod written;

// Values that are written as text.
mod address;
mod log_filter;
mod network;
mod owner;

mod entry;
mod record;
mod tree;

mod content;
mod place;

mod section;

mod databases;
mod platform;
mod settings;

mod loader;
mod schema;

pub use crate::db::{DatabaseSettings, Secret};
pub use address::Address;
pub(crate) use databases::PLAIN_SETTINGS;
pub(crate) use duration::parse as parse_duration;
pub use entry::Entry;
pub(crate) use entry::as_toml;
pub use error::{ImproperlyConfigured, Origin, Problem};
pub use loader::{Loaded, Profile, Shipped};
pub(crate) use loader::{find_project, load, profiles};
pub use log_filter::LogFilter;
pub use manage_derive::Documented;
pub use manage_leaves::environment::Environment;
pub use network::Network;
pub use owner::{FileMode, Owner};
pub(crate) use place::declared_apps;
pub use place::{Locator, Place, PlaceKind};
pub(crate) use schema::schema;
pub use section::{Docs, Section};
pub use settings::{
    AppSettings, CsrfSettings, INSECURE_SECRET_KEY, LoggingSettings, SecuritySettings, ServerSettings,
    Settings, SettingsSection, StaticSettings,
};
pub use written::Written;
