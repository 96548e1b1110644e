//! The local certificate authority: it signs certificates for development, and the machine's clients trust it.
//!
//! The room knows no HTTP, no database and no project: `cert` works in any folder.

mod error;

mod person;

pub mod truststores;

pub mod export;
pub mod peer;

pub mod clients;

pub use error::{Error, ErrorKind, Result};
pub use person::{Owner, Person};
