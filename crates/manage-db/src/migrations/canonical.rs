//! What the history keeps a checksum of: what a migration does, in one form, however its file is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use toml::Value;

use super::earlier::Source;
use super::operations::{Operation, RunRust, RunSql, SeparateDatabaseAndState, SqlPart};
use crate::backends::base::{Piece, PieceKind, Syntax, add_canonical, canonical as by_tokens, pieces};
use crate::backends::script_rules;

/// What the history keeps a checksum of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Canonical {
    /// By dialect, of those in which the files were read.
    pub(super) texts: BTreeMap<&'static str, String>,
    /// The files, for the forms that earlier versions recorded.
    pub(super) source: Source,
}

impl Canonical {
    /// The form that is recorded on a database of this dialect.
    pub fn text(&self, dialect: &str) -> &str {
        self.texts.get(dialect).map_or("", String::as_str)
    }

    /// Forms that earlier versions recorded, and that count for the same.
    pub(super) fn earlier(&self) -> Vec<String> {
        self.source.earlier()
    }
}

/// What is run forwards of SQL files, statement by statement. The number says which form it is.
pub(super) fn of_script(is_atomic: bool, statements: &str) -> String {
    format!("2\n{}{statements}", atomic(is_atomic))
}

/// Operations, one in a line, without what undoes them: an undo may come later. The number says which form it is.
///
/// # Errors
/// When an operation holds what TOML cannot say.
pub(super) fn of_operations<'a>(
    is_atomic: bool,
    operations: impl IntoIterator<Item = &'a Operation>,
    dialect: &str,
) -> Result<String, toml::ser::Error> {
    let mut text = format!("3\n{}", atomic(is_atomic));
    for operation in operations {
        text.push_str(&format!("{}\n", json(operation, dialect)?));
    }
    Ok(text)
}

fn atomic(is_atomic: bool) -> &'static str {
    if is_atomic { "" } else { "atomic=false\n" }
}

/// An operation as a database of one dialect does it.
fn json(operation: &Operation, dialect: &str) -> Result<Json, toml::ser::Error> {
    let all = |operations: &[Operation]| -> Result<Json, toml::ser::Error> {
        operations.iter().map(|operation| json(operation, dialect)).collect::<Result<_, _>>().map(Json::Array)
    };
    let mut keys = BTreeMap::from([("op".to_owned(), operation.name().into())]);
    match operation {
        Operation::RunSql(RunSql { forwards, state, .. }) => {
            let syntax = script_rules(dialect).syntax;
            keys.insert(
                "forwards".to_owned(),
                forwards.parts(dialect).map(|parts| script(parts, syntax)).into(),
            );
            keys.insert("state".to_owned(), all(state)?);
        }
        Operation::RunRust(RunRust { forwards, .. }) => {
            keys.insert("forwards".to_owned(), forwards.as_str().into());
        }
        Operation::SeparateDatabaseAndState(SeparateDatabaseAndState { database, state }) => {
            keys.insert("database".to_owned(), all(database)?);
            keys.insert("state".to_owned(), all(state)?);
        }
        other => {
            let facts = other.keys()?;
            keys.extend(facts.iter().map(|(key, value)| (key.clone(), fact(key, value, dialect))));
        }
    }
    Ok(Json::Object(keys.into_iter().collect()))
}

/// The statements of texts.
fn script(parts: &[SqlPart], syntax: Syntax) -> String {
    let mut out = String::new();
    for part in parts {
        pieces(&part.text, syntax, &|_| false).for_each(|piece| add_statement(piece, syntax, &mut out));
    }
    out
}

/// Adds a part of a script, whatever its layout and its comments.
pub(super) fn add_statement(piece: Piece<'_>, syntax: Syntax, out: &mut String) {
    match piece.kind {
        PieceKind::Statement => {
            add_canonical(piece.text, syntax, out);
            out.push_str(";\n");
        }
        PieceKind::Rows => {
            out.push_str(piece.text);
            out.push_str("\\.\n");
        }
        PieceKind::Client | PieceKind::Comment | PieceKind::Stray => {}
    }
}

/// Keys whose values are SQL: a text, a list of texts, or one for each dialect.
const SQL: [&str; 7] = ["check", "condition", "db_type", "exclude", "expression", "expressions", "sql"];

/// Keys whose values are SQL where they are a table with `sql`, and nobody's business otherwise.
const DEFAULTS: [&str; 2] = ["default", "db_default"];

fn fact(key: &str, value: &Value, dialect: &str) -> Json {
    match value {
        Value::Table(table)
            if DEFAULTS.contains(&key) && !(table.len() == 1 && table.contains_key("sql")) =>
        {
            literal(value)
        }
        Value::String(sql) if SQL.contains(&key) => by_tokens(sql, script_rules(dialect).syntax).into(),
        Value::Table(texts) if SQL.contains(&key) => {
            texts.get(dialect).map_or(Json::Null, |text| fact(key, text, dialect))
        }
        Value::Table(table) => object(table, |key, value| fact(key, value, dialect)),
        Value::Array(items) => items.iter().map(|item| fact(key, item, dialect)).collect(),
        other => literal(other),
    }
}

fn literal(value: &Value) -> Json {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        // A day as a text is the same default as the day itself.
        Value::Datetime(moment) => moment.to_string().into(),
        Value::Float(number) => {
            serde_json::Number::from_f64(*number).map_or_else(|| number.to_string().into(), Json::Number)
        }
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Table(table) => object(table, |_, value| literal(value)),
    }
}

/// With sorted keys, whichever order the parser keeps.
fn object(table: &toml::Table, json: impl Fn(&str, &Value) -> Json) -> Json {
    let sorted: BTreeMap<&String, &Value> = table.iter().collect();
    Json::Object(
        sorted.into_iter().map(|(key, value)| (key.clone(), json(key, value))).collect::<Map<_, _>>(),
    )
}
