//! What a command is and what it gets.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, Args};

use super::error::CommandResult;
use super::output::{ColorChoice, Output};
use crate::checks::Message;
use crate::conf::{AppSettings, Environment, Loaded, Locator, Settings, load};
use crate::db::migrations::{Function, holds_history};
use crate::db::models::Registry;
use crate::dispatch::Signals;
use crate::files::Embedded;
use crate::middleware::{self, Link, Make};
use crate::setup::Project;
use crate::urls::{Extend, Route};
use crate::views;

/// The groups in which help lists commands, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Group {
    Migrations,
    Databases,
    People,
    Certificates,
    Serving,
    Project,
}

impl Group {
    /// All groups, in the order of help.
    pub const ALL: [Self; 6] =
        [Self::Migrations, Self::Databases, Self::People, Self::Certificates, Self::Serving, Self::Project];

    /// Its heading in help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Migrations => "Migrations",
            Self::Databases => "Databases",
            Self::People => "People",
            Self::Certificates => "Certificates",
            Self::Serving => "Serving",
            Self::Project => "Project",
        }
    }
}

/// A command: its arguments, whose doc comment is its help, and what it does.
pub trait BaseCommand: Args {
    /// What people type.
    const NAME: &'static str;
    /// Where help lists it.
    const GROUP: Group;
    /// Whether it changes something, so that it goes on when nobody reads its answer any more (`manage migrate | head`).
    const OUTLIVES_PIPE: bool = false;

    /// Runs it.
    ///
    /// # Errors
    /// Whatever went wrong, with the hints that help.
    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult;
}

/// A command in a list, whatever its type.
#[derive(Clone, Copy)]
pub struct Command {
    /// What people type.
    pub name: &'static str,
    /// Where help lists it.
    pub group: Group,
    /// Its arguments and help.
    pub augment: fn(clap::Command) -> clap::Command,
    /// Runs it with what was typed.
    pub run: fn(&ArgMatches, &Manage, &mut Output) -> CommandResult,
}

impl Command {
    /// The command of type `C`.
    pub const fn of<C: BaseCommand>() -> Self {
        Self { name: C::NAME, group: C::GROUP, augment: C::augment_args, run: run::<C> }
    }

    /// Its command line for clap.
    pub(super) fn parser(&self) -> clap::Command {
        (self.augment)(clap::Command::new(self.name))
    }
}

fn run<C: BaseCommand>(matches: &ArgMatches, manage: &Manage, out: &mut Output) -> CommandResult {
    let args = C::from_arg_matches(matches).map_err(|error| super::CommandError::usage(error.render()))?;
    if C::OUTLIVES_PIPE {
        out.outlive_pipe();
    }
    args.handle(manage, out)
}

/// The flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Settings profile: a file of `settings/` without its ending
    #[arg(long, global = true, value_name = "PROFILE")]
    pub settings: Option<String>,
    /// Folder of the project, instead of the nearest one upward with `settings/`
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub project: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: ColorChoice,
    /// How much to say: 0 nothing but answers, 1 normal, 2 more, 3 everything
    #[arg(short, long, global = true, value_name = "LEVEL", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=3))]
    pub verbosity: u8,
    /// Never ask: what would be a question is an error that names the flag that answers it
    #[arg(long, global = true, visible_alias = "noinput")]
    pub no_input: bool,
}

impl Default for GlobalArgs {
    fn default() -> Self {
        Self { settings: None, project: None, color: ColorChoice::Auto, verbosity: 1, no_input: false }
    }
}

/// One kind of system check.
#[derive(Clone, Copy)]
pub struct Check {
    /// The word that chooses it: `--tag models`.
    pub tag: &'static str,
    /// Whether it is asked for by `--deploy` alone.
    pub is_deploy: bool,
    /// Looks, and tells what it found.
    pub run: fn(&Project, &Installed) -> Vec<Message>,
}

/// An app: everything it brings to a site. A site is written with these and nothing else, and so are the framework's
/// own apps.
///
/// Every field has an empty default, [`AppConfig::EMPTY`]:
///
/// ```text
/// pub const APP: AppConfig = AppConfig {
///     label: "polls",
///     models: models::register,
///     files: manage::embed!("migrations/", "templates/"),
///     urlpatterns: urls::urlpatterns,
///     ..AppConfig::EMPTY
/// };
/// ```
#[derive(Clone, Copy)]
pub struct AppConfig {
    /// Its name in migrations, routes and settings: lower-case letters, digits and underscores.
    pub label: &'static str,
    /// Labels of the apps that it cannot do without.
    pub requires: &'static [&'static str],
    /// Registers its models.
    pub models: fn(&mut Registry),
    /// What its migrations call, by name; they write `<label>.<name>`.
    pub functions: &'static [(&'static str, Function)],
    /// Its `migrations/`, `templates/` and `static/`; a file on disk in the project goes first.
    pub files: Embedded,
    /// How it reads its own table of the settings.
    pub settings: Option<AppSettings>,
    /// Its addresses.
    pub urlpatterns: fn() -> Vec<Route>,
    /// Its commands.
    pub commands: &'static [Command],
    /// Its system checks.
    pub checks: &'static [Check],
    /// Its links in the chain around views.
    pub middleware: &'static [Link],
    /// Adds globals, functions and filters to the templates.
    pub templates: fn(&mut minijinja::Environment<'static>, &Settings),
    /// Asks for the signals that it wants to be told of.
    pub receivers: fn(&mut Signals<Project>),
    /// What `dev` fills a new project with.
    pub first_content: Option<FirstContent>,
    /// Called once when the project was made, before anything uses it (Django's `AppConfig.ready`). Opens nothing.
    pub ready: fn(&mut Project) -> anyhow::Result<()>,
}

/// Fills a new project with something to look at. Does nothing where there is something already.
pub type FirstContent = fn(&Manage, &mut Output) -> CommandResult;

impl AppConfig {
    /// An app that contributes nothing: what others are written over.
    pub const EMPTY: Self = Self {
        label: "",
        requires: &[],
        models: |_| {},
        functions: &[],
        files: Embedded { folders: &[], owner: "" },
        settings: None,
        urlpatterns: Vec::new,
        commands: &[],
        checks: &[],
        middleware: &[],
        templates: |_, _| {},
        receivers: |_| {},
        first_content: None,
        ready: |_| Ok(()),
    };
}

/// What a program is made of: the apps that it can install, and what the site and the framework bring themselves.
#[derive(Clone, Default)]
pub struct Installed {
    /// The apps, in the order of Django's `INSTALLED_APPS`. The settings choose among them.
    pub apps: Vec<AppConfig>,
    /// The commands of the framework.
    pub commands: &'static [Command],
    /// The checks of the framework.
    pub checks: &'static [Check],
    /// The site's own files, before those of its apps.
    pub files: Embedded,
    /// The site's own addresses, behind those of its apps.
    pub urlpatterns: Option<fn() -> Vec<Route>>,
    /// The site's own links, inside of those of its apps.
    pub middleware: &'static [Link],
}

impl Installed {
    /// The apps that `project` has installed, in its order; a declared app is not among them.
    pub fn apps_of<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = &'a AppConfig> {
        project.apps.iter().filter_map(|label| self.app(label))
    }

    /// The app of this label, if the program can install it.
    pub fn app(&self, label: &str) -> Option<&AppConfig> {
        self.apps.iter().find(|app| app.label == label)
    }

    /// Whether a project of these apps has what the site brings itself: one that took none of its apps has not.
    pub(super) fn has_site(&self, labels: &[String]) -> bool {
        self.apps.is_empty() || labels.iter().any(|label| self.app(label).is_some())
    }

    /// Every command, each with the label of its app; the framework's have none.
    pub fn all_commands(&self) -> impl Iterator<Item = (Option<&'static str>, &'static Command)> {
        let of_apps =
            self.apps.iter().flat_map(|app| app.commands.iter().map(|command| (Some(app.label), command)));
        self.commands.iter().map(|command| (None, command)).chain(of_apps)
    }

    /// Every system check.
    pub fn all_checks(&self) -> impl Iterator<Item = &'static Check> {
        self.checks.iter().chain(self.apps.iter().flat_map(|app| app.checks))
    }

    /// The checks of a project.
    pub fn checks_of<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = &'a Check> {
        self.checks.iter().chain(self.apps_of(project).flat_map(|app| app.checks))
    }

    /// The addresses of a project: those of its apps in their order, the site's own, and those that any site has.
    pub fn routes_of(&self, project: &Project) -> Vec<Route> {
        let mut routes: Vec<Route> = self.apps_of(project).flat_map(|app| (app.urlpatterns)()).collect();
        if self.has_site(&project.apps) {
            routes.extend(self.urlpatterns.map(|own| own()).unwrap_or_default());
        }
        routes.extend(views::urlpatterns());
        if !routes.iter().any(|route| route.pattern == "/") {
            routes.push(views::home());
        }
        routes
    }

    /// The chain around the views of a project.
    pub fn chain_of(&self, project: &Project) -> Vec<Make> {
        middleware::chain(&self.links_of(project).copied().collect::<Vec<_>>())
    }

    /// The links that its apps bring, and the site.
    pub(super) fn links_of<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = &'a Link> {
        let of_apps = self.apps_of(project).flat_map(|app| app.middleware);
        of_apps.chain(if self.has_site(&project.apps) { self.middleware } else { &[] })
    }

    /// Adds what every template of a project knows besides `url` and `static`.
    pub fn template_extension(&self, project: &Project) -> Extend {
        let apps: Vec<AppConfig> = self.apps_of(project).copied().collect();
        let settings = project.settings.clone();
        Arc::new(move |environment| apps.iter().for_each(|app| (app.templates)(environment, &settings)))
    }
}

/// Whether an earlier run made databases of these settings in the folder.
pub fn holds_databases(loaded: &Loaded) -> bool {
    let mut databases = loaded.settings.databases.values();
    databases.any(|database| holds_history(database, &loaded.place.root))
}

/// What a command gets: what is installed, what was typed, and the project, loaded when first asked for.
pub struct Manage {
    /// What the program is made of.
    pub installed: Installed,
    /// The flags of every command.
    pub globals: GlobalArgs,
    /// The environment.
    pub environment: Environment,
    project: OnceCell<Project>,
}

impl Manage {
    /// A command's surroundings; nothing is read yet.
    pub fn new(installed: Installed, globals: GlobalArgs, environment: Environment) -> Self {
        Self { installed, globals, environment, project: OnceCell::new() }
    }

    /// The settings, read anew.
    ///
    /// # Errors
    /// Every problem of the settings.
    pub fn load(&self) -> CommandResult<Loaded> {
        let locator =
            Locator { project: self.globals.project.clone(), profile: self.globals.settings.clone() };
        Ok(load(&locator, self.environment.clone(), &self.installed.shipped())?)
    }

    /// The project. The first call reads the settings.
    ///
    /// # Errors
    /// Every problem of the settings.
    pub fn project(&self) -> CommandResult<&Project> {
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        let project = self.installed.project(self.existing()?)?;
        Ok(self.project.get_or_init(|| project))
    }

    /// As [`Manage::project`], also where apps without Rust are not declared yet.
    ///
    /// # Errors
    /// Every other problem of the settings.
    pub(crate) fn project_to_be(&self) -> CommandResult<&Project> {
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        let project = self.installed.project_to_be(self.existing()?)?;
        Ok(self.project.get_or_init(|| project))
    }

    /// Refuses the command of an app that the project has not installed.
    pub(super) fn require_app(&self, app: &str, command: &str) -> CommandResult {
        match self.project()?.apps.iter().any(|label| label == app) {
            true => Ok(()),
            false => Err(super::CommandError::usage(format!(
                "the command `{command}` belongs to the app `{app}`, which is not installed here"
            ))
            .hint(format!("add `{app}` to `apps` in the settings"))),
        }
    }

    /// Runs another command as if it had been typed, as Django's `call_command`.
    ///
    /// # Errors
    /// Those of the command, and when there is none of that name.
    pub fn call(&self, name: &str, args: &[&str], out: &mut Output) -> CommandResult {
        let unknown = || super::CommandError::failed(format!("there is no command `{name}`"));
        let mut commands = self.installed.all_commands();
        let (_, command) = commands.find(|(_, command)| command.name == name).ok_or_else(unknown)?;
        let parser = command.parser();
        let typed = std::iter::once(name).chain(args.iter().copied());
        let matches =
            parser.try_get_matches_from(typed).map_err(|error| super::CommandError::usage(error.render()))?;
        (command.run)(&matches, self, out)
    }

    /// The project once more, to be kept by what outlives the command's call, such as a server's requests.
    ///
    /// # Errors
    /// Every problem of the settings, also of those that only serving needs.
    pub fn new_project(&self) -> CommandResult<Project> {
        self.installed.project(self.existing()?.complete()?)
    }

    /// The settings of a folder that is a project. Another one is never filled in silence.
    ///
    /// # Errors
    /// Every problem of the settings, and a folder that is none.
    pub fn existing(&self) -> CommandResult<Loaded> {
        let loaded = self.load()?;
        super::foreign::check(&loaded.place.root, self.installed.files.owner)?;
        if loaded.is_project || holds_databases(&loaded) {
            return Ok(loaded);
        }
        let root = loaded.place.root.display();
        Err(super::CommandError::usage(format!(
            "no project here: neither {root} nor a folder above it has settings/, models/ or migrations/"
        ))
        .hint("`manage dev` makes one here and serves it")
        .hint("`manage startproject NAME` makes a site of your own; with --declared, a project without Rust")
        .hint("`--project DIR` names one that is elsewhere"))
    }
}
