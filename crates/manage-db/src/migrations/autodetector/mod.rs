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

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::canonical::Canonical;
use super::error::Error;
use super::graph::Graph;
use super::migration::{Key, Located, Migration, Reference};
use super::naming;
use super::operations::Operation;
use super::optimizer::optimized;
use super::state::ProjectState;
use crate::models::Registry;
use cut::Piece;
use detector::Detector;

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

/// How migrations are called.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The name behind the number; none: it follows from the operations.
    pub name: Option<&'a str>,
    /// When they are made, for names that follow from nothing else and for numbers that are moments.
    pub now: Timestamp,
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
        let is_initial = leaves.is_empty();
        let operations = optimized(&app, operations);
        let last = numbers.get(&app).copied().or_else(|| graph.of_app(&app).map(|one| one.number).max());
        let number = next_number(last, naming.now);
        numbers.insert(app.clone(), number);
        let key = Key::new(&app, &format!("{number:04}_{}", name(&operations, is_initial, naming)));
        let mut depends: BTreeSet<Key> = pieces.iter().map(|piece| keys[*piece].clone()).collect();
        let is_first = !keys.iter().any(|other| other.app == app);
        let others = apps.iter().flat_map(|other| graph.leaves(other));
        depends.extend(others_of);
        depends.extend(others.chain(leaves.into_iter().filter(|_| is_first)).map(|leaf| leaf.key.clone()));
        keys.push(key.clone());
        migrations.push(migration(key, number, depends, operations, is_initial));
    }
    migrations
}

/// The number behind `last`. Where numbers are moments, it is this moment.
fn next_number(last: Option<u64>, now: Timestamp) -> u64 {
    const MOMENTS: u64 = 10_000_000_000_000;
    let last = last.unwrap_or_default();
    let moment = now.strftime("%Y%m%d%H%M%S").to_string().parse().unwrap_or_default();
    if last < MOMENTS { last + 1 } else { u64::max(last + 1, moment) }
}

fn name(operations: &[Operation], is_initial: bool, given: Naming<'_>) -> String {
    let suggested = || naming::suggested(operations, is_initial);
    let own = given.name.map(str::to_owned);
    own.or_else(suggested).unwrap_or_else(|| given.now.strftime("auto_%Y%m%d_%H%M").to_string())
}

/// A migration of `app` that does nothing yet, behind those that are there.
pub fn empty(graph: &Graph, app: &str, naming: Naming<'_>) -> Migration {
    let piece = Piece { app: app.to_owned(), ..Piece::default() };
    let mut migrations = arranged(graph, vec![piece], naming);
    migrations.remove(0)
}

/// A migration that is to be written.
fn migration(
    key: Key,
    number: u64,
    depends: impl IntoIterator<Item = Key>,
    operations: Vec<Operation>,
    is_initial: bool,
) -> Migration {
    Migration {
        path: format!("migrations/{}/{}.toml", key.app, key.name),
        key,
        number,
        depends: depends.into_iter().map(|key| Reference { key, line: 1 }).collect(),
        run_before: Vec::new(),
        initial: is_initial.then_some(true),
        atomic: true,
        follows_number: false,
        operations: operations.into_iter().map(|operation| Located { operation, line: 1 }).collect(),
        canonical: Canonical::default(),
    }
}
