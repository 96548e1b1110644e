//! From what was typed to the command that does it, and from its error to an exit status.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, FromArgMatches as _};

use super::base::{GlobalArgs, Installed, Manage};
use super::commands::cert::mkcert;
use super::completion;
use super::error::{CommandError, CommandResult, ErrorKind};
use super::output::{ColorChoice, Output, Style};
use super::parser::parser;
use crate::conf::Environment;

/// Parses `args` (with the program's name first) and runs what they name.
pub(crate) fn execute_from_command_line(args: &[OsString], installed: Installed) -> ExitCode {
    if completion::answer(args, &installed) {
        return ExitCode::SUCCESS;
    }
    let environment = Environment::of_process();
    // Alone it is `help`, as Django's manage.py.
    let help = [OsString::from("manage"), OsString::from("help")];
    let args = if args.len() < 2 { &help } else { args };
    let matches = match parser(&installed).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return show_clap(&error, &environment),
    };
    let globals = match matches.subcommand().map(|(_, matches)| GlobalArgs::from_arg_matches(matches)) {
        Some(Ok(globals)) => globals,
        Some(Err(error)) => return show_clap(&error, &environment),
        None => return ExitCode::from(2),
    };
    let mut out = Output::new(globals.verbosity, globals.color, globals.no_input, &environment);
    let manage = Manage::new(installed, globals, environment);
    let answer = run(&matches, &manage, &mut out);
    conclude(answer, &mut out)
}

/// Parses `args` (with the program's name first) as mkcert's and does what they say.
pub(crate) fn execute_as_mkcert(args: &[OsString], installed: Installed) -> ExitCode {
    let (globals, environment) = (GlobalArgs::default(), Environment::of_process());
    let mut out = Output::new(globals.verbosity, globals.color, globals.no_input, &environment);
    let manage = Manage::new(installed, globals, environment);
    let answer = mkcert::run(args.get(1..).unwrap_or_default(), &manage, &mut out);
    conclude(answer, &mut out)
}

/// Shows what went wrong, and turns it into the exit status.
fn conclude(answer: CommandResult, out: &mut Output) -> ExitCode {
    match answer.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            show(&error, out);
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(matches: &ArgMatches, manage: &Manage, out: &mut Output) -> CommandResult {
    let (name, matches) = matches.subcommand().ok_or_else(|| CommandError::usage("no command was given"))?;
    let found = manage.installed.all_commands().find(|(_, command)| command.name == name);
    let (app, command) = found.ok_or_else(|| CommandError::usage(format!("unknown command `{name}`")))?;
    if let Some(app) = app {
        manage.require_app(app, name)?;
    }
    (command.run)(matches, manage, out)
}

/// Shows help and versions as clap has them, and its errors in the form of all others.
fn show_clap(error: &clap::Error, environment: &Environment) -> ExitCode {
    if !error.use_stderr() {
        // Nobody reads any more when printing fails: that is no error.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // The help is the error: it says what can follow.
        drop(error.print());
        return ExitCode::from(2);
    }
    let mut out = Output::new(1, ColorChoice::Auto, true, environment);
    show(&usage_error(error), &mut out);
    ExitCode::from(2)
}

fn usage_error(error: &clap::Error) -> CommandError {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        // The last is the nearest.
        Some(ContextValue::Strings(texts)) => texts.last().cloned(),
        _ => None,
    };
    let suggestion =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let suggestion = suggestion.into_iter().find_map(text);
    let usage = match text(ContextKind::InvalidSubcommand) {
        Some(name) => CommandError::usage(format!("unknown command `{name}`")),
        None => {
            let rendered = error.render().to_string();
            let first =
                rendered.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
            CommandError::usage(first.trim_start_matches("error: "))
        }
    };
    match suggestion {
        Some(name) => usage.hint(format!("did you mean `{name}`?")),
        None => usage.hint("`manage help` lists the commands, `manage help COMMAND` tells more about one"),
    }
}

fn show(error: &CommandError, out: &mut Output) {
    if matches!(error.kind, ErrorKind::Silent | ErrorKind::Pending) {
        return;
    }
    let mut text = format!("{} {}\n", out.styled_status(Style::Error, "error:"), error.source);
    for cause in error.source.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    for hint in &error.hints {
        text.push_str(&format!("{} {hint}\n", out.styled_status(Style::Notice, "hint:")));
    }
    // Nothing is left to be told when stderr is closed.
    drop(out.flush());
    drop(io::stderr().write_all(text.as_bytes()));
}

fn is_broken_pipe(error: &CommandError) -> bool {
    let io = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    error.source.chain().any(io)
}
