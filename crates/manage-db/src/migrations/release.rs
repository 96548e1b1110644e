//! Migrations that wait until no program of before runs any more.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::migration::{Key, Stage};

/// What waits on one database.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Migrations of [`Stage::Contract`], and what depends on them.
    pub keys: BTreeSet<Key>,
    /// One that depends on them and is needed by the programs of now, with what it waits for.
    pub blocked: Option<(Key, Key)>,
}

/// What waits on a database on which `applied` is applied: no program of before can run where nothing of the app is.
pub(super) fn waiting(graph: &Graph, applied: &BTreeSet<Key>) -> Waiting {
    let mut waiting = Waiting::default();
    let runs = |app: &str| applied.iter().any(|key| key.app == app);
    for migration in graph.migrations().filter(|migration| !applied.contains(&migration.key)) {
        let key = &migration.key;
        let mut parents = graph.parents(key).map(|parent| &parent.key);
        let parent = parents.find(|parent| waiting.keys.contains(*parent)).cloned();
        let is_contract = migration.stage == Stage::Contract && runs(&key.app);
        if let (Some(parent), Stage::Expand, None) = (&parent, migration.stage, &waiting.blocked) {
            waiting.blocked = Some((key.clone(), parent.clone()));
        }
        if is_contract || parent.is_some() {
            waiting.keys.insert(key.clone());
        }
    }
    waiting
}
