//! SQLite, in the binary itself.

mod error;
mod features;
mod file;
mod stop;

mod connection;
mod introspection;
mod lock;
mod schema;

mod database;
mod loading;

mod rules;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::OpenFlags;

use connection::{Access, SqliteConnection};
use database::DatabaseFile;

pub(super) use rules::RULES;
pub use stop::{Stopping, stop_statements};

use super::base::{
    Backend, Client, Connection, Deferral, Features, Flush, Introspection, LockWait, MigrationLock, Options,
    SchemaEditor, ScriptRules, TouchedQueries, first_word,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A database in one file.
#[derive(Debug)]
pub(super) struct Sqlite {
    alias: String,
    path: PathBuf,
    lock_timeout: Option<Duration>,
    statement_timeout: Option<Duration>,
    access: Access,
    init_command: Option<String>,
}

impl Sqlite {
    /// A backend for the file `settings.name`, relative to `root`; `:memory:` is a database of its own for each connection.
    ///
    /// # Errors
    /// [`Error::Configuration`] for options that are not understood.
    pub(super) fn new(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<Self> {
        let options =
            Options::new(alias, settings, &["init_command", "mode", "timeout", "transaction_mode"])?;
        // Transactions that write begin so anyway.
        options.choice("transaction_mode", &[("IMMEDIATE", ())])?;
        let modes = [("ro", Access::Read), ("rw", Access::Write), ("rwc", Access::Create)];
        let path = match settings.name.as_str() {
            ":memory:" => PathBuf::from(":memory:"),
            name => root.join(name),
        };
        Ok(Self {
            alias: alias.to_owned(),
            path,
            lock_timeout: settings.lock_timeout.or(options.seconds("timeout")?),
            statement_timeout: settings.statement_timeout,
            access: options.choice("mode", &modes)?.unwrap_or(Access::Create),
            init_command: options.text("init_command").map(str::to_owned),
        })
    }

    fn open(&self, path: &Path, access: Access) -> Result<Box<dyn Connection>> {
        let wait = self.lock_timeout.unwrap_or(Duration::from_secs(5));
        let opened = SqliteConnection::open(path, access, wait, self.statement_timeout);
        let opened = opened.and_then(|connection| {
            self.init_command.iter().try_for_each(|sql| connection.initialise(sql))?;
            Ok(connection)
        });
        Ok(Box::new(opened.map_err(|error| error::connect(&self.alias, &self.path, &error))?))
    }

    /// The database by its file.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it has none.
    fn database_file(&self) -> Result<DatabaseFile<'_>> {
        match self.is_in_memory() {
            true => Err(self.wrong("it is in memory: each connection has its own, which ends with it")),
            false => {
                let path = file::resolved(&self.path);
                let lock = lock_file(&path);
                Ok(DatabaseFile { alias: &self.alias, path, lock })
            }
        }
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::Configuration { alias: self.alias.clone(), problem: problem.to_owned() }
    }

    fn is_in_memory(&self) -> bool {
        self.path.as_os_str() == ":memory:"
    }
}

/// Beside the file itself, so that whoever comes over a link finds the same lock.
fn lock_file(resolved: &Path) -> PathBuf {
    database::with_ending(resolved, ".migrate-lock")
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

    fn lock_wait(&self, limit: Duration) -> LockWait {
        let limit = self.lock_timeout.map_or(limit, |own| own.min(limit));
        LockWait::Session(format!("PRAGMA busy_timeout = {}", limit.as_millis().max(1)))
    }

    fn touched(&self) -> TouchedQueries {
        TouchedQueries { rows: Some("SELECT '', total_changes(), 0, 0"), locks: None }
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        self.open(&self.path, self.access)
    }

    async fn connect_to_look(&self) -> Result<Box<dyn Connection>> {
        let could_be_made = self.access == Access::Create
            && !self.path.exists()
            && self.path.parent().is_some_and(Path::is_dir);
        if could_be_made { self.open(Path::new(":memory:"), Access::Create) } else { self.connect().await }
    }

    async fn has_database(&self) -> Result<bool> {
        // A folder, or a file that is no database, is none.
        match self.database_file()?.path.exists() {
            true => self.connect_to_look().await.map(|_| true),
            false => Ok(false),
        }
    }

    async fn create_database(&self) -> Result<bool> {
        if self.access != Access::Create {
            return Err(self.wrong("the option `mode` says that its file is not to be made"));
        }
        self.database_file()?.make_folder()?;
        self.connect().await.map(|_| true)
    }

    async fn others(&self) -> Result<Vec<String>> {
        self.database_file()?.sessions()
    }

    async fn drop_database(&self, _is_forced: bool) -> Result<()> {
        self.database_file()?.remove()
    }

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn deferral(&self) -> &'static Deferral {
        &loading::DEFERRAL
    }

    fn flush(&self, tables: &[&str], counted: &[&str]) -> Flush {
        loading::flush(tables, counted)
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        let file = (!self.is_in_memory()).then(|| lock_file(&file::resolved(&self.path)));
        Box::new(lock::LockFile::new(&self.alias, file))
    }

    fn script_rules(&self) -> &'static ScriptRules {
        &RULES
    }

    fn is_shared(&self) -> bool {
        !self.is_in_memory()
    }

    fn can_roll_back(&self, sql: &str) -> bool {
        let word = first_word(sql);
        !["PRAGMA", "VACUUM", "ATTACH", "DETACH", "BEGIN", "COMMIT", "END", "ROLLBACK"]
            .iter()
            .any(|other| word.eq_ignore_ascii_case(other))
    }

    fn is_already_done(&self, _sql: &str, error: &Error) -> bool {
        matches!(error, Error::Statement(statement)
            if statement.message.contains("already exists") || statement.message.starts_with("duplicate column"))
    }

    fn client(&self) -> Client {
        Client { program: "sqlite3", args: vec![self.address()], env: Vec::new() }
    }
}
