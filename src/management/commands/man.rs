use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::management::parser::parser;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Print a manual page
#[derive(Debug, Args)]
pub struct Man {
    /// The command it describes; without one, the program
    command: Option<String>,
    /// Write all pages into this folder instead
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, conflicts_with = "command")]
    out_dir: Option<PathBuf>,
}

impl BaseCommand for Man {
    const NAME: &'static str = "man";
    const GROUP: Group = Group::Project;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let mut root = parser(&manage.installed.commands);
        root.build();
        if let Some(folder) = &self.out_dir {
            return write_all(&root, folder, out);
        }
        let page = match &self.command {
            None => page(&root)?,
            Some(name) => {
                let found = root.find_subcommand(name).ok_or_else(|| {
                    let names: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
                    CommandError::unknown(format!("unknown command `{name}`"), name, &names)
                })?;
                page(found)?
            }
        };
        Ok(out.part(page)?)
    }
}

fn write_all(root: &clap::Command, folder: &Path, out: &mut Output) -> CommandResult {
    fs::create_dir_all(folder)?;
    let commands: Vec<&clap::Command> =
        root.get_subcommands().filter(|command| command.get_name() != "help").collect();
    for command in std::iter::once(root).chain(commands.iter().copied()) {
        let name = command.get_display_name().unwrap_or(command.get_name()).replace(' ', "-");
        fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    }
    Ok(out.status(format!("{} pages written to {}", commands.len() + 1, folder.display()))?)
}

fn page(command: &clap::Command) -> CommandResult<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
