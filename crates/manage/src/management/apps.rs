//! From loaded settings to a project: which apps it has, and what they bring.

use super::base::Installed;
use super::error::{CommandError, CommandResult, ErrorKind};
use crate::conf::{ImproperlyConfigured, Loaded, Origin, PlaceKind, Problem, Shipped, declared_apps};
use crate::db::models::declared;
use crate::db::{DEFAULT_ALIAS, Files as _};
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
        self.project_of(loaded, true)
    }

    /// The project of these settings, in which apps may still have to be declared.
    ///
    /// # Errors
    /// Those of declared models.
    pub(super) fn project_to_be(&self, loaded: Loaded) -> CommandResult<Project> {
        self.project_of(loaded, false)
    }

    /// `is_whole`: each app has to be there.
    fn project_of(&self, loaded: Loaded, is_whole: bool) -> CommandResult<Project> {
        let chosen = self.chosen(&loaded);
        self.check_apps(&loaded, &chosen)?;
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
                None => self.declare(label, is_whole, &mut project)?,
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

    /// Every app is there once, with the apps that it needs, with a database, and under a label of its own.
    fn check_apps(&self, loaded: &Loaded, chosen: &[String]) -> Result<(), ImproperlyConfigured> {
        let mut problems = Vec::new();
        for (position, label) in chosen.iter().enumerate() {
            if chosen[..position].contains(label) {
                problems.push(loaded.problem("apps", format!("`{label}` is listed twice")));
            }
            if let Some(problem) = self.label_problem(loaded, label) {
                problems.push(problem);
                continue;
            }
            let needed = self.app(label).map_or(&[] as &[&str], |app| app.requires);
            let missing = needed.iter().filter(|needed| !chosen.iter().any(|other| other == *needed));
            problems.extend(missing.map(|needed| {
                loaded.problem("apps", format!("`{label}` needs the app `{needed}`, which is not listed"))
            }));
        }
        let homes = |label: &&String| !loaded.settings.routes.contains_key(*label);
        if !loaded.settings.databases.contains_key(DEFAULT_ALIAS)
            && let Some(label) = chosen.iter().find(homes)
        {
            let known: Vec<&String> = loaded.settings.databases.keys().collect();
            problems.push(loaded.problem(
                "databases",
                format!(
                    "the app `{label}` lives on `{DEFAULT_ALIAS}`, which is not configured; configured: {}",
                    text::alternatives(&known).replace(" or ", " and ")
                ),
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(ImproperlyConfigured { problems }) }
    }

    /// An app that is declared on disk cannot have the label of one that is built in: they would be mixed.
    fn label_problem(&self, loaded: &Loaded, label: &str) -> Option<Problem> {
        self.app(label)?;
        let (root, models) = (&loaded.place.root, format!("models/{label}.toml"));
        let is_declared =
            matches!(&loaded.place.kind, PlaceKind::Declared(apps) if apps.iter().any(|app| app == label));
        let file = match root.join(&models).exists() {
            true => models,
            false if is_declared => format!("migrations/{label}/"),
            false => return None,
        };
        let origin = Origin::File { file, line: 1, column: 1 };
        let message = format!("an app that is built in is called `{label}`: choose another label");
        Some(Problem { origin, key: String::new(), message })
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
        let own = self.has_site(chosen).then_some(self.files);
        let apps = chosen.iter().filter_map(|label| self.app(label)).map(|app| app.files);
        own.into_iter().chain(apps).chain([PAGES]).collect()
    }

    /// Takes the models of an app without Rust from its file. It may have migrations alone.
    fn declare(&self, label: &str, is_whole: bool, project: &mut Project) -> CommandResult {
        let path = format!("models/{label}.toml");
        let content = project.files.read(&path);
        let content =
            content.map_err(|error| CommandError::failed(format!("{path}: cannot be read: {error}")))?;
        if let Some(content) = content {
            let text = String::from_utf8_lossy(&content).replace("\r\n", "\n");
            let declared = declared::read(label, &path, &text)
                .map_err(|mistake| CommandError::new(ErrorKind::Failed, mistake.into()))?;
            declared.into_iter().for_each(|model| project.models.register(model));
            return Ok(());
        }
        if !is_whole || !project.files.list(&format!("migrations/{label}"))?.is_empty() {
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
