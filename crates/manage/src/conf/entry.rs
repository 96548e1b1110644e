//! One setting as it was read.

use serde_json::Value;

use super::error::Origin;

/// What stands for a secret wherever settings are shown.
pub(super) const HIDDEN: &str = "********";

/// One setting as it was read, for `diffsettings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The setting with its tables: `server.bind`.
    pub key: String,
    /// Its value; null: none, stars for a secret.
    pub value: Value,
    /// Its default, as the value.
    pub default: Value,
    /// Which layer set it.
    pub origin: Origin,
}

/// What set `key`, among the settings that were read so far.
pub(super) fn origin_of(entries: &[Entry], key: &str) -> Origin {
    // The last ones are asked for most.
    let entry = entries.iter().rev().find(|entry| entry.key == key);
    entry.map_or(Origin::Default, |entry| entry.origin.clone())
}

/// A setting's value as TOML; what TOML has no word for is `none`, and the stars of a secret stand alone.
pub(crate) fn as_toml(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text == HIDDEN => HIDDEN.to_owned(),
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(as_toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// What is shown of a secret: whether there is one.
pub(super) fn hidden(secret: &str) -> Value {
    if secret.is_empty() { "".into() } else { HIDDEN.into() }
}
