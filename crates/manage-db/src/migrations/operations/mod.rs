//! The changes that a migration is made of. Each changes the state, and writes down what that takes on a database.

// What an operation is about.
mod subjects;

// What every operation can do.
mod change;

// Models and their parts, and what models cannot say.
mod constraints;
mod extension;
mod fields;
mod filling;
mod indexes;
mod models;
mod options;
mod special;
mod triggers;

pub use super::sql_source::{SqlPart, SqlSource};
pub use change::{Change, Way};
pub use constraints::{AddConstraint, AlterConstraint, RemoveConstraint, ValidateConstraint};
pub use extension::CreateExtension;
pub use fields::{AddField, AlterField, RemoveField, RenameField, SwapFields};
pub use filling::FillField;
pub use indexes::{AddIndex, RemoveIndex, RenameIndex};
pub use models::{CreateModel, DeleteModel, MoveModel, RenameModel};
pub use options::{AlterModelOptions, AlterModelTable, AlterModelTableComment};
pub use special::RunRust;
pub use subjects::{Extent, List, ModelName, Subjects};
pub use triggers::{AddTrigger, RemoveTrigger, Trigger};

use schemars::JsonSchema;

use super::schema::{Problem, Schema};
use super::state::ProjectState;
use crate::models::Field;
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
    /// Whether a squash leaves it out: a new database does without.
    #[schemars(default)]
    pub elidable: bool,
}

/// Changes the database in one way and the models in another.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SeparateDatabaseAndState {
    /// What is done to the database.
    #[schemars(default)]
    pub database: Vec<Operation>,
    /// What is done to the models.
    #[schemars(default)]
    pub state: Vec<Operation>,
}

/// The kinds of operations: each is a struct with [`Change`], called in files as it is here.
macro_rules! operations {
    ($($name:ident),* $(,)?) => {
        /// One operation of a migration.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "Django's names; the structs say what each does")]
        pub enum Operation {
            $($name($name)),*
        }

        impl Operation {
            /// What it does.
            pub fn change(&self) -> &dyn Change {
                match self {
                    $(Self::$name(operation) => operation),*
                }
            }

            /// What `op` calls it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name)),*
                }
            }

            /// What stands beside `op` in a file.
            ///
            /// # Errors
            /// When it holds what TOML cannot say.
            pub(super) fn keys(&self) -> Result<toml::Table, toml::ser::Error> {
                match self {
                    $(Self::$name(operation) => toml::Table::try_from(operation)),*
                }
            }
        }
    };
}

operations! {
    CreateModel,
    DeleteModel,
    RenameModel,
    MoveModel,
    AlterModelTable,
    AlterModelTableComment,
    AlterModelOptions,
    AddField,
    RemoveField,
    AlterField,
    RenameField,
    SwapFields,
    AddIndex,
    RemoveIndex,
    RenameIndex,
    AddConstraint,
    RemoveConstraint,
    AlterConstraint,
    ValidateConstraint,
    CreateExtension,
    FillField,
    AddTrigger,
    RemoveTrigger,
    RunSql,
    RunRust,
    SeparateDatabaseAndState,
}

impl Operation {
    /// Leaves out what says no more than its absence, as models do.
    pub fn complete(&mut self, app: &str) {
        match self {
            Self::AddField(AddField { model, field, .. })
            | Self::AlterField(AlterField { model, field, .. }) => {
                field.complete(app, model);
            }
            Self::AddConstraint(AddConstraint { constraint, .. })
            | Self::AlterConstraint(AlterConstraint { constraint, .. }) => constraint.complete(),
            Self::AlterModelOptions(options) => options.managed = options.managed.filter(|managed| !managed),
            _ => {}
        }
    }

    /// Whether it is done beside those who write, which no transaction can hold.
    pub(super) fn is_concurrent(&self) -> bool {
        matches!(
            self,
            Self::AddIndex(AddIndex { concurrently: true, .. })
                | Self::RemoveIndex(RemoveIndex { concurrently: true, .. })
                | Self::AlterField(AlterField { concurrently: true, .. })
                | Self::AddConstraint(AddConstraint { concurrently: true, .. })
        )
    }

    /// The field that it brings.
    pub(super) fn field(&self) -> Option<&Field> {
        match self {
            Self::AddField(AddField { field, .. }) | Self::AlterField(AlterField { field, .. }) => {
                Some(field)
            }
            _ => None,
        }
    }
}

impl Change for SeparateDatabaseAndState {
    fn describe(&self) -> String {
        "Custom state/database change combination".to_owned()
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        self.state.iter().try_for_each(|operation| operation.change().state_forwards(app, state))
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let states = self.states(way.app, if way.is_back { way.to } else { way.from })?;
        let step = |(operation, pair): (&Operation, &[ProjectState])| {
            let (from, to) = if way.is_back { (&pair[1], &pair[0]) } else { (&pair[0], &pair[1]) };
            operation.change().database(schema, Way { from, to, ..way })
        };
        let mut steps = self.database.iter().zip(states.windows(2));
        if way.is_back { steps.rev().try_for_each(step) } else { steps.try_for_each(step) }
    }

    fn is_reversible(&self) -> bool {
        self.database.iter().all(|operation| operation.change().is_reversible())
    }
}

impl SeparateDatabaseAndState {
    /// The models as the operations on the database see them: before the first, and after each.
    fn states(&self, app: &str, before: &ProjectState) -> Result<Vec<ProjectState>, Problem> {
        let mut states = vec![before.clone()];
        for operation in &self.database {
            let mut state = states.last().cloned().unwrap_or_default();
            operation.change().state_forwards(app, &mut state)?;
            states.push(state);
        }
        Ok(states)
    }
}

/// The first words of a text, without its comments. The rest, which may be long, is not looked at.
fn beginning(sql: &str) -> String {
    const SHOWN: usize = 40;
    let lines = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).take(SHOWN + 1).collect();
    text::truncate(&words.join(" "), SHOWN)
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

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let source = if way.is_back { self.backwards.as_ref() } else { Some(&self.forwards) };
        source.map_or(Ok(()), |source| schema.run_script(source))
    }

    fn is_reversible(&self) -> bool {
        self.backwards.is_some()
    }
}
