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

mod step;

mod parted;
mod staged;

mod arranged;

mod folded;

use super::error::Error;
use super::graph::Graph;
use super::migration::{Key, Migration, Reference};
use super::state::ProjectState;
use crate::models::Registry;
use arranged::Arranging;
use called::name;
use detector::Detector;

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

/// How changes are written.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// How migrations are called.
    pub naming: Naming<'a>,
    /// Whether programs of before have to go on meanwhile: changes come in steps, and what only those programs need goes in
    /// migrations of [`Stage::Contract`](crate::migrations::Stage).
    pub is_safe: bool,
}

/// The migrations that bring `before`, as those of `graph` leave the models, to `after`. What `wishes` say is done; `ask` is
/// asked what else only a person knows.
///
/// # Errors
/// Those of `ask`; [`Error::NoWay`] where models cannot become what they are to be.
pub fn changes<E: From<Error>>(
    graph: &Graph,
    (before, after): (&Replayed, &ProjectState),
    (wishes, manner): (&[Wish], Manner<'_>),
    ask: impl FnMut(&Question) -> Result<Answer, E>,
) -> Result<Vec<Migration>, E> {
    let found = Detector::new(&before.state, after, wishes, ask).detect()?;
    let Manner { naming, is_safe } = manner;
    let arranging = Arranging { graph, before: &before.state, naming, is_safe };
    Ok(arranging.migrations(&cut::cut(before, found))?)
}

/// A migration of `app` that does nothing yet, behind those that are there.
pub fn empty(graph: &Graph, app: &str, naming: Naming<'_>) -> Migration {
    let last = graph.leaves(app);
    let number = next_number(graph.greatest_number(app), naming.now);
    let called = name(&[], last.is_empty(), naming);
    let key = Key::new(app, &format!("{number:04}_{called}"));
    let depends = last.iter().map(|leaf| Reference { key: leaf.key.clone(), line: 1 }).collect();
    let initial = last.is_empty().then_some(true);
    Migration { depends, initial, ..Migration::new(key, number, Vec::new()) }
}
