//! What models cannot say.

use schemars::JsonSchema;
use serde::Deserialize;

use super::change::Change;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// The name of the function that does nothing.
pub(crate) const NOOP: &str = "noop";

/// Calls a function of an app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRust {
    /// Its name: `app.name`, or `noop`.
    pub forwards: String,
    /// The name of the one that undoes it; none: nothing can.
    pub backwards: Option<String>,
}

impl Change for RunRust {
    fn describe(&self) -> String {
        format!("Rust operation -> {}", self.forwards)
    }

    fn state_forwards(&self, _app: &str, _state: &mut ProjectState) -> Result<(), Problem> {
        Ok(())
    }

    fn database_forwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        if self.forwards != NOOP {
            schema.run_function(&self.forwards, to);
        }
        Ok(())
    }

    fn database_backwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        to: &ProjectState,
    ) -> Result<(), Problem> {
        if let Some(name) = self.backwards.as_deref().filter(|name| *name != NOOP) {
            schema.run_function(name, to);
        }
        Ok(())
    }

    fn is_reversible(&self) -> bool {
        self.backwards.is_some()
    }
}
