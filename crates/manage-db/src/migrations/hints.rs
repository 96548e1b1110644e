//! What two states of the models do not tell about the way from one to the other.

use std::sync::Arc;

use crate::models::{Field, ModelState};

/// What an operation tells the differ besides the states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Models that are called otherwise.
    pub models: Vec<RenamedModel>,
    /// Fields that are called otherwise.
    pub fields: Vec<RenamedField>,
    /// Fields with the default that rows get which exist, where the state has another or none.
    pub fills: Vec<Fill>,
    /// Indexes come and go without blocking writers, where the database can.
    pub concurrently: bool,
    /// New constraints hold for new rows only, where the database can.
    pub not_valid: bool,
}

/// A model before and after: its app and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct RenamedModel {
    pub from: (String, String),
    pub to: (String, String),
}

/// A field before and after, with app and name of the model as they are after.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct RenamedField {
    pub app: String,
    pub model: String,
    pub from: String,
    pub to: String,
}

/// A field with the default for rows that exist.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "said above")]
pub struct Fill {
    pub app: String,
    pub model: String,
    pub field: Field,
}

impl Hints {
    /// What is to be known on the way back.
    #[must_use]
    pub(crate) fn reversed(mut self) -> Self {
        for model in &mut self.models {
            std::mem::swap(&mut model.from, &mut model.to);
        }
        for field in &mut self.fields {
            std::mem::swap(&mut field.from, &mut field.to);
        }
        self.fills.clear();
        self.not_valid = false;
        self
    }

    /// App and name that a renamed model had before.
    pub(crate) fn renamed_to(&self, app: &str, name: &str) -> Option<(&str, &str)> {
        let renamed = self.models.iter().find(|model| is(&model.to, app, name));
        renamed.map(|model| (model.from.0.as_str(), model.from.1.as_str()))
    }

    /// Whether the model of this name is called otherwise afterwards.
    pub(crate) fn renames(&self, app: &str, name: &str) -> bool {
        self.models.iter().any(|model| is(&model.from, app, name))
    }

    /// The name that the field had before.
    pub(crate) fn field_before<'a>(&'a self, app: &str, model: &str, name: &'a str) -> &'a str {
        let mut fields = self.fields.iter();
        let renamed = fields
            .find(|field| field.app == app && field.model.eq_ignore_ascii_case(model) && field.to == name);
        renamed.map_or(name, |field| &field.from)
    }

    /// The model with the defaults for rows that exist.
    pub(crate) fn filled(&self, model: &Arc<ModelState>) -> Arc<ModelState> {
        let mut filled = Arc::clone(model);
        let fills = self.fills.iter();
        for fill in fills.filter(|fill| fill.app == model.app && fill.model.eq_ignore_ascii_case(&model.name))
        {
            let fields = &mut Arc::make_mut(&mut filled).fields;
            for field in fields.iter_mut().filter(|field| field.name == fill.field.name) {
                field.default.clone_from(&fill.field.default);
            }
        }
        filled
    }
}

fn is(label: &(String, String), app: &str, name: &str) -> bool {
    label.0 == app && label.1.eq_ignore_ascii_case(name)
}
