//! The changes that a migration is made of. Each changes the state, and writes down what that takes on a database.

// What every operation can do.
mod change;

// Parts of tables, and what models cannot say.
mod fields;
mod indexes;
mod models;
mod special;

pub use change::{Change, Created};
pub use fields::{AddField, RemoveField};
pub use indexes::{AddConstraint, AddIndex, RemoveConstraint, RemoveIndex};
pub use models::{CreateModel, DeleteModel};
pub use special::{RunRust, SqlPart, SqlSource};

use schemars::JsonSchema;

use super::schema::{Problem, Schema};
use super::state::ProjectState;
use manage_leaves::text;

/// Runs SQL.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RunSql {
    /// What to run.
    pub forwards: SqlSource,
    /// What undoes it; none: nothing can.
    pub backwards: Option<SqlSource>,
    /// What it does to the models.
    #[schemars(default)]
    pub state: Vec<Operation>,
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

/// The first words of a text, without its comments.
fn beginning(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    text::truncate(&words.join(" "), 40)
}

impl Change for RunSql {
    fn describe(&self) -> String {
        let mut texts = match &self.forwards {
            SqlSource::Same(parts) => parts.iter().collect::<Vec<_>>(),
            SqlSource::PerDialect(parts) => parts.values().flatten().collect(),
        };
        texts.retain(|part| !beginning(&part.text).is_empty());
        format!("Raw SQL operation -> {}", texts.first().map_or(String::new(), |part| beginning(&part.text)))
    }

    fn describe_for(&self, dialect: &str) -> String {
        let parts = self.forwards.parts(dialect).unwrap_or_default();
        let text = parts.first().map_or(String::new(), |part| beginning(&part.text));
        format!("Raw SQL operation -> {}", if text.is_empty() { "nothing to do here" } else { &text })
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        self.state.iter().try_for_each(|operation| operation.change().state_forwards(app, state))
    }

    /// What it runs are scripts, which the program compiles.
    fn database_forwards(
        &self,
        _app: &str,
        _schema: &mut Schema<'_>,
        _from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        Ok(())
    }

    fn database_backwards(
        &self,
        _app: &str,
        _schema: &mut Schema<'_>,
        _from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        Ok(())
    }

    fn is_reversible(&self) -> bool {
        self.backwards.is_some()
    }
}
