//! What a migration runs, one thing after the other.

use super::excerpt::Excerpt;
use super::place::Place;
use super::state::ProjectState;
use crate::backends::base::schema::Step;

/// One thing that a migration runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Statements of the schema's editor.
    Step(Step),
    /// SQL that somebody wrote.
    Script(ScriptStep),
    /// Rows that lack a value get one.
    Fill(Filling),
    /// A function of an app, and the models at that point.
    Function {
        /// Its name: `app.name`.
        name: String,
        /// The models at that point.
        state: Box<ProjectState>,
    },
}

impl Action {
    /// Its statements.
    pub fn statements(&self) -> Vec<&str> {
        match self {
            Self::Step(step) => step.statements().collect(),
            Self::Script(step) => step.statements.iter().map(|statement| statement.sql.as_str()).collect(),
            Self::Fill(filling) => vec![&filling.whole],
            Self::Function { .. } => Vec::new(),
        }
    }
}

/// Rows that lack a value get one, some at a time. Names stand between quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// The table.
    pub table: String,
    /// The column by which rows are told apart.
    pub key: String,
    /// The column that gets a value.
    pub column: String,
    /// What it gets, as SQL.
    pub value: String,
    /// The rows that it is about, as SQL.
    pub condition: String,
    /// How many rows at once.
    pub batch: u32,
    /// The statement that would do all of it at once.
    pub whole: String,
}

/// Statements of a script that are done together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStep {
    /// The statements, in order.
    pub statements: Vec<ScriptStatement>,
    /// Whether the script says that they are one transaction.
    pub is_transaction: bool,
    /// Whether the session is as the vendor's own client has it.
    pub is_as_client: bool,
}

impl ScriptStep {
    /// Each statement as a step of its own.
    pub(super) fn apart(self) -> Vec<Action> {
        let step = |statement| Self { statements: vec![statement], is_transaction: false, ..self };
        self.statements.into_iter().map(|statement| Action::Script(step(statement))).collect()
    }
}

/// A statement that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStatement {
    /// Its text.
    pub sql: Excerpt,
    /// The rows that are sent behind it, as few have.
    pub rows: Option<Box<Excerpt>>,
    /// Where it begins.
    pub place: Place,
    /// Whether it sets up the session for those behind it, and does the same when it is run again later.
    pub is_setting: bool,
    /// Whether the session is as it was, for whoever comes next.
    pub is_tame: bool,
}
