//! What a command is and what it gets.

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::{ArgMatches, Args};

use super::error::CommandResult;
use super::output::{ColorChoice, Output};
use crate::checks::Message;
use crate::conf::{AppSettings, Environment, Loaded, Locator, Settings, load};
use crate::middleware::Make;
use crate::setup::Project;
use crate::urls::Route;

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

/// What the project's apps contribute, as plain lists.
pub struct Installed {
    /// Every command.
    pub commands: Vec<Command>,
    /// Every system check.
    pub checks: Vec<Check>,
    /// How apps read their own tables of the settings.
    pub app_settings: Vec<AppSettings>,
    /// Makes the project of loaded settings: which apps are installed decides its models.
    pub project: fn(Loaded) -> CommandResult<Project>,
    /// Every address.
    pub urlpatterns: fn() -> Vec<Route>,
    /// What happens to every request, in this order.
    pub middleware: &'static [Make],
    /// Names that every template knows.
    pub template_globals: fn(&Settings) -> Vec<(&'static str, minijinja::Value)>,
}

/// What a command gets: what is installed, what was typed, and the project, loaded when first asked for.
pub struct Manage {
    /// What the apps contribute.
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
        Ok(load(&locator, self.environment.clone(), &self.installed.app_settings)?)
    }

    /// The project. The first call reads the settings.
    ///
    /// # Errors
    /// Every problem of the settings.
    pub fn project(&self) -> CommandResult<&Project> {
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        let project = (self.installed.project)(self.load()?)?;
        Ok(self.project.get_or_init(|| project))
    }

    /// Runs another command as if it had been typed, as Django's `call_command`.
    ///
    /// # Errors
    /// Those of the command, and when there is none of that name.
    pub fn call(&self, name: &str, args: &[&str], out: &mut Output) -> CommandResult {
        let unknown = || super::CommandError::failed(format!("there is no command `{name}`"));
        let command =
            self.installed.commands.iter().find(|command| command.name == name).ok_or_else(unknown)?;
        let parser = (command.augment)(clap::Command::new(command.name));
        let typed = std::iter::once(name).chain(args.iter().copied());
        let matches =
            parser.try_get_matches_from(typed).map_err(|error| super::CommandError::usage(error.render()))?;
        (command.run)(&matches, self, out)
    }

    /// The project once more, to be kept by what outlives the command's call, such as a server's requests.
    ///
    /// # Errors
    /// Every problem of the settings.
    pub fn new_project(&self) -> CommandResult<Project> {
        (self.installed.project)(self.load()?)
    }
}
