//! Indexes and constraints of a model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SqlText;

/// An index over fields or expressions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Index {
    /// Its name; deterministic when nobody gave one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Names of fields, `-name` for descending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Expressions after the fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expressions: Vec<SqlText>,
    /// The rows it holds; none: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<SqlText>,
    /// Fields that are kept in it without ordering it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// For each of `fields` the operator class by which it is ordered, where the database has several; empty for its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opclasses: Vec<String>,
    /// Access method, such as `gin`, where the database has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// A rule that rows keep: `check`, `unique` or `exclude`, exactly one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constraint {
    /// Its name; deterministic when nobody gave one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A condition that every row meets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<SqlText>,
    /// Fields that no two rows share.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<String>,
    /// The body of an exclusion constraint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<SqlText>,
    /// The rows for which it holds; none: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<SqlText>,
    /// Checked at the end of the transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<bool>,
    /// False: two NULLs count as equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nulls_distinct: Option<bool>,
}
