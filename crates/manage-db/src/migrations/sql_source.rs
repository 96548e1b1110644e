//! SQL that somebody wrote, as files hold it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, SchemaGenerator, json_schema};

use super::excerpt::Excerpt;
use crate::backends::DIALECT_WORDS;

/// A text of one or more statements, and where it stands.
#[derive(Debug, Clone)]
pub struct SqlPart {
    /// The statements.
    pub text: Excerpt,
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

/// One file of a migration written in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlFile {
    /// Its path, relative to the project's root.
    pub path: String,
    /// Its text.
    pub text: Excerpt,
    /// The dialect that its name says; none: for all.
    pub dialect: Option<&'static str>,
    /// The section that its name says; none: its text says it.
    pub section: Option<Section>,
}

/// A half of a migration written in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What applies it.
    Up,
    /// What undoes it.
    Down,
}

impl SqlFile {
    /// Whether its name lets it say this half.
    pub(super) fn may_say(&self, section: Section) -> bool {
        self.section.is_none_or(|own| own == section)
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
