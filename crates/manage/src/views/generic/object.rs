//! Rows of any model, found by the parts of an address and shown to templates.

use minijinja::Value as Shown;

use super::asked::Asked;
use crate::db::models::{Column, Field, FieldType, Model, ModelState, QuerySet};
use crate::db::{Database, Value};
use crate::http::HttpError;

/// Narrows or orders the rows that a view is about (Django's `get_queryset`).
pub type Rows<M> = for<'a> fn(QuerySet<M, &'a Database>) -> QuerySet<M, &'a Database>;

/// A row as templates see it: its columns by their names, moments and numbers as text where templates have no type of
/// their own.
pub fn object<M: Model>(row: &M) -> Shown {
    Shown::from_pairs(M::COLUMNS.iter().copied().zip(row.values().into_iter().map(shown)))
}

fn shown(value: Value) -> Shown {
    match value {
        Value::Null => Shown::from(()),
        Value::Bool(truth) => Shown::from(truth),
        Value::Int(number) => Shown::from(number),
        Value::Float(number) => Shown::from(number),
        Value::Decimal(number) => Shown::from(number.to_string()),
        Value::Text(text) => Shown::from(text),
        Value::Bytes(bytes) => Shown::from_bytes(bytes),
        Value::Uuid(id) => Shown::from(id.to_string()),
        Value::Timestamp(moment) => Shown::from(moment.to_string()),
        Value::Date(date) => Shown::from(date.to_string()),
        Value::Time(time) => Shown::from(time.to_string()),
        Value::Json(json) => Shown::from(minijinja::value::Serde(json)),
    }
}

/// What a view knows of its model.
pub(super) struct About {
    pub(super) state: ModelState,
}

impl About {
    pub(super) fn of<M: Model>() -> Self {
        Self { state: M::state() }
    }

    /// `polls/question_list.html`: Django's name of the template.
    pub(super) fn template(&self, suffix: &str) -> String {
        format!("{}/{}_{suffix}.html", self.state.app, self.name())
    }

    /// `question`: how templates call a row.
    pub(super) fn name(&self) -> String {
        self.state.name.to_lowercase()
    }
}

/// The row that the address names, by `pk` or by the name of any field: `/polls/{pk}/`, `/articles/{slug}/`.
///
/// # Errors
/// [`HttpError::NotFound`] when there is no such row or a part cannot be a value of its field, and those of the database.
pub(super) async fn find<M: Model + 'static>(asked: &Asked, rows: Rows<M>) -> Result<M, HttpError> {
    let state = M::state();
    let mut found = rows(QuerySet::new(asked.site.project.database_of(M::APP)?));
    let mut is_named = false;
    for (name, text) in &asked.parameters {
        let field = if name == "pk" { state.primary_key() } else { state.field(name) };
        let Some(field) = field else { continue };
        let value = value(field, text).ok_or(HttpError::NotFound)?;
        let column =
            M::COLUMNS.iter().find(|column| **column == field.column()).ok_or(HttpError::NotFound)?;
        found = found.filter(Column::<M, Value>::new(M::TABLE, column).eq(value));
        is_named = true;
    }
    if !is_named {
        let why = format!("the address names no row of {}: it needs {{pk}} or a field", state.label());
        return Err(HttpError::Internal(anyhow::anyhow!(why)));
    }
    found.first().await?.ok_or(HttpError::NotFound)
}

/// A part of an address as a value of the field.
fn value(field: &Field, text: &str) -> Option<Value> {
    use FieldType::{Char, Email, Slug, Text, Url};
    match field.kind {
        Char | Email | Slug | Text | Url => Some(Value::Text(text.to_owned())),
        FieldType::Uuid => text.parse().ok().map(Value::Uuid),
        FieldType::Date => text.parse().ok().map(Value::Date),
        _ => text.parse().ok().map(Value::Int),
    }
}

/// The value of the key of a row.
pub(super) fn key<M: Model>(row: &M) -> Value {
    let mut columns = M::COLUMNS.iter().zip(row.values());
    columns.find(|(column, _)| **column == M::KEY).map_or(Value::Null, |(_, value)| value)
}
