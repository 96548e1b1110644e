//! Pieces as migrations behind those that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::called::{Naming, name, next_number};
use super::cut::Piece;
use super::parted::parted;
use super::staged::staged;
use super::step::Step;
use crate::migrations::error::{Error, Result};
use crate::migrations::graph::Graph;
use crate::migrations::migration::{Key, Migration, Reference, Stage};
use crate::migrations::operations::Operation;
use crate::migrations::optimizer::optimized;
use crate::migrations::state::ProjectState;

/// What is written out.
#[derive(Clone, Copy)]
pub(super) struct Arranging<'a> {
    /// The migrations that are there.
    pub graph: &'a Graph,
    /// The models as they leave them.
    pub before: &'a ProjectState,
    /// How the new ones are called.
    pub naming: Naming<'a>,
    /// Whether programs of before have to go on meanwhile.
    pub is_safe: bool,
}

/// What is to be known behind one piece.
#[derive(Default)]
struct Ends {
    /// What depends on the piece depends on these.
    last: BTreeSet<Key>,
    /// What is left of it for a later release.
    waiting: Option<Step>,
}

impl Arranging<'_> {
    /// The migrations of the pieces, each behind those that it depends on; what waits for a later release comes last.
    ///
    /// # Errors
    /// Those of [`staged`].
    pub(super) fn migrations(self, pieces: &[Piece]) -> Result<Vec<Migration>> {
        let mut writing = Writing { arranging: self, numbers: BTreeMap::new(), migrations: Vec::new() };
        let mut state = self.before.clone();
        let mut ends: Vec<Ends> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let mut steps = self.steps(piece, &state)?;
            piece.operations.iter().try_for_each(|operation| {
                let done = operation.change().state_forwards(&piece.app, &mut state);
                done.map_err(|problem| no_way(operation, problem))
            })?;
            let waiting = steps.pop_if(|step| step.stage == Stage::Contract);
            let last = writing.write(&piece.app, steps, self.depends(piece, &ends));
            ends.push(Ends { last, waiting });
        }
        let mut released: Vec<BTreeSet<Key>> = Vec::with_capacity(pieces.len());
        for (piece, end) in pieces.iter().zip(ends) {
            let parents = piece.pieces.iter().flat_map(|parent| released[*parent].clone());
            let steps = Vec::from_iter(end.waiting);
            let depends: BTreeSet<Key> =
                if steps.is_empty() { parents.collect() } else { parents.chain(end.last).collect() };
            released.push(writing.write(&piece.app, steps, depends));
        }
        Ok(writing.migrations)
    }

    fn steps(self, piece: &Piece, state: &ProjectState) -> Result<Vec<Step>> {
        let (app, operations) = (&piece.app, optimized(&piece.app, piece.operations.clone()));
        let is_new = |model: &str| self.before.get(app, model).is_none();
        if self.is_safe { staged(app, state, is_new, operations) } else { Ok(parted(app, operations)) }
    }

    fn depends(self, piece: &Piece, ends: &[Ends]) -> BTreeSet<Key> {
        let mut depends: BTreeSet<Key> =
            piece.pieces.iter().flat_map(|parent| ends[*parent].last.iter().cloned()).collect();
        let is_first = !ends
            .iter()
            .flat_map(|end| &end.last)
            .any(|other| other.app == piece.app && !self.is_there(other));
        let own = self.graph.leaves(&piece.app).into_iter().filter(|_| is_first);
        let others = piece.apps.iter().flat_map(|other| self.graph.leaves(other));
        depends.extend(piece.migrations.iter().cloned());
        depends.extend(others.chain(own).map(|leaf| leaf.key.clone()));
        depends
    }

    fn is_there(self, key: &Key) -> bool {
        self.graph.get(key).is_some()
    }
}

/// The migrations that are written so far.
struct Writing<'a> {
    arranging: Arranging<'a>,
    /// By app, the last number.
    numbers: BTreeMap<String, u64>,
    migrations: Vec<Migration>,
}

impl Writing<'_> {
    /// Writes steps one behind the other; what depends on them depends on the last, or on what they would depend on.
    fn write(&mut self, app: &str, steps: Vec<Step>, mut depends: BTreeSet<Key>) -> BTreeSet<Key> {
        let Arranging { graph, naming, .. } = self.arranging;
        let mut initial = graph.leaves(app).is_empty().then_some(true);
        for Step { operations, atomic, stage } in steps {
            let last = self.numbers.get(app).copied().or_else(|| graph.greatest_number(app));
            let number = next_number(last, naming.now);
            self.numbers.insert(app.to_owned(), number);
            let called = name(&operations, initial.is_some(), naming);
            let initial = initial.take();
            let key = Key::new(app, &format!("{number:04}_{called}"));
            let before = std::mem::replace(&mut depends, BTreeSet::from([key.clone()]));
            let depends = before.into_iter().map(|key| Reference { key, line: 1 }).collect();
            self.migrations.push(Migration {
                depends,
                initial,
                atomic,
                stage,
                ..Migration::new(key, number, operations)
            });
        }
        depends
    }
}

fn no_way(operation: &Operation, problem: String) -> Error {
    Error::NoWay { what: operation.change().describe(), problem }
}
