//! What every operation can do.

use std::collections::BTreeSet;

use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// What every operation can do.
pub trait Change {
    /// What it does, in a line: Django's words.
    fn describe(&self) -> String;

    /// As [`Change::describe`], where it matters which kind of database it is for.
    fn describe_for(&self, _dialect: &str) -> String {
        self.describe()
    }

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
