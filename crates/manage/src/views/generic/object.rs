//! Rows and values of any model, as templates and addresses have them.

use minijinja::Value as Shown;

use crate::db::models::{Field, FieldType, Model, QuerySet};
use crate::db::{Database, Value};

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

/// A part of an address as a value of the field.
pub(super) fn value(field: &Field, text: &str) -> Option<Value> {
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
