//! A model as plain data: what a struct, a declared app and replayed migrations all come to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::constraints::{Constraint, Index};
use super::fields::Field;
use crate::SqlText;
use crate::backends::base::names::generated_name;
use manage_leaves::crypto;

/// Options of a model, beside its fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Fields by which fixtures know a row without its key; none: those of its only unique constraint. No migration holds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub natural_key: Vec<String>,
    /// What fixtures call the model, where that is not `app.model`. No migration holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixture_label: Option<String>,
}

impl Options {
    /// Forgets what only fixtures ask for: it is nothing that migrations know.
    pub(crate) fn without_fixtures(&mut self) {
        self.natural_key.clear();
        self.fixture_label = None;
    }
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
        self.options.table.clone().unwrap_or_else(|| self.default_table())
    }

    /// Name of its table where it gives none.
    pub(crate) fn default_table(&self) -> String {
        format!("{}_{}", self.app, self.name.to_lowercase())
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

    /// The index's name, or one that depends on the model and the index alone.
    pub(crate) fn index_name(&self, index: &Index) -> String {
        if !index.name.is_empty() {
            return index.name.clone();
        }
        let mut parts = self.columns(index.fields.iter().map(|field| field.trim_start_matches('-')));
        parts.extend(index.expressions.iter().map(digest));
        parts.extend(index.condition.as_ref().map(digest));
        generated_name(&self.table(), &parts, "_idx")
    }

    /// The constraint's name, or one that depends on the model and the constraint alone.
    pub(crate) fn constraint_name(&self, constraint: &Constraint) -> String {
        if !constraint.name.is_empty() {
            return constraint.name.clone();
        }
        let mut parts = self.columns(constraint.unique.iter().map(String::as_str));
        parts.extend(
            [&constraint.check, &constraint.exclude, &constraint.condition].into_iter().flatten().map(digest),
        );
        let suffix = match constraint {
            Constraint { check: Some(_), .. } => "_check",
            Constraint { exclude: Some(_), .. } => "_excl",
            _ => "_uniq",
        };
        generated_name(&self.table(), &parts, suffix)
    }

    /// What makes no sense about it, if anything does. Its fields are looked at one by one elsewhere.
    pub fn problem(&self) -> Option<String> {
        let keys = self.fields.iter().filter(|field| field.primary_key).count();
        let problem = if keys > 1 {
            Some("more than one field is the primary key".to_owned())
        } else {
            let indexes = self.options.indexes.iter().find_map(|index| self.index_problem(index));
            let constraints =
                || self.options.constraints.iter().find_map(|rule| self.constraint_problem(rule));
            indexes.or_else(constraints).or_else(|| self.natural_key_problem())
        };
        problem.map(|problem| format!("model `{}`: {problem}", self.name))
    }

    /// What makes no sense about an index of this model, if anything does.
    pub(crate) fn index_problem(&self, index: &Index) -> Option<String> {
        if index.fields.is_empty() && index.expressions.is_empty() {
            return Some("an index has neither `fields` nor `expressions`".to_owned());
        }
        if !index.opclasses.is_empty() && index.opclasses.len() != index.fields.len() {
            return Some("an index has `opclasses` for all of its `fields`, or none".to_owned());
        }
        let names = index.fields.iter().map(|field| field.trim_start_matches('-'));
        let missing = self.missing(names.chain(index.include.iter().map(String::as_str)))?;
        Some(format!("an index names the field `{missing}`, which it does not have"))
    }

    /// What makes no sense about a constraint of this model, if anything does.
    pub(crate) fn constraint_problem(&self, constraint: &Constraint) -> Option<String> {
        let kinds = [constraint.check.is_some(), !constraint.unique.is_empty(), constraint.exclude.is_some()];
        if kinds.iter().filter(|given| **given).count() != 1 {
            return Some("a constraint needs one of `check`, `unique` and `exclude`".to_owned());
        }
        let of_unique = constraint.condition.is_some()
            || constraint.deferrable.is_some()
            || constraint.nulls_distinct.is_some();
        if of_unique && constraint.unique.is_empty() {
            return Some("`condition`, `deferrable` and `nulls_distinct` belong to `unique`".to_owned());
        }
        let missing = self.missing(constraint.unique.iter().map(String::as_str))?;
        Some(format!("a constraint names the field `{missing}`, which it does not have"))
    }

    fn natural_key_problem(&self) -> Option<String> {
        let missing = self.missing(self.options.natural_key.iter().map(String::as_str))?;
        Some(format!("`natural_key` names the field `{missing}`, which it does not have"))
    }

    fn missing<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        names.find(|name| self.field(name).is_none_or(|field| !field.is_concrete()))
    }

    fn columns<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        names.map(|name| self.field(name).map_or_else(|| name.to_owned(), Field::column)).collect()
    }

    /// Whether migrations look after its table.
    pub(crate) fn is_managed(&self) -> bool {
        self.options.managed.unwrap_or(true)
    }
}

/// A short sign for a text in a generated name.
fn digest(text: &SqlText) -> String {
    let text = match text {
        SqlText::Same(text) => text.clone(),
        SqlText::PerDialect(texts) => format!("{texts:?}"),
    };
    crypto::sha256_hex(text.as_bytes())[..8].to_owned()
}
