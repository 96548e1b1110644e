//! SQLite, in the binary itself.

mod error;
mod features;

mod connection;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::base::{Backend, Client, Connection, Features};
use crate::conf::DatabaseSettings;
use crate::db::error::Result;

/// A database in one file.
#[derive(Debug)]
pub struct Sqlite {
    alias: String,
    path: PathBuf,
    busy_timeout: Duration,
    statement_timeout: Option<Duration>,
}

impl Sqlite {
    /// A backend for the file `settings.name`, relative to `root`; `:memory:` is a database of its own for each connection.
    ///
    /// # Errors
    /// None at present; the signature is that of every vendor.
    pub fn new(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<Self> {
        let path = match settings.name.as_str() {
            ":memory:" => PathBuf::from(":memory:"),
            name => root.join(name),
        };
        let busy_timeout = Duration::from_secs_f64(settings.lock_timeout.unwrap_or(5.0));
        let statement_timeout = settings.statement_timeout.map(Duration::from_secs_f64);
        Ok(Self { alias: alias.to_owned(), path, busy_timeout, statement_timeout })
    }
}

#[async_trait]
impl Backend for Sqlite {
    fn alias(&self) -> &str {
        &self.alias
    }

    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        let opened =
            connection::SqliteConnection::open(&self.path, self.busy_timeout, self.statement_timeout);
        Ok(Box::new(opened.map_err(|error| error::connect(&self.alias, &self.path, &error))?))
    }

    fn client(&self) -> Client {
        Client { program: "sqlite3", args: vec![self.address()], env: Vec::new() }
    }
}
