//! The changes that a migration is made of. Each changes the state, and writes down what that takes on a database.

// Parts of tables.
mod fields;
mod indexes;
mod models;

// What models cannot say.
mod special;

use std::collections::BTreeSet;

pub use fields::{AddField, RemoveField};
pub use indexes::{AddConstraint, AddIndex, RemoveConstraint, RemoveIndex};
pub use models::{CreateModel, DeleteModel};
pub use special::{NOOP, RunRust, RunSql, SqlSource};

use super::schema::{Problem, Schema};
use super::state::ProjectState;

/// What every operation can do.
pub trait Change {
    /// What it does, in a line: Django's words.
    fn describe(&self) -> String;

    /// Changes the state.
    ///
    /// # Errors
    /// Why it cannot be done to this state.
    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem>;

    /// Writes down how a database gets from the state `from` to the state `to`.
    ///
    /// # Errors
    /// What makes no sense, or what this kind of database cannot do.
    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem>;

    /// Writes down how a database gets back from the state `from` to the state `to` before the operation.
    ///
    /// # Errors
    /// As [`Change::database_forwards`].
    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem>;

    /// Whether it can be undone.
    fn is_reversible(&self) -> bool {
        true
    }

    /// The tables and columns that it makes, for `--fake-initial`.
    ///
    /// # Errors
    /// As [`Change::database_forwards`].
    fn creates(&self, _app: &str, _schema: &Schema<'_>, _to: &ProjectState) -> Result<Created, Problem> {
        Ok(Created::default())
    }
}

/// Tables and columns that an operation makes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// Names of tables.
    pub tables: BTreeSet<String>,
    /// Names of columns with those of their tables.
    pub columns: BTreeSet<(String, String)>,
}

/// One operation of a migration.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "Django's names; the structs say what each does")]
pub enum Operation {
    CreateModel(CreateModel),
    DeleteModel(DeleteModel),
    AddField(AddField),
    RemoveField(RemoveField),
    AddIndex(AddIndex),
    RemoveIndex(RemoveIndex),
    AddConstraint(AddConstraint),
    RemoveConstraint(RemoveConstraint),
    RunSql(RunSql),
    RunRust(RunRust),
}

impl Operation {
    /// The words that files use, in the order of the manual.
    pub const NAMES: [&'static str; 10] = [
        "CreateModel",
        "DeleteModel",
        "AddField",
        "RemoveField",
        "AddIndex",
        "RemoveIndex",
        "AddConstraint",
        "RemoveConstraint",
        "RunSql",
        "RunRust",
    ];

    /// What it does.
    pub fn change(&self) -> &dyn Change {
        match self {
            Self::CreateModel(operation) => operation,
            Self::DeleteModel(operation) => operation,
            Self::AddField(operation) => operation,
            Self::RemoveField(operation) => operation,
            Self::AddIndex(operation) => operation,
            Self::RemoveIndex(operation) => operation,
            Self::AddConstraint(operation) => operation,
            Self::RemoveConstraint(operation) => operation,
            Self::RunSql(operation) => operation,
            Self::RunRust(operation) => operation,
        }
    }
}
