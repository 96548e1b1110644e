//! The JSON Schema of settings files, made by a reading of nothing.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::entry::HIDDEN;
use super::record::{Record, Shape};
use super::section::{ANY, Reading, Section};
use super::settings::{AppSettings, Settings};
use super::tree::Table;

/// The JSON Schema of settings files, with the tables of these apps. Draft 7: what editors of TOML understand.
pub(crate) fn schema(apps: &[AppSettings]) -> Value {
    let reading = Reading { records: Some(RefCell::default()), ..Reading::default() };
    Section::read(&reading, "", Table::new(), |section| Settings::read(section, apps));
    let mut root = table();
    for record in reading.records.map(RefCell::into_inner).unwrap_or_default() {
        let path: Vec<&str> = record.path.split('.').collect();
        add(&mut root, &path, &record);
    }
    let mut whole = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings",
        "description": "Strings may hold ${NAME}, ${NAME:-default} and ${NAME:?message}.",
    });
    if let (Value::Object(whole), Value::Object(root)) = (&mut whole, root) {
        whole.extend(root);
    }
    whole
}

fn table() -> Value {
    json!({"type": "object", "properties": {}, "additionalProperties": false})
}

/// Writes a record down at its place below `node`, a table.
fn add(node: &mut Value, path: &[&str], record: &Record) {
    let Some((key, rest)) = path.split_first() else { return describe(node, record) };
    let entry = match *key {
        ANY => &mut node["additionalProperties"],
        key => &mut node["properties"][key],
    };
    if !entry.is_object() {
        *entry = table();
    }
    if let ([], Shape::Value { kind, .. }) = (rest, &record.shape) {
        *entry = kind.schema();
    }
    add(entry, rest, record);
}

fn describe(node: &mut Value, record: &Record) {
    let Some(node) = node.as_object_mut() else { return };
    if !record.description.is_empty() {
        node.entry("description").or_insert_with(|| record.description.into());
    }
    if let Shape::Value { default, .. } = &record.shape
        && is_shown(default)
    {
        node.insert("default".into(), default.clone());
    }
}

/// Neither nothing nor a secret.
fn is_shown(default: &Value) -> bool {
    !default.is_null() && default != HIDDEN
}
