//! Constraints of models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Way};
use super::subjects::{List, Subjects};
use crate::backends::base::changes::TableChange;
use crate::migrations::hints::Hints;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;
use crate::models::{Constraint, ModelState};

/// Adds a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddConstraint {
    /// Name of the model.
    pub model: String,
    /// The constraint.
    pub constraint: Constraint,
    /// For new rows only, where the database can.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_valid: bool,
    /// Without blocking writers for long, where the database can; the migration must say `atomic = false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrently: bool,
}

/// Drops a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveConstraint {
    /// Name of the model.
    pub model: String,
    /// Name of the constraint.
    pub name: String,
}

/// Makes a constraint what is said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterConstraint {
    /// Name of the model.
    pub model: String,
    /// The constraint as it is afterwards, under the name that it has.
    pub constraint: Constraint,
}

/// Holds the rows that were there before a constraint to it, where a database can leave that for later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateConstraint {
    /// Name of the model.
    pub model: String,
    /// Name of the constraint.
    pub name: String,
}

fn position(model: &ModelState, name: &str) -> Result<usize, Problem> {
    let found = model.options.constraints.iter().position(|constraint| constraint.name == name);
    found.ok_or_else(|| format!("model {} has no constraint `{name}` at this point", model.label()))
}

/// The constraint as the state keeps it.
fn kept(model: &ModelState, constraint: &Constraint) -> Result<Constraint, Problem> {
    if let Some(problem) = model.constraint_problem(constraint) {
        return Err(problem);
    }
    let mut kept = Constraint { name: model.constraint_name(constraint), ..constraint.clone() };
    kept.complete();
    Ok(kept)
}

impl Change for AddConstraint {
    fn describe(&self) -> String {
        let name = match self.constraint.name.as_str() {
            "" => "without a name",
            name => name,
        };
        format!("Create constraint {name} on model {}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            let constraint = kept(model, &self.constraint)?;
            if position(model, &constraint.name).is_ok() {
                return Err(format!(
                    "model {} has a constraint `{}` already",
                    model.label(),
                    constraint.name
                ));
            }
            model.options.constraints.push(constraint);
            Ok(())
        })
    }

    fn hints(&self, _app: &str) -> Hints {
        Hints { not_valid: self.not_valid, concurrently: self.concurrently, ..Hints::default() }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let subjects = Subjects::parts(app, &self.model).with_constraint(&self.constraint);
        Some(Subjects { adds_to: Some(List::Constraints), claims: true, ..subjects })
    }
}

impl Change for RemoveConstraint {
    fn describe(&self) -> String {
        format!("Remove constraint {} from model {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            let position = position(model, &self.name)?;
            model.options.constraints.remove(position);
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // A field that it was on can go only behind it.
        let subjects = Subjects::parts(app, &self.model).with_names([&self.name]);
        Some(Subjects { fields: None, releases: true, ..subjects })
    }
}

impl Change for AlterConstraint {
    fn describe(&self) -> String {
        format!("Alter constraint {} on {}", self.constraint.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            let position = position(model, &self.constraint.name)?;
            model.options.constraints[position] = kept(model, &self.constraint)?;
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // A field that it was on can go only behind it.
        let subjects = Subjects::parts(app, &self.model).with_constraint(&self.constraint);
        Some(Subjects { fields: None, ..subjects })
    }
}

impl Change for ValidateConstraint {
    fn describe(&self) -> String {
        format!("Validate constraint {} on model {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        position(state.require(app, &self.model)?, &self.name).map(drop)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let model = way.to.require(way.app, &self.model)?;
        if model.is_managed() && !way.is_back {
            let constraint = &model.options.constraints[position(model, &self.name)?];
            let (table, constraint) = schema.tables().names(model, constraint)?;
            schema.apply(TableChange::Validate { table, constraint });
        }
        Ok(())
    }
}
