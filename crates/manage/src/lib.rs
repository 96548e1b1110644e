//! The framework `manage`: Django's rooms for a site in Rust, and for the schema of a project in any language.
//!
//! A site is a [`Program`] of apps ([`AppConfig`]). The modules carry Django's names: replace `django.` by `manage::`,
//! and `django.middleware.csrf` is `middleware::csrf`.
//!
//! Modules are declared lowest first: each uses only those of earlier groups, and so inside every folder.

extern crate self as manage;

// Other crates of the house under the names of rooms.
pub use manage_certificates as certificates;
pub use manage_db as db;
pub use manage_leaves::{crypto, text, timezone};

// Floor 1: files and settings, plain values.
pub mod dispatch;
pub mod files;

pub mod conf;

// Floor 2: services without requests or models.
pub mod checks;

pub(crate) mod staticfiles;
pub mod template;

// Floor 3: the box that everything above gets its parts from.
pub mod setup;

// Floor 4: requests and answers.
pub mod http;

// Floor 5: what people type, and addresses.
pub mod forms;
pub mod urls;

// Floor 6: what views share, then what happens around them.
pub mod views;

pub mod middleware;

// Floor 7: sockets.
pub(crate) mod servers;

// Floor 8: the command line, and what an app brings.
pub mod management;

// Floor 9: apps that any site would install.
pub mod contrib;

// Floor 10: a site's program, and how it is tested.
mod program;

pub mod test;

pub use management::AppConfig;
pub use program::Program;
