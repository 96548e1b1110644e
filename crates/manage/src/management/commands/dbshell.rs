use std::io::ErrorKind;
use std::process::Command;

use clap::Args;

use crate::db::DEFAULT_ALIAS;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Start the database's own client
#[derive(Debug, Args)]
pub(super) struct DbShell {
    /// Database to open
    #[arg(long, value_name = "ALIAS", default_value = DEFAULT_ALIAS)]
    database: String,
    /// Arguments for the client, after `--`
    #[arg(last = true, value_name = "ARGS")]
    parameters: Vec<String>,
}

impl BaseCommand for DbShell {
    const NAME: &'static str = "dbshell";
    const GROUP: Group = Group::Databases;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let client = manage.project()?.connections.backend(&self.database)?.client();
        out.flush()?;
        let status = Command::new(client.program)
            .args(&client.args)
            .args(&self.parameters)
            .envs(client.env.iter().map(|(name, value)| (name, value)))
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(CommandError::failed(format!("`{}` ended with {status}", client.program))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let missing = format!("the client `{}` is not installed or not on the path", client.program);
                Err(CommandError::failed(missing).hint(format!("install `{}`", client.program)))
            }
            Err(error) => Err(error.into()),
        }
    }
}
