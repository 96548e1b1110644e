//! What became of models between two states.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::migrations::state::ProjectState;
use crate::models::{Field, ModelState};

/// What became of models between two states.
pub(super) struct Changes {
    /// The models that it changed, brought or took away.
    pub keys: Vec<String>,
    /// Those that it took away.
    pub gone: Vec<String>,
    /// Other models that something points to which did not before.
    pub points: BTreeSet<String>,
    /// Models that something no longer points to.
    pub releases: BTreeSet<String>,
}

impl Changes {
    /// From the one state to the other.
    pub(super) fn between(before: &ProjectState, after: &ProjectState) -> Self {
        let mut changes =
            Self { keys: Vec::new(), gone: Vec::new(), points: BTreeSet::new(), releases: BTreeSet::new() };
        let keys: BTreeSet<&str> = before.entries().chain(after.entries()).map(|(key, _)| key).collect();
        for key in keys {
            let (old, new) = (before.by_key(key), after.by_key(key));
            if old.zip(new).is_some_and(|(old, new)| Arc::ptr_eq(old, new)) {
                continue;
            }
            changes.keys.push(key.to_owned());
            if new.is_none() {
                changes.gone.push(key.to_owned());
            }
            let pointed = |state: &ProjectState, model: Option<&Arc<ModelState>>| {
                model.map_or_else(BTreeSet::new, |model| targets(state, model))
            };
            let (old, new) = (pointed(before, old), pointed(after, new));
            changes.points.extend(new.difference(&old).cloned());
            changes.releases.extend(old.difference(&new).cloned());
        }
        changes.points.retain(|key| !changes.keys.contains(key));
        changes
    }
}

/// What a model points to, besides itself.
fn targets(state: &ProjectState, model: &ModelState) -> BTreeSet<String> {
    let found = model.fields.iter().flat_map(Field::targets).filter_map(|to| state.target(model, to));
    let own = model.label().to_lowercase();
    found.map(|target| target.label().to_lowercase()).filter(|label| *label != own).collect()
}
