//! Indexes of models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::subjects::{List, Subjects};
use crate::migrations::hints::Hints;
use crate::migrations::schema::Problem;
use crate::migrations::state::ProjectState;
use crate::models::{Index, ModelState};

/// Makes an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddIndex {
    /// Name of the model.
    pub model: String,
    /// The index.
    pub index: Index,
    /// Without blocking writers, where the database can; the migration must say `atomic = false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrently: bool,
}

/// Drops an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveIndex {
    /// Name of the model.
    pub model: String,
    /// Name of the index.
    pub name: String,
    /// Without blocking writers, where the database can; the migration must say `atomic = false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub concurrently: bool,
}

/// Calls an index otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameIndex {
    /// Name of the model.
    pub model: String,
    /// Name of the index before.
    pub from: String,
    /// Name of the index after.
    pub to: String,
}

fn position(model: &ModelState, name: &str) -> Result<usize, Problem> {
    let found = model.options.indexes.iter().position(|index| index.name == name);
    found.ok_or_else(|| format!("model {} has no index `{name}` at this point", model.label()))
}

fn check_free(model: &ModelState, name: &str) -> Result<(), Problem> {
    match position(model, name) {
        Ok(_) => Err(format!("model {} has an index `{name}` already", model.label())),
        Err(_) => Ok(()),
    }
}

impl Change for AddIndex {
    fn describe(&self) -> String {
        let what = match self.index.name.as_str() {
            "" => self.index.fields.join(", "),
            name => name.to_owned(),
        };
        format!("Create index {what} on {}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            if let Some(problem) = model.index_problem(&self.index) {
                return Err(problem);
            }
            let index = Index { name: model.index_name(&self.index), ..self.index.clone() };
            check_free(model, &index.name)?;
            model.options.indexes.push(index);
            Ok(())
        })
    }

    fn hints(&self, _app: &str) -> Hints {
        Hints { concurrently: self.concurrently, ..Hints::default() }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let subjects = Subjects::parts(app, &self.model).with_index(&self.index);
        Some(Subjects { adds_to: Some(List::Indexes), claims: true, ..subjects })
    }
}

impl Change for RemoveIndex {
    fn describe(&self) -> String {
        format!("Remove index {} from {}", self.name, self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            let position = position(model, &self.name)?;
            model.options.indexes.remove(position);
            Ok(())
        })
    }

    fn hints(&self, _app: &str) -> Hints {
        Hints { concurrently: self.concurrently, ..Hints::default() }
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // A field that it was on can go only behind it.
        let subjects = Subjects::parts(app, &self.model).with_names([&self.name]);
        Some(Subjects { fields: None, releases: true, ..subjects })
    }
}

impl Change for RenameIndex {
    fn describe(&self) -> String {
        format!("Rename index {} on {} to {}", self.from, self.model.to_lowercase(), self.to)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            check_free(model, &self.to)?;
            let position = position(model, &self.from)?;
            model.options.indexes[position].name.clone_from(&self.to);
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let subjects = Subjects::parts(app, &self.model).with_names([&self.from, &self.to]);
        Some(Subjects { releases: true, claims: true, ..subjects })
    }
}
