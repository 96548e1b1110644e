//! One JSON object.

use serde_json::{Value, json};

use super::lines::{Line, Shown};
use super::summary;
use crate::timezone;

/// The migrations, or only those about which something has to be done, and the numbers of all there are.
pub(super) fn json(databases: &[Shown], is_pending: bool) -> Value {
    let shown: Vec<Value> = databases.iter().map(|shown| database(shown, is_pending)).collect();
    json!({ "databases": shown, "summary": summary::numbers(databases) })
}

fn database(shown: &Shown, is_pending: bool) -> Value {
    if let Some(error) = &shown.error {
        return json!({ "alias": shown.alias, "error": error.to_string() });
    }
    let lines = shown.lines.iter().filter(|line| !is_pending || line.state.is_noteworthy());
    json!({ "alias": shown.alias, "migrations": lines.map(migration).collect::<Vec<_>>() })
}

fn migration(line: &Line) -> Value {
    json!({
        "app": line.key.app,
        "name": line.key.name,
        "state": line.state.word(),
        "applied_at": line.applied_at.map(timezone::iso),
        "depends": line.depends,
    })
}
