//! SQLite, in the binary itself.

mod error;
mod features;
mod file;

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
    lock_timeout: Option<Duration>,
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
        let lock_timeout = settings.lock_timeout;
        let statement_timeout = settings.statement_timeout;
        Ok(Self { alias: alias.to_owned(), path, lock_timeout, statement_timeout })
    }

    fn is_in_memory(&self) -> bool {
        self.path.as_os_str() == ":memory:"
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

    fn location(&self) -> String {
        if self.is_in_memory() {
            format!("{} of {}", self.address(), self.alias)
        } else {
            file::resolved(&self.path).display().to_string()
        }
    }

    async fn identity(&self) -> Result<String> {
        // Without a file there is only its path to go by.
        Ok(file::number(&self.path).filter(|_| !self.is_in_memory()).unwrap_or_else(|| self.location()))
    }

    fn lock_timeout(&self) -> Option<Duration> {
        self.lock_timeout
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        let wait = self.lock_timeout.unwrap_or(Duration::from_secs(5));
        let opened = connection::SqliteConnection::open(&self.path, wait, self.statement_timeout);
        Ok(Box::new(opened.map_err(|error| error::connect(&self.alias, &self.path, &error))?))
    }

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        // Beside the file itself, so that whoever comes over a link finds the same lock.
        let mut file = file::resolved(&self.path).into_os_string();
        file.push(".migrate-lock");
        Box::new(lock::LockFile::new(&self.alias, (!self.is_in_memory()).then(|| PathBuf::from(file))))
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
