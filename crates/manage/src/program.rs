//! A site's program: its apps and its own parts, run by the command line.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::checks::Message;
use crate::conf::{Environment, Locator};
use crate::files::Embedded;
use crate::management::{self, AppConfig, CommandResult, GlobalArgs, Installed, Manage};
use crate::middleware::{Handler, Link};
use crate::setup::Project;
use crate::urls::Route;

/// The program of a site, put together in its `main`:
///
/// ```text
/// fn main() -> ExitCode {
///     manage::Program::new().apps([sessions::APP, auth::APP, polls::APP]).main()
/// }
/// ```
///
/// By the name `mkcert` the same program is that one.
#[derive(Clone)]
pub struct Program {
    installed: Installed,
}

impl Program {
    /// A program that can do what the framework can.
    pub fn new() -> Self {
        let (commands, checks) = (management::commands::COMMANDS, management::checks::CHECKS);
        Self { installed: Installed { commands, checks, ..Installed::default() } }
    }

    /// The apps that can be installed, in the order of Django's `INSTALLED_APPS`; the setting `apps` chooses among
    /// them.
    #[must_use]
    pub fn apps(mut self, apps: impl IntoIterator<Item = AppConfig>) -> Self {
        self.installed.apps.extend(apps);
        self
    }

    /// The site's own files, before those of its apps: `settings/`, `templates/`, `static/`.
    #[must_use]
    pub fn files(mut self, files: Embedded) -> Self {
        self.installed.files = files;
        self
    }

    /// The site's own addresses, behind those of its apps.
    #[must_use]
    pub fn urls(mut self, urlpatterns: fn() -> Vec<Route>) -> Self {
        self.installed.urlpatterns = Some(urlpatterns);
        self
    }

    /// The site's own links of the chain around views, inside of those of its apps.
    #[must_use]
    pub fn middleware(mut self, links: &'static [Link]) -> Self {
        self.installed.middleware = links;
        self
    }

    /// The project that these settings describe. Opens nothing.
    ///
    /// # Errors
    /// Every problem of the settings, and those of declared models.
    pub fn project(&self, locator: &Locator, environment: Environment) -> CommandResult<Project> {
        self.manage(locator, environment).new_project()
    }

    /// What its commands get, as if they were typed in this place.
    pub(crate) fn manage(&self, locator: &Locator, environment: Environment) -> Manage {
        let (project, settings) = (locator.project.clone(), locator.profile.clone());
        let globals = GlobalArgs { project, settings, ..GlobalArgs::default() };
        Manage::new(self.installed.clone(), globals, environment)
    }

    /// What `check` finds, without what matters in production alone.
    pub fn check(&self, project: &Project) -> Vec<Message> {
        let checks = self.installed.checks_of(project).filter(|check| !check.is_deploy);
        checks.flat_map(|check| (check.run)(project, &self.installed)).collect()
    }

    /// What answers the requests of a project, without a socket: for tests, and for a server of another kind.
    ///
    /// # Errors
    /// When a template does not compile or a static file cannot be read.
    pub fn handler(&self, project: Project) -> CommandResult<Arc<Handler>> {
        management::serving::handler(&self.installed, project)
    }

    /// Runs what the command line says. The whole of a site's `main`.
    pub fn main(self) -> ExitCode {
        self.run(&std::env::args_os().collect::<Vec<_>>())
    }

    /// Runs the program with these arguments, its name first.
    pub fn run(self, args: &[OsString]) -> ExitCode {
        let name = args.first().and_then(|program| Path::new(program).file_stem());
        match name.is_some_and(|name| name == "mkcert") {
            true => management::execute_as_mkcert(args, self.installed),
            false => management::execute_from_command_line(args, self.installed),
        }
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}
