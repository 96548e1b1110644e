use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::management::parser::parser;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Print a manual page
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command it describes, such as `migrate` or `cert create`; without one, the program
    command: Vec<String>,
    /// Write all pages into this folder instead
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, conflicts_with = "command")]
    out_dir: Option<PathBuf>,
}

impl BaseCommand for Man {
    const NAME: &'static str = "man";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let mut root = parser(&manage.installed);
        root.build();
        if let Some(folder) = &self.out_dir {
            return write_all(&root, folder, out);
        }
        let command = self.command.iter().try_fold(&root, |command, name| {
            command.find_subcommand(name).ok_or_else(|| {
                let names: Vec<&str> = subcommands(command).map(clap::Command::get_name).collect();
                CommandError::unknown(format!("unknown command `{name}`"), name, &names)
            })
        })?;
        Ok(out.part(page(command)?)?)
    }
}

fn write_all(root: &clap::Command, folder: &Path, out: &mut Output) -> CommandResult {
    fs::create_dir_all(folder)?;
    let commands = with_subcommands(root);
    for command in &commands {
        let name = command.get_display_name().unwrap_or(command.get_name()).replace(' ', "-");
        fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    }
    Ok(out.status(format!("{} pages written to {}", commands.len(), folder.display()))?)
}

/// A command and all below it.
fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    std::iter::once(command).chain(subcommands(command).flat_map(with_subcommands)).collect()
}

/// What is directly below a command, but for clap's own `help`.
fn subcommands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help")
}

fn page(command: &clap::Command) -> CommandResult<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
