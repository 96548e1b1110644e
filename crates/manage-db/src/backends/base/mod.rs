//! What every kind of database has in common: the seam of the data layer.

mod value;

mod row;

mod connection;
mod loading;
mod message;
mod options;
mod sql;
mod tokens;
mod waiting;

mod escapes;

mod script;

mod identifiers;
mod lock;
pub(crate) mod names;
pub mod tables;

pub(crate) mod limits;

mod features;

pub mod live;

mod introspection;

pub(crate) mod definition;

pub(super) mod conversion;

pub(super) mod misfit;

pub mod changes;

pub mod schema;

pub mod trigger;

mod rules;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use connection::{BatchError, Connection, Statement};
pub use features::Features;
pub(crate) use identifiers::{mentions, with_renamed};
pub use introspection::{Introspection, Said};
pub use loading::{Deferral, Flush};
pub use lock::{Attempt, MigrationLock};
pub(super) use message::{cut_at, cut_out};
pub use options::Options;
pub use row::{FromRow, Row};
pub(crate) use rules::{Control, control};
pub use rules::{Pattern, Reading, ScriptRules};
pub use schema::SchemaEditor;
pub(crate) use script::{Piece, PieceKind, add_canonical, canonical, first_word, pieces, shown};
pub(crate) use sql::positional;
pub use sql::{DIALECT_WORDS, DIALECTS, Dialects, SqlText, dialect};
pub use tokens::{ClientLines, EscapeSetting, Syntax};
pub use value::{FromValue, ToValue, Value};
pub use waiting::{LockWait, TouchedQueries};

use crate::error::{Error, Result};

/// One configured database. Nothing is opened before [`Backend::connect`].
#[async_trait]
pub trait Backend: Send + Sync {
    /// The name under which the settings know it.
    fn alias(&self) -> &str;

    /// Where it is, for people: host and port, socket or file. Never a password.
    fn address(&self) -> String;

    /// Where it is, as far as that is known without asking. Two aliases of one location are one database; of two
    /// locations they may still be.
    fn location(&self) -> String {
        self.address()
    }

    /// What the database itself answers, the same under whatever alias, host name, socket or link it is reached, and
    /// different for a copy that follows it. Asked over a connection of its own; nothing is made.
    async fn identity(&self) -> Result<String>;

    /// Longest wait for a lock, where the settings say one.
    fn lock_timeout(&self) -> Option<Duration>;

    /// How a wait for a lock is kept as short as `limit`, or shorter where the settings say so.
    fn lock_wait(&self, _limit: Duration) -> LockWait {
        LockWait::Connection
    }

    /// A query for those on whom a session waits, whose number is bound: who each is, for people, and its last statement.
    fn blockers(&self) -> Option<&'static str> {
        None
    }

    /// Queries for what an open transaction has touched.
    fn touched(&self) -> TouchedQueries {
        TouchedQueries::default()
    }

    /// Statements that make a session as fresh as if it had just begun, without ending its transaction; none where there are
    /// no such.
    fn refresh(&self) -> Option<Vec<String>> {
        None
    }

    /// The name of its SQL in per-vendor texts, and a table of facts about it.
    fn features(&self) -> &'static Features;

    /// Opens a connection and prepares its session.
    async fn connect(&self) -> Result<Box<dyn Connection>>;

    /// Opens a connection that only looks. A file that is not there counts as an empty database and is not made.
    async fn connect_to_look(&self) -> Result<Box<dyn Connection>> {
        self.connect().await
    }

    /// Whether the database is there: its server has it, or its file exists.
    async fn has_database(&self) -> Result<bool>;

    /// Makes the database, which is not there. Tells whether it was made; another process may have been quicker.
    async fn create_database(&self) -> Result<bool>;

    /// Who else is connected to the database, for people, as far as this account may know.
    async fn others(&self) -> Result<Vec<String>>;

    /// Removes the database with all that is in it. `is_forced`: under those who are connected to it, where they could
    /// keep it otherwise.
    async fn drop_database(&self, is_forced: bool) -> Result<()>;

    /// A writer of DDL that has written nothing yet.
    fn schema_editor(&self) -> Box<dyn SchemaEditor>;

    /// What the vendor answers about the tables that exist.
    fn introspection(&self) -> &'static Introspection;

    /// How foreign keys wait while rows are loaded.
    fn deferral(&self) -> &'static Deferral;

    /// What empties `tables` and lets the counters of those of them that are in `counted` begin anew.
    fn flush(&self, tables: &[&str], counted: &[&str]) -> Flush;

    /// What lets the counter of a column go on behind the greatest number in it; none where it does so by itself.
    fn reset_sequence(&self, _table: &str, _column: &str) -> Option<String> {
        None
    }

    /// The lock that one migrating process holds, not yet taken.
    fn migration_lock(&self) -> Box<dyn MigrationLock>;

    /// What is to be known of its statements before a script of them is run.
    fn script_rules(&self) -> &'static ScriptRules;

    /// Whether every connection leads to the same data; an empty database in memory is one connection's own.
    fn is_shared(&self) -> bool {
        true
    }

    /// Whether a transaction can undo this statement, so that it may share one with its journal.
    fn can_roll_back(&self, sql: &str) -> bool;

    /// Whether the error says that what the statement wants is so already. That something is missing says so of a
    /// statement that takes it away or names it otherwise alone.
    fn is_already_done(&self, sql: &str, error: &Error) -> bool;

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
