//! One migration: what its files say, and how the history knows it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::canonical::Canonical;
use super::operations::Operation;
use super::place::Place;
use manage_leaves::crypto;

/// Numbers of different migrations lie this far apart in the history, with room for a hash between them.
const NUMBER_STEP: u64 = 1_000_000_000_000;

/// The greatest number of those that people count.
const MAX_SMALL_NUMBER: u64 = i64::MAX as u64 / NUMBER_STEP - 1;

/// Numbers that are moments, of 14 digits, lie so far apart.
const MOMENT_STEP: u64 = 10_000;

/// The greatest number that fits the history's versions.
pub(crate) const MAX_NUMBER: u64 = i64::MAX as u64 / MOMENT_STEP - 1;

/// App and name of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Label of the app.
    pub app: String,
    /// Name of the file without its ending: `0001_initial`.
    pub name: String,
}

impl Key {
    /// The key of `app.name`.
    pub fn new(app: &str, name: &str) -> Self {
        Self { app: app.to_owned(), name: name.to_owned() }
    }

    /// `app__0001_name`, as the history writes it.
    pub(crate) fn recorded_name(&self) -> String {
        format!("{}__{}", self.app, self.name)
    }

    /// Reads `app__0001_name`. Labels of apps hold no `__`.
    pub(crate) fn from_recorded_name(name: &str) -> Option<Self> {
        let (app, name) = name.split_once("__")?;
        Some(Self::new(app, name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.name)
    }
}

/// A line of a file that names another migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The migration; its name may be `__first__` or `__latest__`.
    pub key: Key,
    /// The line, from 1.
    pub line: usize,
}

/// An operation and the line where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// The operation.
    pub operation: Operation,
    /// The line, from 1.
    pub line: usize,
}

/// To which release a migration belongs, where programs of before and after a change run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It is applied before the programs that need it start; those of before go on.
    #[default]
    Expand,
    /// It is applied once no program of before runs any more.
    Contract,
}

/// One migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    /// App and name.
    pub key: Key,
    /// The number its name begins with.
    pub number: u64,
    /// Its file, relative to the project's root.
    pub path: String,
    /// What has to be applied before it.
    pub depends: Vec<Reference>,
    /// What it has to be applied before.
    pub run_before: Vec<Reference>,
    /// The migrations that it stands for, where it is a squash.
    pub replaces: Vec<Reference>,
    /// Whether the file says that it makes the first tables of its app.
    pub initial: Option<bool>,
    /// Whether it runs in one transaction.
    pub atomic: bool,
    /// To which release it belongs.
    pub stage: Stage,
    /// Codes of rules that it may break.
    pub allow_unsafe: Vec<&'static str>,
    /// Whether it continues the app's migration before it when it names none of its app.
    pub follows_number: bool,
    /// What it does.
    pub operations: Vec<Located>,
    /// What the history keeps a checksum of.
    pub canonical: Canonical,
}

impl Migration {
    /// A migration that is to be written: of these operations, in one transaction, behind nothing.
    pub(super) fn new(key: Key, number: u64, operations: Vec<Operation>) -> Self {
        Self {
            path: format!("migrations/{}/{}.toml", key.app, key.name),
            key,
            number,
            depends: Vec::new(),
            run_before: Vec::new(),
            replaces: Vec::new(),
            initial: None,
            atomic: true,
            stage: Stage::Expand,
            allow_unsafe: Vec::new(),
            follows_number: false,
            operations: operations.into_iter().map(|operation| Located { operation, line: 1 }).collect(),
            canonical: Canonical::default(),
        }
    }

    /// The migration with other operations, as it is to be written.
    #[must_use]
    pub fn with_operations(&self, operations: Vec<Operation>) -> Self {
        let operations = operations.into_iter().map(|operation| Located { operation, line: 1 }).collect();
        Self { operations, canonical: Canonical::default(), ..self.clone() }
    }

    /// The number under which the history knows it. Two branches of one number differ in it.
    pub fn version(&self) -> i64 {
        version(&self.key, self.number)
    }

    /// A line of its file.
    pub fn place(&self, line: usize) -> Place {
        Place::new(&self.path, line)
    }

    /// The first operation that cannot be undone.
    pub fn irreversible(&self) -> Option<&Located> {
        self.operations.iter().find(|located| !located.operation.change().is_reversible())
    }
}

/// As [`Migration::version`].
pub(super) fn version(key: &Key, number: u64) -> i64 {
    let digest = crypto::sha256_hex(key.to_string().as_bytes());
    let step = if number > MAX_SMALL_NUMBER { MOMENT_STEP } else { NUMBER_STEP };
    let hash = u64::from_str_radix(&digest[..16], 16).unwrap_or_default() % step;
    i64::try_from(number.saturating_mul(step).saturating_add(hash)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_name_is_read_back() {
        let key = Key::new("blog", "0001_a__b");
        assert_eq!(key.recorded_name(), "blog__0001_a__b");
        assert_eq!(Key::from_recorded_name("blog__0001_a__b"), Some(key));
        assert_eq!(Key::from_recorded_name("V1"), None);
    }
}
