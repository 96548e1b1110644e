//! The models as the migrations leave them.

use std::collections::BTreeMap;

use super::changes::Changes;
use crate::migrations::error::Result;
use crate::migrations::graph::Graph;
use crate::migrations::migration::Key;
use crate::migrations::program;
use crate::migrations::state::ProjectState;

/// The models as the migrations leave them.
#[derive(Debug, Default)]
pub struct Replayed {
    /// The models.
    pub state: ProjectState,
    /// By model, the last migration of another app that changed it: one that gave it away, or called otherwise what it
    /// points to.
    pub(super) changed_by: BTreeMap<String, Key>,
}

impl Replayed {
    /// After all migrations of the graph.
    ///
    /// # Errors
    /// [`crate::migrations::Error::File`] when an operation makes no sense at its point.
    pub fn new(graph: &Graph) -> Result<Self> {
        let mut replayed = Self::default();
        for migration in graph.migrations() {
            let before = replayed.state.clone();
            program::replay(migration, &mut replayed.state)?;
            for key in Changes::between(&before, &replayed.state).keys {
                if key.split('.').next() != Some(&*migration.key.app) {
                    replayed.changed_by.insert(key, migration.key.clone());
                }
            }
        }
        Ok(replayed)
    }
}
