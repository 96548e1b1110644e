//! Several migrations of an app made into one that comes to the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Error, Result};
use super::file_name::MAX_BYTES;
use super::graph::Graph;
use super::migration::{Key, Located, Migration, Reference};
use super::operations::{
    AddConstraint, AddIndex, AlterField, Operation, RemoveIndex, RunRust, RunSql, ValidateConstraint,
};
use super::optimizer::optimized;
use super::program;
use super::state::ProjectState;

/// A squash that is to be written.
#[derive(Debug)]
pub struct Squash {
    /// It.
    pub migration: Migration,
    /// How many operations the migrations have that it stands for.
    pub before: usize,
}

/// How migrations are squashed.
#[derive(Debug, Clone, Copy)]
pub struct HowToSquash<'a> {
    /// Whether operations are merged.
    pub is_optimized: bool,
    /// The name behind the number, instead of one made of the first name and the last.
    pub name: Option<&'a str>,
}

/// The migrations of `app` up to `end`, from `start` on where that is named.
///
/// # Errors
/// Those of [`Graph::find`]; [`Error::NoWay`] when `start` does not come before `end`.
pub fn range(graph: &Graph, app: &str, start: Option<&str>, end: &str) -> Result<BTreeSet<Key>> {
    let end = graph.find(app, end)?;
    let mut keys = graph.with_ancestors([&end.key]);
    keys.retain(|key| key.app == app);
    if let Some(start) = start {
        let start = graph.find(app, start)?;
        if !keys.contains(&start.key) {
            let problem = format!("{} does not come before it", start.key);
            return Err(Error::NoWay { what: end.key.to_string(), problem });
        }
        let mut before = graph.with_ancestors([&start.key]);
        before.remove(&start.key);
        keys.retain(|key| !before.contains(key));
    }
    Ok(keys)
}

/// The squashes that stand for `keys`.
///
/// Where a migration of another app, or one that is not among them, comes between two of them, they are two squashes; what
/// would stand for one migration alone is left out.
///
/// # Errors
/// [`Error::NoWay`] when the models would come to something else.
pub fn squash(graph: &Graph, keys: &BTreeSet<Key>, how: HowToSquash<'_>) -> Result<Vec<Squash>> {
    let pieces = pieces(graph, keys);
    let squashes: Vec<Squash> = pieces.iter().filter_map(|piece| of_piece(graph, piece, how)).collect();
    check(graph, &squashes)?;
    Ok(squashes)
}

/// Migrations of one app that nothing else comes between.
type Piece<'a> = Vec<&'a Arc<Migration>>;

fn pieces<'a>(graph: &'a Graph, keys: &BTreeSet<Key>) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let mut piece_of: BTreeMap<&Key, usize> = BTreeMap::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for migration in graph.migrations().filter(|migration| keys.contains(&migration.key)) {
        let (key, app) = (&migration.key, migration.key.app.as_str());
        let open = last.get(app).copied();
        let at = match open.filter(|at| !is_between(graph, &pieces, &piece_of, (*at, migration))) {
            Some(at) => at,
            None => {
                pieces.push(Vec::new());
                pieces.len() - 1
            }
        };
        pieces[at].push(migration);
        piece_of.insert(key, at);
        last.insert(app, at);
    }
    pieces
}

/// Whether something that is not of the piece has to run behind it and before the migration.
fn is_between(
    graph: &Graph,
    pieces: &[Piece<'_>],
    piece_of: &BTreeMap<&Key, usize>,
    (at, migration): (usize, &Migration),
) -> bool {
    let mut waiting: Vec<&Key> = graph.parents(&migration.key).map(|parent| &parent.key).collect();
    waiting.retain(|key| piece_of.get(key) != Some(&at));
    let mut seen: BTreeSet<&Key> = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        let piece = piece_of.get(key).copied();
        if piece == Some(at) {
            return true;
        }
        // What is one afterwards is reached as one.
        let whole =
            piece.map_or_else(|| vec![key], |piece| pieces[piece].iter().map(|one| &one.key).collect());
        for key in whole {
            if seen.insert(key) {
                waiting.extend(graph.parents(key).map(|parent| &parent.key));
            }
        }
    }
    false
}

fn of_piece(graph: &Graph, piece: &Piece<'_>, how: HowToSquash<'_>) -> Option<Squash> {
    let [first, .., last] = piece.as_slice() else { return None };
    let operations: Vec<Operation> = piece.iter().flat_map(|one| operations(one)).collect();
    let before = piece.iter().map(|one| one.operations.len()).sum();
    let operations = on_new_tables(operations);
    let operations = if how.is_optimized { optimized(&first.key.app, operations) } else { operations };
    let is_member = |key: &Key| piece.iter().any(|one| one.key == *key);
    let parents = piece.iter().flat_map(|one| graph.parents(&one.key)).map(|parent| parent.key.clone());
    let depends: BTreeSet<Key> = parents.filter(|key| !is_member(key)).collect();
    let later = piece.iter().flat_map(|one| &one.run_before).map(|one| one.key.clone());
    let run_before: BTreeSet<Key> = later.filter(|key| !is_member(key)).collect();
    let replaces = piece.iter().flat_map(|one| {
        let mut inner = graph.replaced(&one.key);
        inner.sort();
        inner.into_iter().chain([one.key.clone()])
    });
    // What runs by itself needs that; tables that are being made do not.
    let does_more = |operation: &Operation| operation.change().subjects(&first.key.app).is_none();
    let atomic = piece.iter().all(|one| one.atomic) || !operations.iter().any(does_more);
    let allowed: BTreeSet<&'static str> = piece.iter().flat_map(|one| &one.allow_unsafe).copied().collect();
    let allow_unsafe = allowed.into_iter().collect();
    let migration = Migration {
        depends: references(depends),
        run_before: references(run_before),
        replaces: references(replaces),
        initial: graph.is_initial(first).then_some(true),
        atomic,
        allow_unsafe,
        ..Migration::new(Key::new(&first.key.app, &name(first, last, how)), first.number, operations)
    };
    Some(Squash { migration, before })
}

fn references(keys: impl IntoIterator<Item = Key>) -> Vec<Reference> {
    keys.into_iter().map(|key| Reference { key, line: 1 }).collect()
}

/// The operations of a migration that a squash has: what new databases do without is left out.
fn operations(migration: &Migration) -> impl Iterator<Item = Operation> {
    let is_kept = |operation: &&Operation| {
        !matches!(
            operation,
            Operation::FillField(_)
                | Operation::AddTrigger(_)
                | Operation::RemoveTrigger(_)
                | Operation::RunSql(RunSql { elidable: true, .. })
                | Operation::RunRust(RunRust { elidable: true, .. })
        )
    };
    migration.operations.iter().map(|Located { operation, .. }| operation).filter(is_kept).cloned()
}

/// Operations as they are where the tables are new: nobody is to be let pass, and no row is to be looked at later.
fn on_new_tables(operations: Vec<Operation>) -> Vec<Operation> {
    let mut unchecked: BTreeSet<(String, String)> = BTreeSet::new();
    let name = |model: &str, name: &str| (model.to_lowercase(), name.to_owned());
    let mut kept = Vec::with_capacity(operations.len());
    for mut operation in operations {
        match &mut operation {
            Operation::AddIndex(AddIndex { concurrently, .. })
            | Operation::AlterField(AlterField { concurrently, .. })
            | Operation::RemoveIndex(RemoveIndex { concurrently, .. }) => *concurrently = false,
            Operation::AddConstraint(AddConstraint { model, constraint, not_valid, concurrently }) => {
                if std::mem::take(not_valid) {
                    unchecked.insert(name(model, &constraint.name));
                }
                *concurrently = false;
            }
            Operation::ValidateConstraint(ValidateConstraint { model, name: constraint })
                if unchecked.remove(&name(model, constraint)) =>
            {
                continue;
            }
            _ => {}
        }
        kept.push(operation);
    }
    kept
}

/// Django's name of a squash; of the numbers alone where it would be too long for a file.
fn name(first: &Migration, last: &Migration, how: HowToSquash<'_>) -> String {
    let number = first.key.name.split('_').next().unwrap_or_default();
    if let Some(name) = how.name {
        return format!("{number}_{name}");
    }
    let name = format!("{}_squashed_{}", first.key.name, last.key.name);
    let end = last.key.name.split('_').next().unwrap_or_default();
    if name.len() <= MAX_BYTES { name } else { format!("{number}_squashed_{end}") }
}

/// Refuses squashes with which the models come to something else, or to nothing at all.
fn check(graph: &Graph, squashes: &[Squash]) -> Result<()> {
    let Some(first) = squashes.first() else { return Ok(()) };
    let squashed = graph.instead(&BTreeSet::new(), squashes.iter().map(|one| one.migration.clone()))?;
    let (before, after) = (models(graph)?, models(&squashed)?);
    if before == after {
        return Ok(());
    }
    let differ = |model: &&Arc<_>| !after.models().any(|other| other == *model);
    let model = before.models().find(differ).map_or_else(String::new, |model| model.label());
    let problem = format!("the model {model} would come to be another one");
    Err(Error::NoWay { what: first.migration.key.to_string(), problem })
}

fn models(graph: &Graph) -> Result<ProjectState> {
    let mut state = ProjectState::default();
    graph.migrations().try_for_each(|migration| program::replay(migration, &mut state))?;
    Ok(state)
}
