//! Fields of models.

use schemars::JsonSchema;
use serde::Deserialize;

use super::change::{Change, Created};
use crate::migrations::schema::{Problem, Schema, refused};
use crate::migrations::state::ProjectState;
use crate::models::{Field, ModelState};

/// Adds a column to a model's table, or the table of a many-to-many field.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddField {
    /// Name of the model.
    pub model: String,
    /// The field.
    pub field: Field,
    /// False: the default serves only the rows that exist.
    #[serde(default = "yes")]
    pub preserve_default: bool,
}

/// Drops a column of a model's table, or the table of a many-to-many field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveField {
    /// Name of the model.
    pub model: String,
    /// Name of the field.
    pub name: String,
}

fn yes() -> bool {
    true
}

/// Adds the column of `field` as it is in `to`; `filled` is the field with the default for the rows that exist.
fn add(
    schema: &mut Schema<'_>,
    (from, to): (&ProjectState, &ProjectState),
    (app, model): (&str, &str),
    filled: &Field,
) -> Result<(), Problem> {
    let (old, new) = (from.require(app, model)?, to.require(app, model)?);
    if !new.is_managed() {
        return Ok(());
    }
    if !filled.is_concrete() {
        let table = schema.relation_table(to, new, filled)?;
        return table.map_or(Ok(()), |table| schema.editor().create_table(&table).map_err(refused));
    }
    let mut with_default = ModelState::clone(new);
    for field in &mut with_default.fields {
        if field.name == filled.name {
            field.clone_from(filled);
        }
    }
    let (old, new) = (schema.table(from, old)?, schema.table(to, &with_default)?);
    let column = new.columns.iter().find(|column| old.column(&column.name).is_none());
    match column {
        Some(column) => schema.editor().add_column(&old, &new, column).map_err(refused),
        None => Err(format!("{app}.{model} has a column for `{}` already", filled.name)),
    }
}

fn remove(
    schema: &mut Schema<'_>,
    (from, to): (&ProjectState, &ProjectState),
    (app, model): (&str, &str),
    name: &str,
) -> Result<(), Problem> {
    let (old, new) = (from.require(app, model)?, to.require(app, model)?);
    if !old.is_managed() {
        return Ok(());
    }
    let field = old.field(name).ok_or_else(|| no_field(old, name))?;
    if !field.is_concrete() {
        let table = schema.relation_table(from, old, field)?;
        return table.map_or(Ok(()), |table| schema.editor().drop_table(&table).map_err(refused));
    }
    let (old, new) = (schema.table(from, old)?, schema.table(to, new)?);
    let column = old.columns.iter().find(|column| new.column(&column.name).is_none());
    column.map_or(Ok(()), |column| schema.editor().drop_column(&old, &new, column).map_err(refused))
}

fn no_field(model: &ModelState, name: &str) -> Problem {
    format!("model {} has no field `{name}` at this point", model.label())
}

impl Change for AddField {
    fn describe(&self) -> String {
        format!("Add field {} to {}", self.field.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let mut field = self.field.clone();
        if !self.preserve_default {
            field.default = None;
        }
        state.change(app, &self.model, |model| {
            if model.field(&field.name).is_some() {
                return Err(format!("model {} has a field `{}` already", model.label(), field.name));
            }
            if field.primary_key {
                return Err(format!("model {} has a primary key already", model.label()));
            }
            model.fields.push(field);
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
        add(schema, (from, to), (app, &self.model), &self.field)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        remove(schema, (from, to), (app, &self.model), &self.field.name)
    }

    fn creates(&self, app: &str, schema: &Schema<'_>, to: &ProjectState) -> Result<Created, Problem> {
        let mut created = Created::default();
        let model = to.require(app, &self.model)?;
        if model.is_managed() && self.field.is_concrete() {
            created.columns.insert((schema.table(to, model)?.name, self.field.column()));
        } else if model.is_managed() {
            let table = schema.relation_table(to, model, &self.field)?;
            created.tables.extend(table.map(|table| table.name));
        }
        Ok(created)
    }
}

impl Change for RemoveField {
    fn describe(&self) -> String {
        format!("Remove field {} from {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let model = state.require(app, &self.model)?;
        if let Some(field) = state.reference_to_field(model, &self.name) {
            return Err(format!("`{}` cannot be removed: {field} points to it", self.name));
        }
        state.change(app, &self.model, |model| {
            let position = model.fields.iter().position(|field| field.name == self.name);
            let position = position.ok_or_else(|| no_field(model, &self.name))?;
            if model.fields[position].primary_key {
                return Err(format!("`{}` is the primary key of {}", self.name, model.label()));
            }
            let uses = |names: &[String]| names.iter().any(|name| name.trim_start_matches('-') == self.name);
            let index =
                model.options.indexes.iter().find(|index| uses(&index.fields) || uses(&index.include));
            let constraint = model.options.constraints.iter().find(|constraint| uses(&constraint.unique));
            let user = index.map(|index| ("index", &index.name));
            if let Some((kind, user)) = user.or(constraint.map(|constraint| ("constraint", &constraint.name)))
            {
                return Err(format!("`{}` is used by the {kind} {user}: remove that first", self.name));
            }
            model.fields.remove(position);
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
        remove(schema, (from, to), (app, &self.model), &self.name)
    }

    fn database_backwards(
        &self,
        app: &str,
        schema: &mut Schema<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        let model = to.require(app, &self.model)?;
        let field = model.field(&self.name).ok_or_else(|| no_field(model, &self.name))?.clone();
        add(schema, (from, to), (app, &self.model), &field)
    }
}
