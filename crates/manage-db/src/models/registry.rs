//! All models of the installed apps, found by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::meta::ModelState;

/// The models of a project, by label in lower case.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    models: BTreeMap<(String, String), Arc<ModelState>>,
}

impl Registry {
    /// Adds a model; one of the same label is replaced.
    pub fn register(&mut self, model: ModelState) {
        self.models.insert((model.app.clone(), model.name.to_lowercase()), Arc::new(model));
    }

    /// The model called `app.Name`, whatever the case of its name.
    pub fn get(&self, label: &str) -> Option<&Arc<ModelState>> {
        let (app, name) = label.split_once('.')?;
        self.models.get(&(app.to_owned(), name.to_lowercase()))
    }

    /// All models, sorted by app and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ModelState>> {
        self.models.values()
    }

    /// The models of one app, sorted by name.
    pub fn of_app<'a>(&'a self, app: &'a str) -> impl Iterator<Item = &'a Arc<ModelState>> {
        self.iter().filter(move |model| model.app == app)
    }
}
