//! From what was typed to the command that does it, and from its error to an exit status.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::base::{Command, GlobalArgs, Group, Installed, Manage};
use super::error::{CommandError, CommandResult, ErrorKind};
use super::output::{Output, Style};
use crate::conf::Environment;

/// Parses `args` (with the program's name first) and runs what they name.
pub fn execute_from_command_line(args: Vec<OsString>, installed: Installed) -> ExitCode {
    let environment = Environment::of_process();
    let matches = match parser(&installed.commands).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return show_clap(&error),
    };
    let globals = match matches.subcommand().map(|(_, matches)| GlobalArgs::from_arg_matches(matches)) {
        Some(Ok(globals)) => globals,
        Some(Err(error)) => return show_clap(&error),
        None => return ExitCode::from(2),
    };
    let mut out = Output::new(globals.verbosity, globals.color, globals.no_input, &environment);
    let manage = Manage::new(installed, globals, environment);
    let answer = run(&matches, &manage, &mut out).and_then(|()| Ok(out.flush()?));
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            show(&error, &mut out);
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(matches: &ArgMatches, manage: &Manage, out: &mut Output) -> CommandResult {
    let (name, matches) = matches.subcommand().ok_or_else(|| CommandError::usage("no command was given"))?;
    let command = manage.installed.commands.iter().find(|command| command.name == name);
    let command = command.ok_or_else(|| CommandError::usage(format!("unknown command `{name}`")))?;
    (command.run)(matches, manage, out)
}

/// The whole command line for clap.
pub fn parser(commands: &[Command]) -> clap::Command {
    let root = clap::Command::new("manage")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Migrations, serving, people: Django's manage.py, a web server and a blog in one binary")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .override_help(overview(commands));
    let root = GlobalArgs::augment_args(root);
    commands
        .iter()
        .fold(root, |root, command| root.subcommand((command.augment)(clap::Command::new(command.name))))
}

/// The help of the program: commands in groups, one line each.
fn overview(commands: &[Command]) -> String {
    let mut text = String::from("Usage: manage COMMAND [ARGS]\n");
    for group in Group::ALL {
        let members: Vec<&Command> = commands.iter().filter(|command| command.group == group).collect();
        if members.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}:\n", group.title()));
        for command in members {
            let about =
                (command.augment)(clap::Command::new(command.name)).get_about().map(ToString::to_string);
            text.push_str(&format!("  {:<18}{}\n", command.name, about.unwrap_or_default()));
        }
    }
    text.push_str("\n`manage help COMMAND` tells more about one.\n");
    text
}

fn show_clap(error: &clap::Error) -> ExitCode {
    let shown = error.print();
    match u8::try_from(error.exit_code()) {
        Ok(_) if shown.is_err() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(status),
        Err(_) => ExitCode::FAILURE,
    }
}

fn show(error: &CommandError, out: &mut Output) {
    if error.kind == ErrorKind::Silent {
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
