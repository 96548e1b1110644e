//! A model as plain data: what a struct, a declared app and replayed migrations all come to.

use serde::{Deserialize, Serialize};

use super::constraints::{Constraint, Index};
use super::fields::Field;

/// Options of a model, beside its fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Name of the table, where it is not `<app>_<model in lower case>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Fields that order rows when nothing else does, `-name` for descending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ordering: Vec<String>,
    /// Indexes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Constraints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Further permissions: code name and what people read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<(String, String)>,
    /// What people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbose_name: Option<String>,
    /// What people read of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbose_name_plural: Option<String>,
    /// False: migrations leave its table alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
    /// A remark kept in the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_comment: Option<String>,
}

/// One model of one app.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelState {
    /// Label of its app.
    pub app: String,
    /// Its name, in the case people write it.
    pub name: String,
    /// Its fields, in the order of columns.
    pub fields: Vec<Field>,
    /// Everything else.
    pub options: Options,
}

impl ModelState {
    /// Name of its table.
    pub fn table(&self) -> String {
        self.options.table.clone().unwrap_or_else(|| format!("{}_{}", self.app, self.name.to_lowercase()))
    }

    /// `app.Name`, as other models point to it.
    pub fn label(&self) -> String {
        format!("{}.{}", self.app, self.name)
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field that identifies a row.
    pub fn primary_key(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.primary_key)
    }

    /// Whether migrations look after its table.
    pub fn is_managed(&self) -> bool {
        self.options.managed.unwrap_or(true)
    }
}
