//! The tables in the course of a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::backends::base::changes::TableChange;

/// What the tables are called before the run, and who made them.
#[derive(Default)]
pub(super) struct Course {
    /// Each table with the name that it has before the run; none: the run makes it.
    before: BTreeMap<String, Option<String>>,
    /// Those that the migration at hand makes.
    own: BTreeSet<String>,
}

impl Course {
    /// Begins with the next migration.
    pub(super) fn next(&mut self) {
        self.own.clear();
    }

    /// The name before the run; none: it was not there.
    pub(super) fn before(&self, table: &str) -> Option<String> {
        self.before.get(table).cloned().unwrap_or_else(|| Some(table.to_owned()))
    }

    /// Whether the migration at hand makes the table, so that it holds nothing but what that puts there.
    pub(super) fn is_own(&self, table: &str) -> bool {
        self.own.contains(table)
    }

    /// Goes on behind a change.
    pub(super) fn follow(&mut self, change: &TableChange) {
        match change {
            TableChange::Create(table) => {
                self.before.insert(table.name.clone(), None);
                self.own.insert(table.name.clone());
            }
            TableChange::Rename { from, to } => {
                let before = self.before(from);
                self.before.remove(from);
                self.before.insert(to.clone(), before);
                if self.own.remove(from) {
                    self.own.insert(to.clone());
                }
            }
            _ => {}
        }
    }
}
