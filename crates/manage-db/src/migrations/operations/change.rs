//! What every operation can do.

use crate::migrations::hints::Hints;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// What every operation can do. Most change the models and say no more: what becomes of the tables is the difference.
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

    /// What two states do not tell.
    fn hints(&self, _app: &str) -> Hints {
        Hints::default()
    }

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
    ) -> Result<(), Problem> {
        schema.change((from, to), &self.hints(app))
    }

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
    ) -> Result<(), Problem> {
        schema.change((from, to), &self.hints(app).reversed())
    }

    /// Whether it can be undone.
    fn is_reversible(&self) -> bool {
        true
    }
}
