//! The kinds of databases: a common seam, and for each vendor a folder with the same file names.

pub mod base;

mod mysql;
mod postgresql;
mod sqlite;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{BackendRef, ScriptRules};
pub use base::{DIALECT_WORDS, DIALECTS, dialect};
pub use sqlite::{Stopping, stop_statements};

use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// What is to be known of the statements of a dialect.
pub(crate) fn script_rules(dialect: &str) -> &'static ScriptRules {
    match dialect {
        "postgresql" => &postgresql::RULES,
        "mysql" => &mysql::RULES,
        _ => &sqlite::RULES,
    }
}

/// Makes the backend that the settings of `alias` describe. Relative file names are relative to `root`.
///
/// # Errors
/// [`Error::Configuration`] when the engine is unknown or its options make no sense.
pub fn create(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<BackendRef> {
    Ok(match engine(settings) {
        "sqlite" | "sqlite3" => Arc::new(sqlite::Sqlite::new(alias, settings, root)?),
        "postgresql" | "postgres" | "postgresql_psycopg2" => {
            Arc::new(postgresql::Postgresql::new(alias, settings, root)?)
        }
        "mysql" | "mariadb" => Arc::new(mysql::Mysql::new(alias, settings, root)?),
        other => {
            return Err(Error::Configuration {
                alias: alias.to_owned(),
                problem: format!("unknown engine `{other}`; known: sqlite, postgresql, mysql"),
            });
        }
    })
}

/// Whether the settings lead to a file that holds `table`. Nothing is made or changed; a server is not asked.
pub(crate) fn is_file_with(settings: &DatabaseSettings, root: &Path, table: &str) -> bool {
    file(settings, root).is_some_and(|file| sqlite::holds_table(&file, table))
}

/// The file that the settings lead to, be it there or not; none for a server.
pub fn file(settings: &DatabaseSettings, root: &Path) -> Option<PathBuf> {
    let is_file = matches!(engine(settings), "sqlite" | "sqlite3") && settings.name != ":memory:";
    is_file.then(|| root.join(&settings.name))
}

/// The engine's name without Django's folders.
fn engine(settings: &DatabaseSettings) -> &str {
    settings.engine.strip_prefix("django.db.backends.").unwrap_or(&settings.engine)
}
