//! What the commands about rows have in common: models on one database, and how people name them.

use std::sync::Arc;

use super::error::{CommandError, CommandResult};
use super::runtime::block_on;
use crate::db::backends::base::BackendRef;
use crate::db::fixtures::Catalog;
use crate::db::fixtures::catalog::Model;
use crate::db::{DEFAULT_ALIAS, Homes, Router};
use crate::setup::Project;

/// A database with the models of the project.
pub(super) struct Place<'a> {
    project: &'a Project,
    /// The alias that was meant.
    pub alias: &'a str,
    /// The database.
    pub backend: BackendRef,
    /// The models, of which it has some.
    pub catalog: Arc<Catalog>,
    router: Router,
}

impl<'a> Place<'a> {
    /// The database of this alias; none: `default`.
    ///
    /// # Errors
    /// When there is none of that alias, and models that make no sense.
    pub(super) fn new(project: &'a Project, database: Option<&'a str>) -> CommandResult<Self> {
        let alias = database.unwrap_or(DEFAULT_ALIAS);
        let named = [alias.to_owned()];
        let homes = block_on(async { Ok(Homes::look_at(&project.connections, &named).await?) })?;
        let router = homes.router(&project.router);
        let backend = Arc::clone(project.connections.backend(alias)?);
        let home = homes.of(alias).to_owned();
        let is_here = |app: &str| router.allow_migrate(&home, app);
        let catalog = Catalog::new(&project.models, &project.apps, &*backend, &is_here)?;
        Ok(Self { project, alias, backend, catalog: Arc::new(catalog), router })
    }

    /// The models that `app` or `app.Model` names, by their places in the catalog. `contenttypes`, as fixtures call it, is
    /// an app as well.
    ///
    /// # Errors
    /// When nothing has that name.
    pub(super) fn named(&self, label: &str) -> CommandResult<Vec<usize>> {
        if label.contains('.') {
            return self.catalog.find(label).map(|model| vec![model]).ok_or_else(|| {
                let known: Vec<&str> = self.models().map(|model| model.label.as_str()).collect();
                CommandError::unknown(format!("there is no model `{label}`"), &label.to_lowercase(), &known)
            });
        }
        let is_of = |model: &Model| {
            model.app == label || model.label.split_once('.').is_some_and(|(app, _)| app == label)
        };
        let models: Vec<usize> =
            self.models().enumerate().filter(|(_, model)| is_of(model)).map(|(at, _)| at).collect();
        if models.is_empty() && !self.project.apps.iter().any(|app| app == label) {
            let message = format!("no installed app with label `{label}`");
            return Err(CommandError::unknown(message, label, &self.project.apps));
        }
        Ok(models)
    }

    /// The same, of models that are on the database.
    ///
    /// # Errors
    /// Also when one lives elsewhere.
    pub(super) fn named_here(&self, label: &str) -> CommandResult<Vec<usize>> {
        let models = self.named(label)?;
        match models.iter().map(|at| &self.catalog.models()[*at]).find(|model| !model.is_here) {
            Some(model) => Err(CommandError::usage(format!(
                "{} does not live on database `{}`",
                model.label, self.alias
            ))
            .hint(format!("name its own: `--database {}`", self.home(&model.app)))),
            None => Ok(models),
        }
    }

    /// The alias to name for the models of an app.
    pub(super) fn home(&self, app: &str) -> &str {
        self.router.alias(app)
    }

    /// The models, those that others point to first.
    pub(super) fn models(&self) -> impl Iterator<Item = &Model> {
        self.catalog.models().iter()
    }
}
