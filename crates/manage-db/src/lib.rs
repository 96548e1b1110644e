//! Data: several databases of three kinds behind one object-safe seam.
//!
//! Modules are declared lowest first; a module uses only those of earlier groups.

// What is known before anything is opened: where a database is, where a project's files are.
pub mod files;
pub mod settings;

// What may go wrong, told apart where a caller has to.
pub mod error;

// The seam to each kind of database.
pub mod backends;

// Which database, which connection.
pub mod router;
mod watch;

mod connections;

mod homes;

// Statements that belong together.
mod transaction;

// What is there.
pub mod introspection;

// Tables as Rust sees them.
pub mod models;

// Tables as files describe them.
pub mod migrations;

// Rows as files.
pub mod fixtures;

pub use backends::base::{FromRow, FromValue, Row, SqlText, ToValue, Value};
pub use backends::{Stopping, stop_statements};
pub use connections::{Connections, Database, Limits};
pub use error::{Error, Result, StatementKind};
pub use files::{Files, Folder};
pub use homes::Homes;
pub use router::{DEFAULT_ALIAS, Router};
pub use settings::{DatabaseSettings, Secret};
pub use transaction::{Executor, Transaction};

/// The values of a statement's `?` marks, in order: `params![article.id, "text", None::<i64>]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __params {
    ($($value:expr),* $(,)?) => { &[$($crate::ToValue::to_value(&$value)),*] };
}
pub use __params as params;
