//! What every kind of database has in common: the seam of the data layer.

mod value;

mod row;

mod connection;
mod features;
mod sql;

use std::sync::Arc;

use async_trait::async_trait;

pub use connection::{BatchError, Connection, Statement};
pub use features::Features;
pub use row::{FromRow, Row};
pub use sql::{Dialects, SqlText, build, positional};
pub use value::{FromValue, ToValue, Value};

use crate::db::error::Result;

/// One configured database. Nothing is opened before [`Backend::connect`].
#[async_trait]
pub trait Backend: Send + Sync {
    /// The name under which the settings know it.
    fn alias(&self) -> &str;

    /// Where it is, for people: host and port, socket or file. Never a password.
    fn address(&self) -> String;

    /// The name of its SQL in per-vendor texts, and a table of facts about it.
    fn features(&self) -> &'static Features;

    /// Opens a connection and prepares its session.
    async fn connect(&self) -> Result<Box<dyn Connection>>;

    /// The vendor's own client and its arguments, for `dbshell`.
    fn client(&self) -> Client;
}

/// Shared handle of a backend.
pub type BackendRef = Arc<dyn Backend>;

/// How to start a database's own command-line client. Secrets travel in the environment, never in arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Name of the program.
    pub program: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables to set for it.
    pub env: Vec<(&'static str, String)>,
}
