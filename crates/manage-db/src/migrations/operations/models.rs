//! Whole models.

use manage_derive::Documented;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::subjects::{Subjects, model_name};
use crate::migrations::hints::{Hints, RenamedModel};
use crate::migrations::schema::Problem;
use crate::migrations::state::ProjectState;
use crate::models::ModelState;

/// Makes a model's table, with the tables of its many-to-many fields.
#[derive(Debug, Clone, PartialEq, Documented)]
pub struct CreateModel {
    /// The model.
    pub model: ModelState,
}

/// Drops a model's table, with the tables of its many-to-many fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteModel {
    /// Name of the model.
    pub model: String,
}

/// Calls a model otherwise, with its table, those of its many-to-many fields, and wherever another points to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameModel {
    /// Name of the model before.
    pub from: String,
    /// Name of the model after.
    pub to: String,
}

/// Gives a model to another app. Its rows stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveModel {
    /// Name of the model.
    pub model: String,
    /// Label of the app that gets it.
    pub to_app: String,
}

impl Change for CreateModel {
    fn describe(&self) -> String {
        format!("Create model {}", self.model.name)
    }

    fn state_forwards(&self, _app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.add(self.model.clone())
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(Subjects::creation(app, &self.model))
    }
}

impl Change for DeleteModel {
    fn describe(&self) -> String {
        format!("Delete model {}", self.model)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.remove(app, &self.model).map(drop)
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // Nothing may point to it, and it may have pointed to anything.
        Some(Subjects { releases: true, ..Subjects::existence(app, &self.model) })
    }
}

fn renamed(from: (&str, &str), to: (&str, &str)) -> Hints {
    let [from, to] = [from, to].map(|(app, name)| (app.to_owned(), name.to_owned()));
    Hints { models: vec![RenamedModel { from, to }], ..Hints::default() }
}

impl Change for RenameModel {
    fn describe(&self) -> String {
        format!("Rename model {} to {}", self.from, self.to)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.rename((app, &self.from), (app, &self.to))
    }

    fn hints(&self, app: &str) -> Hints {
        renamed((app, &self.from), (app, &self.to))
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        let mut subjects = Subjects { releases: true, ..Subjects::existence(app, &self.from) };
        subjects.models.insert(model_name(app, &self.to));
        Some(subjects)
    }
}

impl Change for MoveModel {
    fn describe(&self) -> String {
        format!("Move model {} to {}", self.model, self.to_app)
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let name = state.require(app, &self.model)?.name.clone();
        state.rename((app, &name), (&self.to_app, &name))
    }

    fn hints(&self, app: &str) -> Hints {
        renamed((app, &self.model), (&self.to_app, &self.model))
    }
}
