//! What a model says beside its fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::subjects::Subjects;
use crate::migrations::schema::Problem;
use crate::migrations::state::ProjectState;
use crate::models::ModelState;

/// Calls a model's table otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterModelTable {
    /// Name of the model.
    pub model: String,
    /// Name of the table; none: the one that follows from app and model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// Changes the remark that is kept at a model's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterModelTableComment {
    /// Name of the model.
    pub model: String,
    /// The remark; none: it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Changes what the program alone knows of a model. What is left out gets its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterModelOptions {
    /// Name of the model.
    pub model: String,
    /// Fields that order rows when nothing else does, `-name` for descending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ordering: Vec<String>,
    /// Further permissions: code name and what people read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<(String, String)>,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbose_name: Option<String>,
    /// What people read of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbose_name_plural: Option<String>,
    /// False: migrations leave its table alone from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
}

impl AlterModelOptions {
    /// What a model says.
    pub(crate) fn of(model: &ModelState) -> Self {
        let options = &model.options;
        Self {
            model: model.name.clone(),
            ordering: options.ordering.clone(),
            permissions: options.permissions.clone(),
            verbose_name: options.verbose_name.clone(),
            verbose_name_plural: options.verbose_name_plural.clone(),
            managed: options.managed,
        }
    }
}

impl Change for AlterModelTable {
    fn describe(&self) -> String {
        let table = self.table.as_deref().unwrap_or("(default)");
        format!("Rename table for {} to {table}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let table = self.table.clone();
        state.change(app, &self.model, |model| {
            model.options.table = table.filter(|table| *table != model.default_table());
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        Some(Subjects { releases: true, claims: true, ..Subjects::whole(app, &self.model) })
    }
}

impl Change for AlterModelTableComment {
    fn describe(&self) -> String {
        format!("Alter {} table comment", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        state.change(app, &self.model, |model| {
            model.options.db_comment.clone_from(&self.comment);
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // No index and no constraint is called so.
        let remark = "table comment".to_owned();
        Some(Subjects::parts(app, &self.model).with_names([&remark]))
    }
}

impl Change for AlterModelOptions {
    fn describe(&self) -> String {
        format!("Change Meta options on {}", self.model.to_lowercase())
    }

    fn state_forwards(&self, app: &str, state: &mut ProjectState) -> Result<(), Problem> {
        let given = self.clone();
        state.change(app, &self.model, |model| {
            model.options.ordering = given.ordering;
            model.options.permissions = given.permissions;
            model.options.verbose_name = given.verbose_name;
            model.options.verbose_name_plural = given.verbose_name_plural;
            model.options.managed = given.managed.filter(|managed| !managed);
            Ok(())
        })
    }

    fn subjects(&self, app: &str) -> Option<Subjects> {
        // Whether migrations look after the table changes what every other operation does.
        Some(Subjects::whole(app, &self.model))
    }
}
