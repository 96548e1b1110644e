//! What models cannot say: SQL and Rust.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::change::Change;
use crate::backends::DIALECT_WORDS;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// The name of the function that does nothing.
pub(crate) const NOOP: &str = "noop";

/// A text of one or more statements, and where it stands.
#[derive(Debug, Clone)]
pub struct SqlPart {
    /// The statements.
    pub text: String,
    /// The file, where it is another one than the migration's.
    pub path: Option<String>,
    /// The line of the text's beginning, from 1.
    pub line: usize,
}

/// Where a text stands is no part of what it does.
impl PartialEq for SqlPart {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SqlPart {}

/// SQL that somebody wrote: texts of one or more statements, the same for all kinds of database or by dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlSource {
    /// For every kind of database.
    Same(Vec<SqlPart>),
    /// By dialect. On a database whose dialect is not there it cannot be run.
    PerDialect(BTreeMap<String, Vec<SqlPart>>),
}

impl SqlSource {
    /// The texts for `dialect`; none: nobody said what it is there.
    pub fn parts(&self, dialect: &str) -> Option<&[SqlPart]> {
        match self {
            Self::Same(parts) => Some(parts),
            Self::PerDialect(parts) => parts.get(dialect).map(Vec::as_slice),
        }
    }
}

impl JsonSchema for SqlSource {
    fn schema_name() -> Cow<'static, str> {
        "SqlSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        let texts = json_schema!({"type": ["string", "array"], "items": {"type": "string"}});
        let dialects = DIALECT_WORDS.map(|(word, _)| (word.to_owned(), texts.clone().to_value()));
        json_schema!({
            "description": "SQL: the same for all kinds of database, or by dialect.",
            "type": ["string", "array", "object"],
            "items": {"type": "string"},
            "properties": serde_json::Map::from_iter(dialects),
            "additionalProperties": false,
        })
    }
}

/// Calls a function of an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRust {
    /// Its name: `app.name`, or `noop`.
    pub forwards: String,
    /// The name of the one that undoes it; none: nothing can.
    pub backwards: Option<String>,
}

impl Change for RunRust {
    fn describe(&self) -> String {
        format!("Rust operation -> {}", self.forwards)
    }

    fn state_forwards(&self, _app: &str, _state: &mut ProjectState) -> Result<(), Problem> {
        Ok(())
    }

    fn database_forwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        if self.forwards != NOOP {
            schema.run_function(&self.forwards, to);
        }
        Ok(())
    }

    fn database_backwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        if let Some(name) = self.backwards.as_deref().filter(|name| *name != NOOP) {
            schema.run_function(name, to);
        }
        Ok(())
    }

    fn is_reversible(&self) -> bool {
        self.backwards.is_some()
    }
}
