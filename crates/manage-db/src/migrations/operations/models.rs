//! Whole models.

use manage_derive::Documented;
use schemars::JsonSchema;
use serde::Deserialize;

use super::change::{Change, Created};
use crate::migrations::schema::{Problem, Schema, refused};
use crate::migrations::state::ProjectState;
use crate::models::ModelState;

/// Makes a model's table, with the tables of its many-to-many fields.
#[derive(Debug, Clone, PartialEq, Documented)]
pub struct CreateModel {
    /// The model.
    pub model: ModelState,
}

/// Drops a model's table, with the tables of its many-to-many fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteModel {
    /// Name of the model.
    pub model: String,
}

fn create(schema: &mut Schema<'_>, state: &ProjectState, model: &ModelState) -> Result<(), Problem> {
    if !model.is_managed() {
        return Ok(());
    }
    let table = schema.table(state, model)?;
    schema.editor().create_table(&table).map_err(refused)?;
    for field in &model.fields {
        if let Some(table) = schema.relation_table(state, model, field)? {
            schema.editor().create_table(&table).map_err(refused)?;
        }
    }
    Ok(())
}

fn delete(schema: &mut Schema<'_>, state: &ProjectState, model: &ModelState) -> Result<(), Problem> {
    if !model.is_managed() {
        return Ok(());
    }
    for field in model.fields.iter().rev() {
        if let Some(table) = schema.relation_table(state, model, field)? {
            schema.editor().drop_table(&table).map_err(refused)?;
        }
    }
    let table = schema.table(state, model)?;
    schema.editor().drop_table(&table).map_err(refused)
}

impl Change for CreateModel {
    fn describe(&self) -> String {
        format!("Create model {}", self.model.name)
    }

    fn state_forwards(&self, _app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.add(self.model.clone())
    }

    fn database_forwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        create(schema, to, &self.model)
    }

    fn database_backwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        delete(schema, from, &self.model)
    }

    fn creates(&self, _app: &str, schema: &Schema<'_>, to: &ProjectState) -> Result<Created, Problem> {
        let mut created = Created::default();
        if self.model.is_managed() {
            created.tables.insert(schema.table(to, &self.model)?.name);
            for field in &self.model.fields {
                let table = schema.relation_table(to, &self.model, field)?;
                created.tables.extend(table.map(|table| table.name));
            }
        }
        Ok(created)
    }
}

impl Change for DeleteModel {
    fn describe(&self) -> String {
        format!("Delete model {}", self.model)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.remove(app, &self.model).map(drop)
    }

    fn database_forwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        delete(schema, from, from.require(app, &self.model)?)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        create(schema, to, to.require(app, &self.model)?)
    }
}
