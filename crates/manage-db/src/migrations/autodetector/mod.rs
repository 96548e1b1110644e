//! What has to be written so that the migrations leave the models as they are now.

mod changes;
mod likeness;
mod question;
mod wanted;
mod wish;

mod renames;
mod replayed;

mod detector;

mod cut;

mod called;

mod parted;

mod folded;

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::graph::Graph;
use super::migration::{Key, Migration, Reference};
use super::optimizer::optimized;
use super::state::ProjectState;
use crate::models::Registry;
use called::name;
use cut::Piece;
use detector::Detector;
use parted::{Step, parted};

pub use called::Naming;
pub(super) use called::next_number;
pub use folded::folded;
pub use question::{Answer, Question};
pub use replayed::Replayed;
pub use wish::Wish;

/// The models of the registry. Those of apps without models of their own (`has_models` tells) are as the migrations leave
/// them: somebody else looks after them.
pub fn declared(
    registry: &Registry,
    replayed: &ProjectState,
    has_models: impl Fn(&str) -> bool,
) -> ProjectState {
    let mut state = ProjectState::default();
    let kept = replayed.models().filter(|model| !has_models(&model.app));
    let models = registry.iter().filter(|model| has_models(&model.app)).chain(kept);
    for model in models {
        let mut model = (**model).clone();
        model.options.without_fixtures();
        // Labels are there once: the registry and a state are maps of them.
        drop(state.add(model));
    }
    state
}

/// The migrations that bring `before`, as those of `graph` leave the models, to `after`. What `wishes` say is done; `ask` is
/// asked what else only a person knows.
///
/// # Errors
/// Those of `ask`; [`Error::NoWay`] where models cannot become what they are to be.
pub fn changes<E: From<Error>>(
    graph: &Graph,
    (before, after): (&Replayed, &ProjectState),
    (wishes, naming): (&[Wish], Naming<'_>),
    ask: impl FnMut(&Question) -> Result<Answer, E>,
) -> Result<Vec<Migration>, E> {
    let found = Detector::new(&before.state, after, wishes, ask).detect()?;
    Ok(arranged(graph, cut::cut(before, found), naming))
}

/// Pieces as migrations behind those that are there.
fn arranged(graph: &Graph, pieces: Vec<Piece>, naming: Naming<'_>) -> Vec<Migration> {
    let mut keys: Vec<Key> = Vec::with_capacity(pieces.len());
    let mut migrations = Vec::with_capacity(pieces.len());
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    for piece in pieces {
        let Piece { app, operations, pieces, apps, migrations: others_of } = piece;
        let leaves = graph.leaves(&app);
        let mut initial = leaves.is_empty().then_some(true);
        let is_first = !keys.iter().any(|other| other.app == app);
        let mut depends: BTreeSet<Key> = pieces.iter().map(|piece| keys[*piece].clone()).collect();
        let others = apps.iter().flat_map(|other| graph.leaves(other));
        depends.extend(others_of);
        depends.extend(others.chain(leaves.into_iter().filter(|_| is_first)).map(|leaf| leaf.key.clone()));
        for Step { operations, atomic } in parted(&app, optimized(&app, operations)) {
            let last = numbers.get(&app).copied().or_else(|| graph.greatest_number(&app));
            let number = next_number(last, naming.now);
            numbers.insert(app.clone(), number);
            let called = name(&operations, initial.is_some(), naming);
            let key = Key::new(&app, &format!("{number:04}_{called}"));
            let before = std::mem::replace(&mut depends, BTreeSet::from([key.clone()]));
            let depends = before.into_iter().map(|key| Reference { key, line: 1 }).collect();
            let initial = initial.take();
            migrations.push(Migration {
                depends,
                initial,
                atomic,
                ..Migration::new(key, number, operations)
            });
        }
        // What depends on the piece depends on its last step.
        keys.extend(depends);
    }
    migrations
}

/// A migration of `app` that does nothing yet, behind those that are there.
pub fn empty(graph: &Graph, app: &str, naming: Naming<'_>) -> Migration {
    let piece = Piece { app: app.to_owned(), ..Piece::default() };
    let mut migrations = arranged(graph, vec![piece], naming);
    migrations.remove(0)
}
