//! What somebody said about names before anybody asked.

use std::fmt;
use std::sync::Arc;

use crate::migrations::state::ProjectState;
use crate::models::ModelState;

/// A model or a field that is called otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Label of the app.
    pub app: String,
    /// Name of the model.
    pub model: String,
    /// Name of the field; none: it is the model.
    pub field: Option<String>,
    /// The name afterwards; of a model that moves with its app: `store.Product`.
    pub to: String,
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        write!(f, "{}.{}{field}={}", self.app, self.model, self.to)
    }
}

impl Wish {
    /// Whether it is about a model that is there before, and about one that is there afterwards. Of a field the model may have
    /// another name by then.
    pub fn fits(&self, before: &ProjectState, after: &ProjectState) -> bool {
        let Some(model) = before.get(&self.app, &self.model) else {
            let field = self.field.as_ref();
            return field.is_some() && after.get(&self.app, &self.model).is_some();
        };
        match &self.field {
            Some(field) => {
                let is_there = |model: &Arc<ModelState>| model.field(&self.to).is_some();
                model.field(field).is_some() && after.get(&self.app, &self.model).is_none_or(is_there)
            }
            None => {
                let (app, name) = self.target();
                after.get(app, name).is_some()
            }
        }
    }

    /// App and name of a model afterwards.
    pub(super) fn target(&self) -> (&str, &str) {
        self.to.split_once('.').unwrap_or((&self.app, &self.to))
    }
}
