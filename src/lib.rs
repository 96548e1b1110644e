//! The rooms of `manage`, lowest floor first.
//!
//! A room may use only rooms declared in an earlier group of this file; the same rule holds inside every folder.
//! `tests/architecture.rs` checks it.

extern crate self as manage;

// Floor 0: leaves. They use nothing of ours.
pub mod crypto;
pub mod text;
pub mod timezone;

// Floor 1: settings, plain values.
pub mod conf;

// Floor 2: services without requests or models.
pub mod certificates;
pub mod checks;
pub mod files;

pub mod staticfiles;
pub mod template;

// Floor 3: data.
pub mod db;

// The box that everything above gets its parts from.
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
pub mod servers;

// Floor 8: the command line.
pub mod management;

// Floor 9: what an app is.
pub mod apps;

// Floor 10: apps that any site would install.
pub mod contrib;

// Floor 11: this site's own apps.
pub mod accounts;
pub mod blog;

// Floor 12: this site.
pub mod project;
