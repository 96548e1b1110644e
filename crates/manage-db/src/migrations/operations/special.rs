//! What models cannot say.

use schemars::JsonSchema;
use serde::Deserialize;

use super::change::{Change, Way};
use crate::migrations::schema::{Problem, Schema};

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
    /// Whether a squash leaves it out: a new database does without.
    #[serde(default)]
    pub elidable: bool,
}

impl Change for RunRust {
    fn describe(&self) -> String {
        format!("Rust operation -> {}", self.forwards)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        let name = if way.is_back { self.backwards.as_deref() } else { Some(self.forwards.as_str()) };
        if let Some(name) = name.filter(|name| *name != NOOP) {
            schema.run_function(name, way.to);
        }
        Ok(())
    }

    fn is_reversible(&self) -> bool {
        self.backwards.is_some()
    }
}
