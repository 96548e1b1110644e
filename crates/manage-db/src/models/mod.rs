//! Models: tables as data, and rows as structs.

// What a table is.
mod constraints;
mod fields;

mod facts;

// A model, whatever it was made from.
mod meta;

mod canonical;
mod renames;

// Models in files.
pub(crate) mod document;
pub mod json_schema;

// All models of a project.
pub mod declared;
mod registry;

// Rows as structs, and the queries that find them.
mod sql;

mod columns;

mod statements;

mod model;

mod query;
pub mod rows;

pub use columns::{Aggregate, Assignment, Column, Comparable, Condition, Join, Ordering, Selection};
pub use constraints::{Constraint, Index};
pub use document::Mistake;
pub use fields::{Choice, DefaultValue, Field, FieldType, OnDelete};
pub use manage_derive::Model;
pub use meta::{ModelState, Options};
pub use model::Model;
pub use query::{QuerySet, Related};
pub use registry::Registry;

/// Literals of `derive(Model)` as TOML has them.
#[doc(hidden)]
pub fn toml_string(text: &str) -> toml::Value {
    toml::Value::String(text.to_owned())
}

#[doc(hidden)]
pub fn toml_integer(number: i64) -> toml::Value {
    toml::Value::Integer(number)
}

#[doc(hidden)]
pub fn toml_float(number: f64) -> toml::Value {
    toml::Value::Float(number)
}

#[doc(hidden)]
pub fn toml_boolean(truth: bool) -> toml::Value {
    toml::Value::Boolean(truth)
}
