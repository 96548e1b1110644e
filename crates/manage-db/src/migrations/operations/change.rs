//! What every operation can do.

use super::subjects::Subjects;
use crate::migrations::hints::Hints;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// A way from one state to the next, or back.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// Label of the migration's app.
    pub app: &'a str,
    /// The state in which it begins.
    pub from: &'a ProjectState,
    /// The state in which it ends.
    pub to: &'a ProjectState,
    /// Whether it undoes the operation.
    pub is_back: bool,
}

/// What every operation can do. Most change the models and say no more: what becomes of the tables is the difference.
pub trait Change {
    /// What it does, in a line: Django's words.
    fn describe(&self) -> String;

    /// As [`Change::describe`], where it matters which kind of database it is for.
    fn describe_for(&self, _dialect: &str) -> String {
        self.describe()
    }

    /// Changes the state, where it is about models.
    ///
    /// # Errors
    /// Why it cannot be done to this state.
    fn state_forwards(&self, _app: &str, _state: &mut ProjectState) -> Result<(), Problem> {
        Ok(())
    }

    /// What it is about; none: more than can be said, so that nothing changes places with it.
    fn subjects(&self, _app: &str) -> Option<Subjects> {
        None
    }

    /// What two states do not tell.
    fn hints(&self, _app: &str) -> Hints {
        Hints::default()
    }

    /// Writes down what a database does for it, on the way there or back.
    ///
    /// # Errors
    /// What makes no sense, or what this kind of database cannot do.
    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let hints = self.hints(way.app);
        schema.change((way.from, way.to), &if way.is_back { hints.reversed() } else { hints })
    }

    /// Whether it can be undone.
    fn is_reversible(&self) -> bool {
        true
    }
}
