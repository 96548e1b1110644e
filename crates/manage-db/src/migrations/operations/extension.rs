//! What a database can do besides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{Change, Way};
use crate::backends::base::changes::TableChange;
use crate::migrations::schema::{Problem, Schema};

/// Installs an extension of the database, where there are such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateExtension {
    /// Its name.
    pub name: String,
}

impl Change for CreateExtension {
    fn describe(&self) -> String {
        format!("Creates extension {}", self.name)
    }

    fn database(&self, schema: &mut Schema<'_>, way: Way<'_>) -> Result<(), Problem> {
        schema.apply(TableChange::Extension { name: self.name.clone(), is_wanted: !way.is_back });
        Ok(())
    }
}
