//! From loaded settings to a project: which apps it has, and what they bring.

use super::base::Installed;
use super::error::{CommandError, CommandResult};
use crate::conf::{AppSettings, Loaded};
use crate::db::Files as _;
use crate::db::models::declared;
use crate::files::Embedded;
use crate::setup::Project;
use crate::text;

/// What every project can fall back on: pages of errors without a site.
const PAGES: Embedded = crate::embed!("pages/templates/" as "templates/", "pages/static/" as "static/");

impl Installed {
    /// How the apps read their own tables of the settings.
    pub(super) fn app_settings(&self) -> Vec<AppSettings> {
        self.apps.iter().filter_map(|app| app.settings).collect()
    }

    /// The project of these settings. Opens nothing.
    ///
    /// # Errors
    /// When `apps` names what is neither built in nor declared, and those of declared models.
    pub fn project(&self, loaded: Loaded) -> CommandResult<Project> {
        let chosen = match loaded.settings.apps.as_slice() {
            [] => self.apps.iter().map(|app| app.label.to_owned()).collect(),
            chosen => chosen.to_vec(),
        };
        let embedded = self.embedded(&chosen);
        let mut project = Project::new(loaded, chosen.clone(), embedded)?;
        for label in &chosen {
            match self.app(label) {
                Some(app) => {
                    (app.models)(&mut project.models);
                    (app.receivers)(&mut project.signals);
                    for (name, function) in app.functions {
                        project.functions.register(label, name, *function);
                    }
                }
                None => self.declare(label, &mut project)?,
            }
        }
        for app in chosen.iter().filter_map(|label| self.app(label)) {
            (app.ready)(&mut project).map_err(|error| {
                CommandError::failed(format!("app `{label}` cannot start: {error:#}", label = app.label))
            })?;
        }
        Ok(project)
    }

    /// The embedded files of the chosen apps, the site's own first, the framework's last.
    fn embedded(&self, chosen: &[String]) -> Vec<Embedded> {
        let apps = chosen.iter().filter_map(|label| self.app(label)).map(|app| app.files);
        std::iter::once(self.files).chain(apps).chain([PAGES]).collect()
    }

    /// Takes the models of an app without Rust from its file. It may have migrations alone.
    fn declare(&self, label: &str, project: &mut Project) -> CommandResult {
        let path = format!("models/{label}.toml");
        if let Some(content) = project.files.read(&path)? {
            let text = String::from_utf8_lossy(&content).replace("\r\n", "\n");
            let declared = declared::read(label, &path, &text).map_err(CommandError::failed)?;
            declared.into_iter().for_each(|model| project.models.register(model));
            return Ok(());
        }
        if !project.files.list(&format!("migrations/{label}"))?.is_empty() {
            return Ok(());
        }
        let unknown =
            CommandError::failed(format!("`apps` names `{label}`, which is neither built in nor declared"));
        let built_in = self.apps.iter().map(|app| app.label);
        Err(match text::nearest(label, built_in).as_slice() {
            [] => unknown.hint(format!("declare it in {path}, or give it migrations in migrations/{label}/")),
            nearest => unknown.hint(format!("did you mean {}?", text::alternatives(nearest))),
        })
    }
}
