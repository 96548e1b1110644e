//! From models to tables.

use crate::SqlText;
use crate::backends::base::Backend;
use crate::backends::base::names::{generated_name, shortened};
use crate::backends::base::tables::{
    self, Column, ColumnType, Constraint, Default, ForeignKey, Generated, IndexPart, Rule, Table,
};
use crate::models::{self, DefaultValue, Field, FieldType, ModelState, OnDelete};

use super::constants::{Problem, check_default, column_type, constant};
use super::state::ProjectState;

/// Makes the tables of one database.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    /// The database.
    pub backend: &'a dyn Backend,
    /// Whether an app's tables live on it.
    pub is_here: &'a dyn Fn(&str) -> bool,
}

impl Tables<'_> {
    /// The name of the database's SQL in per-vendor texts.
    pub(crate) fn dialect(&self) -> &'static str {
        self.backend.features().dialect
    }

    /// The table of a model.
    ///
    /// # Errors
    /// What makes no sense about the model at this point.
    pub(crate) fn table(&self, state: &ProjectState, model: &ModelState) -> Result<Table, Problem> {
        let name = self.short(&model.table());
        let mut table = Table {
            name,
            columns: Vec::new(),
            indexes: Vec::new(),
            constraints: Vec::new(),
            comment: model.options.db_comment.clone(),
        };
        for field in model.fields.iter().filter(|field| field.is_concrete()) {
            let column = self.column(state, model, field)?;
            if field.is_unique() {
                let name = generated_name(&table.name, &[&column.name], "_uniq");
                table.constraints.push(unique(name, vec![column.name.clone()]));
            }
            if field.has_index() {
                let name = generated_name(&table.name, &[&column.name], "");
                table.indexes.push(plain_index(name, column.name.clone()));
            }
            table.columns.push(column);
        }
        for index in &model.options.indexes {
            table.indexes.push(self.index(model, index)?);
        }
        for constraint in &model.options.constraints {
            table.constraints.push(self.constraint(model, constraint)?);
        }
        Ok(table)
    }

    /// The table of a many-to-many field, unless a model holds its pairs.
    ///
    /// # Errors
    /// When the field points to a model that does not exist at this point.
    pub(crate) fn relation_table(
        &self,
        state: &ProjectState,
        model: &ModelState,
        field: &Field,
    ) -> Result<Option<Table>, Problem> {
        if field.kind != FieldType::ManyToMany || field.through.is_some() {
            return Ok(None);
        }
        let target = self.target(state, model, field)?;
        let name = field.db_table.clone().unwrap_or_else(|| format!("{}_{}", model.table(), field.name));
        let name = self.short(&name);
        let (mine, theirs) = (model.name.to_lowercase(), target.name.to_lowercase());
        let columns = if target.label() == model.label() {
            [format!("from_{mine}_id"), format!("to_{mine}_id")]
        } else {
            [format!("{mine}_id"), format!("{theirs}_id")]
        };
        let mut id = Field::new("id", FieldType::BigAuto);
        id.primary_key = true;
        let mut table = Table {
            columns: vec![self.column(state, model, &id)?],
            indexes: Vec::new(),
            constraints: vec![unique(generated_name(&name, &columns, "_uniq"), columns.to_vec())],
            comment: field.db_comment.clone(),
            name,
        };
        for (column, end) in columns.iter().zip([model, target]) {
            let mut key = Field::new(column.trim_end_matches("_id"), FieldType::ForeignKey);
            key.db_column = Some(column.clone());
            key.to = Some(end.label());
            key.db_constraint = field.db_constraint;
            let holder = ModelState {
                app: model.app.clone(),
                name: model.name.clone(),
                fields: Vec::new(),
                options: models::Options { table: Some(table.name.clone()), ..models::Options::default() },
            };
            let column = self.column(state, &holder, &key)?;
            table
                .indexes
                .push(plain_index(generated_name(&table.name, &[&column.name], ""), column.name.clone()));
            table.columns.push(column);
        }
        Ok(Some(table))
    }

    fn column(&self, state: &ProjectState, model: &ModelState, field: &Field) -> Result<Column, Problem> {
        let told = |problem: Problem| format!("{}.{}: {problem}", model.label(), field.name);
        let default = field.db_default.as_ref().map(|default| self.default(field, default));
        let fill = match (&field.db_default, &field.default) {
            (None, Some(default)) => Some(self.default(field, default)),
            _ => None,
        };
        let generated = match &field.expression {
            Some(expression) => {
                let sql = self.sql(expression).map_err(told)?;
                Some(Generated { sql, stored: field.stored.unwrap_or(true) })
            }
            None => None,
        };
        Ok(Column {
            name: self.short(&field.column()),
            kind: self.kind(state, model, field)?,
            db_type: self.db_type(state, model, field)?,
            null: field.null,
            primary_key: field.primary_key,
            default: default.transpose().map_err(told)?,
            fill: fill.transpose().map_err(told)?,
            collation: self.collation(state, model, field)?,
            comment: field.db_comment.clone(),
            generated,
            foreign_key: self.foreign_key(state, model, field)?,
        })
    }

    /// How text of the column is compared: a key does it as what it points to.
    fn collation(
        &self,
        state: &ProjectState,
        model: &ModelState,
        field: &Field,
    ) -> Result<Option<String>, Problem> {
        if field.db_collation.is_some() || !field.kind.is_foreign_key() {
            return Ok(field.db_collation.clone());
        }
        let target = self.target(state, model, field)?;
        Ok(target_field(target, field).and_then(|field| field.db_collation.clone()))
    }

    fn kind(&self, state: &ProjectState, model: &ModelState, field: &Field) -> Result<ColumnType, Problem> {
        if field.kind.is_foreign_key() {
            let (target, column) = self.pointed(state, model, field)?;
            return Ok(self.kind(state, target, column)?.of_reference());
        }
        column_type(field).ok_or_else(|| format!("{}.{}: no column can hold this", model.label(), field.name))
    }

    /// The exact type of the column, if one is said: a key has that of what it points to, but for what counts by itself.
    fn db_type(
        &self,
        state: &ProjectState,
        model: &ModelState,
        field: &Field,
    ) -> Result<Option<String>, Problem> {
        let own = |field: &Field| field.db_type.as_ref()?.for_dialect(self.dialect()).map(str::to_owned);
        if own(field).is_some() || !field.kind.is_foreign_key() {
            return Ok(own(field));
        }
        let (_, pointed) = self.pointed(state, model, field)?;
        Ok(own(pointed).filter(|_| !pointed.kind.is_auto()))
    }

    /// The field at the end of a key, which may point to other keys.
    fn pointed<'s>(
        &self,
        state: &'s ProjectState,
        model: &'s ModelState,
        field: &'s Field,
    ) -> Result<(&'s ModelState, &'s Field), Problem> {
        let (mut holder, mut key) = (model, field);
        let mut seen: Vec<*const Field> = Vec::new();
        while key.kind.is_foreign_key() {
            if seen.contains(&std::ptr::from_ref(key)) {
                return Err(format!("{}.{} points to itself", model.label(), field.name));
            }
            seen.push(std::ptr::from_ref(key));
            let target = self.target(state, holder, key)?;
            key = target_field(target, key).ok_or_else(|| no_field(target, key))?;
            holder = target;
        }
        Ok((holder, key))
    }

    fn foreign_key(
        &self,
        state: &ProjectState,
        model: &ModelState,
        field: &Field,
    ) -> Result<Option<ForeignKey>, Problem> {
        if !field.kind.is_foreign_key() || field.db_constraint == Some(false) {
            return Ok(None);
        }
        let target = self.target(state, model, field)?;
        if !(self.is_here)(&target.app) {
            return Ok(None);
        }
        let (table, own) = (self.short(&target.table()), self.short(&model.table()));
        let column = target_field(target, field).ok_or_else(|| no_field(target, field))?.column();
        let column = self.short(&column);
        let name = generated_name(&own, &[field.column()], &format!("_fk_{table}_{column}"));
        let on_delete = action(field.on_delete.unwrap_or(OnDelete::Cascade));
        let on_update = action(field.on_update.unwrap_or(OnDelete::DoNothing));
        let can_defer = self.backend.features().can_defer_constraints;
        let is_deferred = can_defer && field.deferrable.unwrap_or(true);
        Ok(Some(ForeignKey { name: self.short(&name), table, column, on_delete, on_update, is_deferred }))
    }

    fn target<'s>(
        &self,
        state: &'s ProjectState,
        model: &'s ModelState,
        field: &Field,
    ) -> Result<&'s ModelState, Problem> {
        let to = field.to.as_deref().unwrap_or_default();
        state.target(model, to).map(|model| &**model).ok_or_else(|| {
            format!(
                "{}.{} points to {to}, which does not exist at this point; is a `depends` missing?",
                model.label(),
                field.name
            )
        })
    }

    /// An index of a model.
    ///
    /// # Errors
    /// When it names a field that the model does not have.
    fn index(&self, model: &ModelState, index: &models::Index) -> Result<tables::Index, Problem> {
        let mut parts = Vec::new();
        for (at, field) in index.fields.iter().enumerate() {
            let (name, descending) = field.strip_prefix('-').map_or((&**field, false), |name| (name, true));
            let opclass = index.opclasses.get(at).filter(|opclass| !opclass.is_empty()).cloned();
            parts.push(IndexPart::Column { name: self.column_name(model, name)?, descending, opclass });
        }
        for expression in &index.expressions {
            parts.push(self.index_part(model, self.sql(expression)?));
        }
        Ok(tables::Index {
            name: self.short(&model.index_name(index)),
            parts,
            unique: false,
            condition: index.condition.as_ref().map(|sql| self.sql(sql)).transpose()?,
            include: index
                .include
                .iter()
                .map(|name| self.column_name(model, name))
                .collect::<Result<_, _>>()?,
            method: index.method.clone(),
        })
    }

    /// An expression that is no more than the name of a column is that column, behind other expressions as well.
    fn index_part(&self, model: &ModelState, sql: String) -> IndexPart {
        let columns = model.fields.iter().filter(|field| field.is_concrete());
        let mut names = columns.map(|field| self.short(&field.column()));
        match names.find(|name| self.backend.features().quote_name(name) == sql) {
            Some(name) => IndexPart::Column { name, descending: false, opclass: None },
            None => IndexPart::Expression(sql),
        }
    }

    /// The names of a model's table and of a constraint of it.
    ///
    /// # Errors
    /// As [`Tables::table`].
    pub(crate) fn names(
        &self,
        model: &ModelState,
        constraint: &models::Constraint,
    ) -> Result<(String, String), Problem> {
        Ok((self.short(&model.table()), self.constraint(model, constraint)?.name))
    }

    /// A constraint of a model.
    ///
    /// # Errors
    /// When it names a field that the model does not have.
    fn constraint(&self, model: &ModelState, constraint: &models::Constraint) -> Result<Constraint, Problem> {
        let rule = if let Some(check) = &constraint.check {
            Rule::Check(self.sql(check)?)
        } else if let Some(exclude) = &constraint.exclude {
            Rule::Exclude(self.sql(exclude)?)
        } else {
            let columns = constraint.unique.iter().map(|name| self.column_name(model, name));
            Rule::Unique {
                columns: columns.collect::<Result<_, _>>()?,
                condition: constraint.condition.as_ref().map(|sql| self.sql(sql)).transpose()?,
                deferrable: constraint.deferrable.unwrap_or(false),
                nulls_distinct: constraint.nulls_distinct.unwrap_or(true),
            }
        };
        Ok(Constraint { name: self.short(&model.constraint_name(constraint)), rule })
    }

    fn column_name(&self, model: &ModelState, field: &str) -> Result<String, Problem> {
        let found = model.field(field).filter(|field| field.is_concrete());
        let found = found.ok_or_else(|| format!("{} has no field `{field}`", model.label()))?;
        Ok(self.short(&found.column()))
    }

    /// A value of a field, as a database takes it.
    ///
    /// # Errors
    /// When it does not fit the field.
    pub(crate) fn value(&self, field: &Field, value: &DefaultValue) -> Result<Default, Problem> {
        check_default(field, value)?;
        self.default(field, value)
    }

    fn default(&self, field: &Field, default: &DefaultValue) -> Result<Default, Problem> {
        match default {
            DefaultValue::Sql { sql } => Ok(Default::Sql(self.sql(sql)?)),
            DefaultValue::Literal(literal) => constant(field.kind, literal),
        }
    }

    fn sql(&self, text: &SqlText) -> Result<String, Problem> {
        let dialect = self.dialect();
        text.for_dialect(dialect).map(str::to_owned).ok_or_else(|| format!("there is no SQL for {dialect}"))
    }

    fn short(&self, name: &str) -> String {
        shortened(name, self.backend.features().max_identifier_bytes)
    }
}

/// What SQL says of what happens; none: nothing.
fn action(action: OnDelete) -> Option<&'static str> {
    match action {
        OnDelete::Cascade => Some("CASCADE"),
        OnDelete::Protect | OnDelete::Restrict => Some("RESTRICT"),
        OnDelete::SetNull => Some("SET NULL"),
        OnDelete::SetDefault => Some("SET DEFAULT"),
        OnDelete::DoNothing => None,
    }
}

fn target_field<'m>(target: &'m ModelState, field: &Field) -> Option<&'m Field> {
    match &field.to_field {
        Some(name) => target.field(name),
        None => target.primary_key(),
    }
}

fn no_field(target: &ModelState, field: &Field) -> Problem {
    format!("{} has no field `{}`", target.label(), field.to_field.as_deref().unwrap_or("id"))
}

fn unique(name: String, columns: Vec<String>) -> Constraint {
    let rule = Rule::Unique { columns, condition: None, deferrable: false, nulls_distinct: true };
    Constraint { name, rule }
}

fn plain_index(name: String, column: String) -> tables::Index {
    let parts = vec![IndexPart::Column { name: column, descending: false, opclass: None }];
    tables::Index { name, parts, unique: false, condition: None, include: Vec::new(), method: None }
}
