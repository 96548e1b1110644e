//! The whole command line for clap, and its help.

use clap::Args as _;

use super::base::{Command, GlobalArgs, Group, Installed};

/// The program's name, flags and commands.
pub(super) fn parser(installed: &Installed) -> clap::Command {
    let root = GlobalArgs::augment_args(clap::Command::new("manage"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Migrations, serving, people, certificates: Django's manage.py and a web server in one binary")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .override_help(overview(installed));
    let add = |root: clap::Command, command: &Command| root.subcommand(command.parser());
    installed.all_commands().fold(root, |root, (_, command)| add(root, command))
}

/// The help of the program: commands in groups, one line each.
fn overview(installed: &Installed) -> String {
    let mut text = String::from("Usage: manage COMMAND [ARGS]\n");
    for group in Group::ALL {
        let commands = installed.all_commands().map(|(_, command)| command);
        let members: Vec<&Command> = commands.filter(|command| command.group == group).collect();
        if members.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}:\n", group.title()));
        for command in members {
            let about = command.parser().get_about().map(ToString::to_string);
            text.push_str(&format!("  {:<18}{}\n", command.name, about.unwrap_or_default()));
        }
    }
    text.push_str("\nGlobal options:\n");
    for argument in GlobalArgs::augment_args(clap::Command::new("manage")).get_arguments() {
        let flag = argument.get_long().map(|long| format!("--{long}")).unwrap_or_default();
        let value = argument.get_value_names().filter(|_| argument.get_action().takes_values());
        let value = value.and_then(<[_]>::first).map(|name| format!(" {name}")).unwrap_or_default();
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("  {:<22}{help}\n", format!("{flag}{value}")));
    }
    text.push_str("\n`manage help COMMAND` tells more about one.\n");
    text
}
