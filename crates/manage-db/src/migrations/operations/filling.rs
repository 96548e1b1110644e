//! Rows that lack a value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Way};
use super::subjects::Subjects;
use crate::migrations::schema::{Problem, Rows, Schema, Source};
use crate::migrations::state::{ProjectState, no_field};
use crate::models::{DefaultValue, Field, ModelState};

/// Rows that are changed at once, where nobody says how many.
const BATCH: u32 = 1000;

/// Gives the rows that have NULL in a field a value, some at a time, so that nobody waits for long.
///
/// In a migration with `atomic = false` each batch is a transaction of its own, and a run that was stopped goes on where it
/// came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FillField {
    /// Name of the model.
    pub model: String,
    /// Name of the field.
    pub name: String,
    /// What rows get; none: the field's default. An expression may name other columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<DefaultValue>,
    /// The field whose value rows get instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// It is done when the migration is undone, and then to every row; nothing is done on the way there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backwards: bool,
    /// How many rows are changed at once; none: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
}

impl Change for FillField {
    fn describe(&self) -> String {
        let back = if self.backwards { " on the way back" } else { "" };
        format!("Fill field {} of {}{back}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let model = state.require(app, &self.model)?;
        let field = model.field(&self.name).filter(|field| field.is_concrete());
        let field = field.ok_or_else(|| no_field(model, &self.name))?;
        if self.batch == Some(0) {
            return Err(format!("{}.{}: a batch has at least one row", model.label(), field.name));
        }
        self.source(model, field).map(drop)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let model = way.to.require(way.app, &self.model)?;
        // What was filled in stays: who undoes the migration before it takes the column away.
        if way.is_back != self.backwards || !model.is_managed() {
            return Ok(());
        }
        let field = model.field(&self.name).ok_or_else(|| no_field(model, &self.name))?;
        let source = self.source(model, field)?;
        let rows = if self.backwards { Rows::All } else { Rows::Missing };
        schema.fill((way.to, model), field, &source, (rows, self.batch.unwrap_or(BATCH)))
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // An expression may name any of them.
        let is_expression = matches!(self.value, Some(DefaultValue::Sql { .. }));
        let names = [&self.name].into_iter().chain(&self.from);
        let subjects = Subjects::parts(app, &self.model).with_fields(names);
        (!is_expression && (self.value.is_some() || self.from.is_some())).then_some(subjects)
    }
}

impl FillField {
    /// What rows get.
    fn source<'a>(&'a self, model: &'a ModelState, field: &'a Field) -> Result<Source<'a>, Problem> {
        let whole = || format!("{}.{}", model.label(), field.name);
        match (&self.from, &self.value, &field.default) {
            (Some(_), Some(_), _) => Err(format!("{}: say one of `value` and `from`", whole())),
            (Some(name), None, _) if *name == field.name => {
                Err(format!("{} cannot be filled from itself", whole()))
            }
            (Some(name), None, _) => {
                let other = model.field(name).filter(|field| field.is_concrete());
                other.map(Source::From).ok_or_else(|| no_field(model, name))
            }
            (None, Some(value), _) | (None, None, Some(value)) => Ok(Source::Value(value)),
            (None, None, None) => Err(format!("{} has no default: say `value` or `from`", whole())),
        }
    }
}
