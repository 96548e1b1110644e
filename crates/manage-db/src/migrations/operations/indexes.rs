//! Indexes and constraints of models.

use schemars::JsonSchema;
use serde::Deserialize;

use super::change::Change;
use crate::migrations::schema::{Problem, Schema, refused};
use crate::migrations::state::ProjectState;
use crate::models::{Constraint, Index, ModelState};

/// Makes an index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddIndex {
    /// Name of the model.
    pub model: String,
    /// The index.
    pub index: Index,
    /// Without blocking writers, where the database can; the migration must say `atomic = false`.
    #[serde(default)]
    pub concurrently: bool,
}

/// Drops an index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveIndex {
    /// Name of the model.
    pub model: String,
    /// Name of the index.
    pub name: String,
    /// Without blocking writers, where the database can; the migration must say `atomic = false`.
    #[serde(default)]
    pub concurrently: bool,
}

/// Adds a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddConstraint {
    /// Name of the model.
    pub model: String,
    /// The constraint.
    pub constraint: Constraint,
    /// For new rows only, where the database can.
    #[serde(default)]
    pub not_valid: bool,
}

/// Drops a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveConstraint {
    /// Name of the model.
    pub model: String,
    /// Name of the constraint.
    pub name: String,
}

/// Which model of which app.
type Of<'a> = (&'a str, &'a str);

fn add_index(
    schema: &mut Schema<'_>,
    state: &ProjectState,
    (app, model): Of<'_>,
    index: &Index,
    concurrently: bool,
) -> Result<(), Problem> {
    let model = state.require(app, model)?;
    if !model.is_managed() {
        return Ok(());
    }
    let (table, index) = (schema.table(state, model)?, schema.index(model, index)?);
    schema.editor().add_index(&table, &index, concurrently).map_err(refused)
}

fn drop_index(
    schema: &mut Schema<'_>,
    state: &ProjectState,
    (app, model): Of<'_>,
    name: &str,
    concurrently: bool,
) -> Result<(), Problem> {
    let model = state.require(app, model)?;
    if !model.is_managed() {
        return Ok(());
    }
    let (table, index) = (schema.table(state, model)?, schema.index(model, index_of(model, name)?)?);
    schema.editor().drop_index(&table, &index, concurrently).map_err(refused)
}

fn index_of<'m>(model: &'m ModelState, name: &str) -> Result<&'m Index, Problem> {
    let found = model.options.indexes.iter().find(|index| index.name == name);
    found.ok_or_else(|| format!("model {} has no index `{name}` at this point", model.label()))
}

fn constraint_of<'m>(model: &'m ModelState, name: &str) -> Result<&'m Constraint, Problem> {
    let found = model.options.constraints.iter().find(|constraint| constraint.name == name);
    found.ok_or_else(|| format!("model {} has no constraint `{name}` at this point", model.label()))
}

/// Writes down what a constraint's coming or going takes; `holder` is the state that has it.
fn change_constraint(
    schema: &mut Schema<'_>,
    (from, to): (&ProjectState, &ProjectState),
    (app, model): Of<'_>,
    name: &str,
    not_valid: bool,
) -> Result<(), Problem> {
    let (old, new) = (from.require(app, model)?, to.require(app, model)?);
    if !new.is_managed() {
        return Ok(());
    }
    let (before, after) = (schema.table(from, old)?, schema.table(to, new)?);
    if let Ok(constraint) = constraint_of(new, name) {
        let constraint = schema.constraint(new, constraint)?;
        return schema.editor().add_constraint(&before, &after, &constraint, not_valid).map_err(refused);
    }
    let constraint = schema.constraint(old, constraint_of(old, name)?)?;
    schema.editor().drop_constraint(&before, &after, &constraint).map_err(refused)
}

impl AddIndex {
    fn name(&self, app: &str, state: &ProjectState) -> Result<String, Problem> {
        Ok(state.require(app, &self.model)?.index_name(&self.index))
    }
}

impl Change for AddIndex {
    fn describe(&self) -> String {
        let what = if self.index.name.is_empty() { "" } else { &self.index.name };
        let what = if what.is_empty() { self.index.fields.join(", ") } else { what.to_owned() };
        format!("Create index {what} on {}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            if let Some(problem) = model.index_problem(&self.index) {
                return Err(problem);
            }
            let index = Index { name: model.index_name(&self.index), ..self.index.clone() };
            if index_of(model, &index.name).is_ok() {
                return Err(format!("model {} has an index `{}` already", model.label(), index.name));
            }
            model.options.indexes.push(index);
            Ok(())
        })
    }

    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        add_index(schema, to, (app, &self.model), &self.index, self.concurrently)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        let name = self.name(app, from)?;
        drop_index(schema, from, (app, &self.model), &name, self.concurrently)
    }
}

impl Change for RemoveIndex {
    fn describe(&self) -> String {
        format!("Remove index {} from {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            index_of(model, &self.name)?;
            model.options.indexes.retain(|index| index.name != self.name);
            Ok(())
        })
    }

    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        drop_index(schema, from, (app, &self.model), &self.name, self.concurrently)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        let index = index_of(to.require(app, &self.model)?, &self.name)?;
        add_index(schema, to, (app, &self.model), index, self.concurrently)
    }
}

impl AddConstraint {
    fn name(&self, app: &str, state: &ProjectState) -> Result<String, Problem> {
        Ok(state.require(app, &self.model)?.constraint_name(&self.constraint))
    }
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
            if let Some(problem) = model.constraint_problem(&self.constraint) {
                return Err(problem);
            }
            let name = model.constraint_name(&self.constraint);
            if constraint_of(model, &name).is_ok() {
                return Err(format!("model {} has a constraint `{name}` already", model.label()));
            }
            model.options.constraints.push(Constraint { name, ..self.constraint.clone() });
            Ok(())
        })
    }

    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        let name = self.name(app, to)?;
        change_constraint(schema, (from, to), (app, &self.model), &name, self.not_valid)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        let name = self.name(app, from)?;
        change_constraint(schema, (from, to), (app, &self.model), &name, false)
    }
}

impl Change for RemoveConstraint {
    fn describe(&self) -> String {
        format!("Remove constraint {} from model {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            constraint_of(model, &self.name)?;
            model.options.constraints.retain(|constraint| constraint.name != self.name);
            Ok(())
        })
    }

    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        change_constraint(schema, (from, to), (app, &self.model), &self.name, false)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        change_constraint(schema, (from, to), (app, &self.model), &self.name, false)
    }
}
