//! What a database can do besides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Change;
use crate::backends::base::changes::TableChange;
use crate::migrations::schema::{Problem, Schema};
use crate::migrations::state::ProjectState;

/// Installs an extension of the database, where there are such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateExtension {
    /// Its name.
    pub name: String,
}

impl CreateExtension {
    fn note(&self, schema: &mut Schema<'_>, is_wanted: bool) -> Result<(), Problem> {
        schema.apply(TableChange::Extension { name: self.name.clone(), is_wanted });
        Ok(())
    }
}

impl Change for CreateExtension {
    fn describe(&self) -> String {
        format!("Creates extension {}", self.name)
    }

    fn state_forwards(&self, _app: &str, _state: &mut ProjectState) -> Result<(), Problem> {
        Ok(())
    }

    fn database_forwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        self.note(schema, true)
    }

    fn database_backwards(
        &self,
        _app: &str,
        schema: &mut Schema<'_>,
        _from: &ProjectState,
        _to: &ProjectState,
    ) -> Result<(), Problem> {
        self.note(schema, false)
    }
}
