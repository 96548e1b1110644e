//! What keeps the history of another tool from being taken over.

use std::fmt;

/// Why the history of another tool is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportProblem {
    /// Nobody knows the tool or table that was named.
    Unknown {
        /// What was named.
        name: String,
        /// Tools and tables that are known.
        known: Vec<&'static str>,
    },
    /// There are tables of several tools.
    Several {
        /// The database.
        alias: String,
        /// The tables.
        tables: Vec<&'static str>,
    },
    /// The rows name no app, and it is not plain which one they are of.
    App {
        /// The database.
        alias: String,
        /// The table.
        table: &'static str,
        /// Apps that have files for some of them.
        apps: Vec<String>,
    },
    /// The tool did not finish some of them.
    Failed {
        /// The database.
        alias: String,
        /// The table.
        table: &'static str,
        /// The rows.
        rows: Vec<String>,
    },
    /// A migration would be applied before one that it depends on.
    Gap {
        /// The database.
        alias: String,
        /// The table.
        table: &'static str,
        /// The migration.
        child: String,
        /// What it depends on.
        parent: String,
    },
    /// Some have no file here.
    NoFile {
        /// The database.
        alias: String,
        /// The table.
        table: &'static str,
        /// The rows.
        rows: Vec<String>,
    },
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, .. } => write!(f, "nobody knows the history of `{name}`"),
            Self::Several { alias, tables } => {
                write!(f, "database `{alias}` has the histories of several tools: {}", tables.join(", "))
            }
            Self::App { alias, table, apps } if apps.is_empty() => {
                write!(f, "no app on database `{alias}` has a file for any row of {table}")
            }
            Self::App { alias, table, apps } => write!(
                f,
                "the rows of {table} on database `{alias}` name no app, and several have files for them: {}",
                apps.join(", ")
            ),
            Self::Failed { alias, table, rows } => {
                write!(
                    f,
                    "{table} on database `{alias}` says that this was not finished: {}",
                    rows.join(", ")
                )
            }
            Self::Gap { alias, table, child, parent } => {
                write!(f, "{table} on database `{alias}` has {child} without {parent}, which it depends on")
            }
            Self::NoFile { alias, table, rows } => {
                write!(f, "{table} on database `{alias}` has what no file here explains: {}", rows.join(", "))
            }
        }
    }
}

impl std::error::Error for ImportProblem {}
