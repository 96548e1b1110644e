//! From loaded settings to a project: which apps it has, and what they bring.

use super::base::Installed;
use super::error::{CommandError, CommandResult};
use crate::conf::{ImproperlyConfigured, Loaded, PlaceKind, Problem, Shipped, declared_apps};
use crate::db::Files as _;
use crate::db::models::declared;
use crate::files::Embedded;
use crate::setup::Project;
use crate::text;

/// What every project can fall back on: pages of errors without a site.
const PAGES: Embedded = crate::embed!("pages/templates/" as "templates/", "pages/static/" as "static/");

impl Installed {
    /// What the program brings to the settings.
    pub(super) fn shipped(&self) -> Shipped {
        Shipped {
            files: self.files,
            apps: self.apps.iter().map(|app| app.label).collect(),
            sections: self.apps.iter().filter_map(|app| app.settings).collect(),
        }
    }

    /// The project of these settings. Opens nothing.
    ///
    /// # Errors
    /// When `apps` names what is neither built in nor declared, and those of declared models.
    pub fn project(&self, loaded: Loaded) -> CommandResult<Project> {
        let chosen = self.chosen(&loaded);
        self.check_routes(&loaded, &chosen)?;
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

    /// Labels of the apps to install: those that the settings name; in a folder without settings those that are declared
    /// there; else all that are built in.
    fn chosen(&self, loaded: &Loaded) -> Vec<String> {
        match (&loaded.settings.apps, &loaded.place.kind) {
            (None, PlaceKind::Declared(apps)) => apps.clone(),
            (None, _) => self.apps.iter().map(|app| app.label.to_owned()).collect(),
            (Some(chosen), _) => chosen.clone(),
        }
    }

    /// Every route must be that of an app: of an installed one, or of one that could be.
    fn check_routes(&self, loaded: &Loaded, chosen: &[String]) -> Result<(), ImproperlyConfigured> {
        let mut known: Vec<String> = chosen.to_vec();
        known.extend(declared_apps(&loaded.place.root).into_iter().filter(|label| !chosen.contains(label)));
        let built_in = |label: &String| self.app(label).is_some();
        let unknown = loaded.settings.routes.keys().filter(|app| !known.contains(app) && !built_in(app));
        let problems: Vec<Problem> = unknown
            .map(|app| {
                let hint = match text::nearest(app, known.iter().map(String::as_str)).as_slice() {
                    [] => format!("installed: {}", text::alternatives(chosen).replace(" or ", " and ")),
                    nearest => format!("did you mean {}?", text::alternatives(nearest)),
                };
                loaded.problem(&format!("routes.{app}"), format!("no app has this label; {hint}"))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(ImproperlyConfigured { problems }) }
    }

    /// The embedded files of the chosen apps, the site's own first, the framework's last.
    fn embedded(&self, chosen: &[String]) -> Vec<Embedded> {
        let apps: Vec<Embedded> =
            chosen.iter().filter_map(|label| self.app(label)).map(|app| app.files).collect();
        // A project of declared apps alone has nothing of the site.
        let own = (!apps.is_empty()).then_some(self.files);
        own.into_iter().chain(apps).chain([PAGES]).collect()
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
