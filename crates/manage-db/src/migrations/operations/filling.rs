//! Rows that lack a value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Way};
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::{ProjectState, no_field};
use crate::models::DefaultValue;

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
    /// How many rows are changed at once; none: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
}

impl Change for FillField {
    fn describe(&self) -> String {
        format!("Fill field {} of {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let model = state.require(app, &self.model)?;
        let field = model.field(&self.name).filter(|field| field.is_concrete());
        let field = field.ok_or_else(|| no_field(model, &self.name))?;
        let whole = format!("{}.{}", model.label(), field.name);
        if self.batch == Some(0) {
            return Err(format!("{whole}: a batch has at least one row"));
        }
        match self.value.as_ref().or(field.default.as_ref()) {
            Some(_) => Ok(()),
            None => Err(format!("{whole} has no default: say `value`")),
        }
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let model = way.to.require(way.app, &self.model)?;
        // What was filled in stays: who undoes the migration before it takes the column away.
        if way.is_back || !model.is_managed() {
            return Ok(());
        }
        let field = model.field(&self.name).ok_or_else(|| no_field(model, &self.name))?;
        let value = self.value.as_ref().or(field.default.as_ref());
        let value = value.ok_or_else(|| format!("{}.{} has no default", model.label(), field.name))?;
        schema.fill(way.to, model, field, value, self.batch.unwrap_or(BATCH))
    }
}
