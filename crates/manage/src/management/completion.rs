//! Completion: what can follow what was typed, asked at TAB time by a few lines of shell.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::{CompleteEnv, Shells};

use super::base::{GlobalArgs, Installed, Manage};
use super::output::ColorChoice;
use super::parser::parser;
use crate::conf::{Environment, profiles};
use crate::db::Files as _;
use crate::setup::Project;

/// The variable by which a shell's script asks.
const VARIABLE: &str = "MANAGE_COMPLETE";

/// Where the values of an argument come from, by the argument's name.
const SOURCES: [(&str, Source); 5] = [
    ("app_label", |_, project, _| project.apps.clone()),
    ("migration_name", migrations),
    ("database", aliases),
    ("databases", aliases),
    ("settings", |installed, project, _| profiles(&project.root, installed.files)),
];

/// Gives values, from the program, the project and the words typed so far.
type Source = fn(&Installed, &Project, &[OsString]) -> Vec<String>;

/// The script that teaches `shell` to ask, if the shell is known.
pub(super) fn script(shell: &str) -> Option<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let completer = shells.completer(shell)?;
    completer.write_registration(VARIABLE, "manage", "manage", "manage", &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// Answers a shell's question, if this run is one; tells whether it was.
pub(super) fn answer(args: &[OsString], installed: &Installed) -> bool {
    let words = args.to_vec();
    let installed = Arc::new(installed.clone());
    let factory = move || with_values(parser(&installed), &installed, &words);
    let answered = CompleteEnv::with_factory(factory).var(VARIABLE).try_complete(args.iter().cloned(), None);
    // A question that cannot be answered completes nothing; the terminal is no place for its error.
    answered.unwrap_or(true)
}

/// Adds to every argument with a known name where its values come from.
fn with_values(root: clap::Command, installed: &Arc<Installed>, words: &[OsString]) -> clap::Command {
    let add = |argument: clap::Arg| match SOURCES.iter().find(|(name, _)| argument.get_id() == name) {
        Some((_, source)) => {
            let (source, words, installed) = (*source, words.to_vec(), Arc::clone(installed));
            argument.add(ArgValueCompleter::new(move |current: &OsStr| {
                candidates(&installed, source, &words, current)
            }))
        }
        None => argument,
    };
    let names: Vec<String> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names
        .into_iter()
        .fold(root.mut_args(add), |root, name| root.mut_subcommand(name, |command| command.mut_args(add)))
}

fn candidates(
    installed: &Installed,
    source: Source,
    words: &[OsString],
    current: &OsStr,
) -> Vec<CompletionCandidate> {
    let globals = GlobalArgs {
        // The word that is just being typed names no profile yet.
        settings: after(words, "--settings").filter(|word| word.as_str() != current),
        project: after(words, "--project").map(Into::into),
        color: ColorChoice::Never,
        verbosity: 0,
        no_input: true,
    };
    let manage = Manage::new(installed.clone(), globals, Environment::of_process());
    let Ok(project) = manage.project() else { return Vec::new() };
    let current = current.to_string_lossy();
    let values = source(installed, project, words).into_iter();
    values.filter(|value| value.starts_with(current.as_ref())).map(CompletionCandidate::new).collect()
}

/// The word behind a flag that was typed already.
fn after(words: &[OsString], flag: &str) -> Option<String> {
    let position = words.iter().position(|word| word == flag)?;
    words.get(position + 1)?.to_str().map(str::to_owned)
}

/// Names of the databases.
fn aliases(_: &Installed, project: &Project, _: &[OsString]) -> Vec<String> {
    project.connections.aliases().into_iter().map(str::to_owned).collect()
}

/// Names of the migrations of the app that was typed already.
fn migrations(_: &Installed, project: &Project, words: &[OsString]) -> Vec<String> {
    let Some(app) = project.apps.iter().find(|label| words.iter().any(|word| word == label.as_str())) else {
        return Vec::new();
    };
    let files = project.files.list(&format!("migrations/{app}")).unwrap_or_default();
    let mut names: Vec<String> = files
        .iter()
        .filter_map(|path| {
            let file = path.rsplit('/').next()?;
            let name = file.strip_suffix(".toml").or_else(|| file.strip_suffix(".sql"))?;
            Some(name.split('.').next().unwrap_or(name).to_owned())
        })
        .collect();
    names.dedup();
    names.push("zero".to_owned());
    names
}
