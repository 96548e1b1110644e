//! What hosting platforms say by variables of their own: at which port to listen, and how many workers fit.

use manage_leaves::environment::Environment;

use super::error::Origin;
use super::tree::{self, Content, Node, Table};

/// A variable, the table and the key of the setting that it gives, and how its value is written there.
type Variable = (&'static str, &'static str, &'static str, fn(&str) -> String);

const VARIABLES: [Variable; 2] = [
    // A platform's proxy comes from another machine (gunicorn's own rule).
    ("PORT", "server", "bind", |port| format!("0.0.0.0:{port}")),
    ("WEB_CONCURRENCY", "server", "workers", str::to_owned),
];

/// Adds what the platform says, where `own`, the project's own settings, say nothing.
pub(super) fn take_variables(table: &mut Table, own: &Table, environment: &Environment) {
    for (name, section, key, write) in VARIABLES {
        let Some(value) = environment.get(name).map(str::trim).filter(|value| !value.is_empty()) else {
            continue;
        };
        if !is_set(own, section, key) {
            let path = [section.to_owned(), key.to_owned()];
            let origin = Origin::Variable(name.to_owned());
            tree::set(table, &path, Node { value: Content::Untyped(write(value)), origin });
        }
    }
}

fn is_set(table: &Table, section: &str, key: &str) -> bool {
    matches!(table.get(section), Some(Node { value: Content::Table(table), .. }) if table.contains_key(key))
}
