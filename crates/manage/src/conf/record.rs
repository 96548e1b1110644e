//! What can be written in settings, as the reading lines say it.

use serde_json::Value;

use super::kind::Kind;

/// One key that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// The key with its tables; `*` where the keys are free.
    pub path: String,
    /// What it is for; empty where nobody said.
    pub description: &'static str,
    /// What it takes.
    pub shape: Shape,
}

/// What a key takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A table.
    Table,
    /// A value.
    Value {
        /// What it takes.
        kind: Kind,
        /// What holds where nothing is written.
        default: Value,
    },
}
