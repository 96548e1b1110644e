use clap::Args;

use crate::db::Homes;
use crate::management::databases::{place, show_doubles};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;

/// Make the databases of the settings that are not there yet
///
/// PostgreSQL databases hold UTF-8, those of MariaDB and MySQL utf8mb4; a SQLite file is made with its folder. The account
/// of the settings makes them, and needs the right to. Tables come with `manage migrate`.
#[derive(Debug, Args)]
pub(super) struct CreateDb {
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
}

impl BaseCommand for CreateDb {
    const NAME: &'static str = "createdb";
    const GROUP: Group = Group::Databases;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let homes = block_on(async { Ok(Homes::look_at(&project.connections, &self.databases).await?) })?;
        show_doubles(&homes, out)?;
        let mut failed: Option<CommandError> = None;
        for alias in homes.chosen() {
            match create(project, alias) {
                Ok(true) => out.line(format!("Created database {}.", place(project, alias)?))?,
                Ok(false) => out.line(format!("Database {} exists already.", place(project, alias)?))?,
                // One that cannot be made does not keep the others from it.
                Err(error) if failed.is_some() => out.warning(format!("{:#}", error.source))?,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn create(project: &Project, alias: &str) -> CommandResult<bool> {
    let backend = project.connections.backend(alias)?;
    block_on(async {
        match backend.has_database().await? {
            true => Ok(false),
            false => Ok(backend.create_database().await?),
        }
    })
}
