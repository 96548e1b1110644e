//! Changes that go into the last migration of their app.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::called::{Naming, name};
use crate::migrations::error::{Error, Result};
use crate::migrations::file_name::number_of;
use crate::migrations::graph::Graph;
use crate::migrations::migration::{Key, Migration, Reference};
use crate::migrations::operations::Operation;
use crate::migrations::optimizer::optimized;
use crate::migrations::program;
use crate::migrations::state::ProjectState;

/// The last migration of each app of `changes`, one for each app, with what these do besides. One that nothing is left of
/// is left out. They are called after what they do now, or `name`.
///
/// # Errors
/// [`Error::Cycle`] and [`Error::NoWay`] when the changes cannot stand where the last migrations do.
pub fn folded(
    graph: &Graph,
    changes: Vec<Migration>,
    name: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Migration>> {
    let naming = Naming { name, now };
    let pairs: Vec<(Migration, Migration)> = changes
        .into_iter()
        .filter_map(|change| {
            let last = graph.leaves(&change.key.app).into_iter().next()?;
            Some((Migration::clone(last), change))
        })
        .collect();
    let renamed: Vec<(Key, Key)> =
        pairs.iter().map(|(last, change)| (change.key.clone(), whole(last, change, naming).key)).collect();
    let mut gone: BTreeSet<Key> = BTreeSet::new();
    let mut folded = Vec::new();
    for (last, change) in &pairs {
        let mut whole = whole(last, change, naming);
        for reference in &mut whole.depends {
            let found = renamed.iter().find(|(key, _)| *key == reference.key);
            if let Some((_, to)) = found {
                reference.key = to.clone();
            }
        }
        gone.insert(last.key.clone());
        folded.push(whole);
    }
    check(graph, &gone, &folded)?;
    folded.retain(|migration| !migration.operations.is_empty());
    Ok(folded)
}

/// The last migration with what its changes do.
fn whole(last: &Migration, change: &Migration, naming: Naming<'_>) -> Migration {
    let all = last.operations.iter().chain(&change.operations).map(|located| located.operation.clone());
    let operations: Vec<Operation> = optimized(&last.key.app, all.collect());
    let number = last.key.name.split('_').next().unwrap_or_default();
    let called = name(&operations, last.initial == Some(true), naming);
    let key = Key::new(&last.key.app, &format!("{number}_{called}"));
    let known = last.depends.iter().map(|reference| reference.key.clone());
    let more = change.depends.iter().map(|reference| reference.key.clone());
    let depends: BTreeSet<Key> = known.chain(more).filter(|key| *key != last.key).collect();
    Migration {
        depends: depends.into_iter().map(|key| Reference { key, line: 1 }).collect(),
        run_before: last.run_before.clone(),
        initial: last.initial,
        atomic: last.atomic,
        allow_unsafe: last.allow_unsafe.clone(),
        ..Migration::new(key, number_of(&last.key.name).unwrap_or(last.number), operations)
    }
}

/// Refuses migrations in the places of others where that makes no sense.
fn check(graph: &Graph, gone: &BTreeSet<Key>, folded: &[Migration]) -> Result<()> {
    let graph = graph.instead(gone, folded.iter().cloned())?;
    let mut state = ProjectState::default();
    for migration in graph.migrations() {
        program::replay(migration, &mut state).map_err(|error| {
            let (what, problem) = (migration.key.to_string(), error.to_string());
            Error::NoWay { what, problem }
        })?;
    }
    Ok(())
}
