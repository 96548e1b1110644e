//! Triggers that keep fields in step, while programs of before and after a change write the same rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Way};
use super::subjects::Subjects;
use crate::migrations::schema::{Problem, Schema, Source};
use crate::migrations::state::{ProjectState, no_field};
use crate::models::{DefaultValue, Field, ModelState};

/// What sets a field whenever a row is written. It says one of `with`, `from` and `value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Name of the field that is set.
    pub field: String,
    /// The field that it goes with: whoever writes one of them writes both. A row that is put in without a value for `field`
    /// has the other's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The field that it follows, whatever is written to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is where NULL is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<DefaultValue>,
}

/// Lets the database keep a field in step from here on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTrigger {
    /// Name of the model.
    pub model: String,
    /// What sets which field.
    pub trigger: Trigger,
}

/// Lets the database no longer keep a field in step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveTrigger {
    /// Name of the model.
    pub model: String,
    /// What set which field: as where it was added, so that this can be undone.
    pub trigger: Trigger,
}

impl Trigger {
    /// The field of `model` that it sets, and to what.
    ///
    /// # Errors
    /// What is not there, or said twice.
    pub(crate) fn read<'a>(&'a self, model: &'a ModelState) -> Result<(&'a Field, Source<'a>), Problem> {
        let column = |name: &str| {
            let field = model.field(name).filter(|field| field.is_concrete() && field.expression.is_none());
            field.ok_or_else(|| no_field(model, name))
        };
        let source = match (&self.with, &self.from, &self.value) {
            (Some(name), None, None) => Source::With(column(name)?),
            (None, Some(name), None) => Source::From(column(name)?),
            (None, None, Some(value)) => Source::Value(value),
            _ => return Err("a trigger says one of `with`, `from` and `value`".to_owned()),
        };
        let field = column(&self.field)?;
        match source {
            Source::With(other) | Source::From(other) if other.name == field.name => {
                Err(format!("{}.{} cannot be kept in step with itself", model.label(), field.name))
            }
            _ => Ok((field, source)),
        }
    }

    fn subjects(&self, app: &str, model: &str) -> Subjects {
        let names = [Some(&self.field), self.with.as_ref(), self.from.as_ref()];
        Subjects::parts(app, model).with_fields(names.into_iter().flatten())
    }

    fn check(&self, app: &str, model: &str, state: &ProjectState) -> Result<(), Problem> {
        self.read(state.require(app, model)?).map(drop)
    }

    fn write(
        &self,
        model: &str,
        schema: &mut Schema<'_>,
        way: Way<'_>,
        is_wanted: bool,
    ) -> Result<(), Problem> {
        let model = way.to.require(way.app, model)?;
        if !model.is_managed() {
            return Ok(());
        }
        let (field, source) = self.read(model)?;
        schema.trigger((way.to, model), field, &source, is_wanted)
    }
}

impl Change for AddTrigger {
    fn describe(&self) -> String {
        format!("Keep field {} of {} in step", self.trigger.field, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        self.trigger.check(app, &self.model, state)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        self.trigger.write(&self.model, schema, way, !way.is_back)
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(self.trigger.subjects(app, &self.model))
    }
}

impl Change for RemoveTrigger {
    fn describe(&self) -> String {
        format!("Keep field {} of {} in step no longer", self.trigger.field, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        self.trigger.check(app, &self.model, state)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        self.trigger.write(&self.model, schema, way, way.is_back)
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(self.trigger.subjects(app, &self.model))
    }
}
