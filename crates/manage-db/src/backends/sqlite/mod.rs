//! SQLite, in the binary itself.

mod error;
mod features;

mod connection;
mod introspection;
mod lock;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::OpenFlags;

use super::base::{
    Backend, Client, Connection, Features, Introspection, MigrationLock, SchemaEditor, Syntax, first_word,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

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

/// Whether there is such a file and it holds `table`. It is opened for reading alone, so that nothing is made beside it.
pub(super) fn holds_table(file: &Path, table: &str) -> bool {
    const SQL: &str = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found = rusqlite::Connection::open_with_flags(file, flags)
        .and_then(|connection| connection.prepare(SQL)?.exists([table]));
    found.unwrap_or(false)
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

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        let mut file = self.path.clone().into_os_string();
        file.push(".migrate-lock");
        let is_shared = self.path.as_os_str() != ":memory:";
        Box::new(lock::LockFile::new(&self.alias, is_shared.then(|| PathBuf::from(file))))
    }

    fn syntax(&self) -> Syntax {
        Syntax {
            backslash_escapes: false,
            dollar_quotes: false,
            hash_comments: false,
            nested_comments: false,
            compound_bodies: true,
        }
    }

    fn can_roll_back(&self, sql: &str) -> bool {
        let word = first_word(sql);
        !["PRAGMA", "VACUUM", "ATTACH", "DETACH", "BEGIN", "COMMIT", "END", "ROLLBACK"]
            .iter()
            .any(|other| word.eq_ignore_ascii_case(other))
    }

    fn is_already_done(&self, error: &Error) -> bool {
        matches!(error, Error::Statement(statement)
            if statement.message.contains("already exists") || statement.message.starts_with("duplicate column"))
    }

    fn client(&self) -> Client {
        Client { program: "sqlite3", args: vec![self.address()], env: Vec::new() }
    }
}
