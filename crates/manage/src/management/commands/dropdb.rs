use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use crate::db::backends::base::BackendRef;
use crate::db::migrations::Session;
use crate::management::databases::place;
use crate::management::{
    BaseCommand, CommandError, CommandResult, Group, Manage, Output, Prompt, Style, block_on,
};
use crate::setup::Project;
use crate::text;

/// Drop a database with all that is in it
///
/// What would go is shown and asked, or done with `--yes`. A database that somebody else is connected to is dropped with
/// `--force` alone, a SQLite file that is being migrated never.
#[derive(Debug, Args)]
pub(super) struct DropDb {
    /// Database to drop; may be left out where there is only one
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
    /// Drop it without asking
    #[arg(long)]
    yes: bool,
    /// Drop it under those who are connected to it
    #[arg(long)]
    force: bool,
}

impl BaseCommand for DropDb {
    const NAME: &'static str = "dropdb";
    const GROUP: Group = Group::Databases;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let alias = self.alias(project)?;
        let (backend, place) = (project.connections.backend(alias)?, place(project, alias)?);
        if !block_on(async { Ok(backend.has_database().await?) })? {
            return Ok(out.line(format!("Database {place} is not there."))?);
        }
        // Before a connection of our own could be taken for another's.
        self.check_others(backend)?;
        let heading = out.styled(Style::Heading, &format!("Database {place}:"));
        out.line(heading)?;
        out.line(format!("  {}", block_on(contents(backend))?))?;
        out.flush()?;
        let question = "Drop it with all that is in it?";
        if !self.yes && !Prompt::new(out).confirm(question, "`--yes` drops it without asking")? {
            return Ok(out.line("Nothing was dropped.")?);
        }
        // Whoever came while it was asked.
        self.check_others(backend)?;
        block_on(async { Ok(backend.drop_database(self.force).await?) })?;
        Ok(out.line(format!("Dropped database {place}."))?)
    }
}

impl DropDb {
    /// The database that was named, or the only one.
    fn alias<'a>(&'a self, project: &'a Project) -> CommandResult<&'a str> {
        let all = project.connections.primaries();
        let Some(alias) = self.database.as_deref() else {
            let [one] = all.as_slice() else {
                return Err(CommandError::usage(
                    "there are several databases: `--database` names the one to drop",
                )
                .hint(format!("configured databases: {}", all.join(", "))));
            };
            return Ok(one);
        };
        match project.connections.original(alias)? {
            None => Ok(alias),
            Some(original) => {
                Err(crate::db::Error::Replica { alias: alias.to_owned(), original: original.to_owned() }
                    .into())
            }
        }
    }

    /// Whoever works with the database is not surprised.
    fn check_others(&self, backend: &BackendRef) -> CommandResult {
        if self.force {
            return Ok(());
        }
        match block_on(others(backend))?.as_slice() {
            [] => Ok(()),
            others => Err(CommandError::failed(format!(
                "database `{}` is in use by {}",
                backend.alias(),
                others.join(", ")
            ))
            .hint("let them end first; `--force` drops it nevertheless")),
        }
    }
}

/// Who stays connected: a server notices a moment later that somebody is gone.
async fn others(backend: &BackendRef) -> CommandResult<Vec<String>> {
    for _ in 0..10 {
        if backend.others().await?.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(backend.others().await?)
}

/// `14 tables, 12 applied migrations of blog, shop`.
async fn contents(backend: &BackendRef) -> CommandResult<String> {
    let session = Session::open(backend).await?;
    let count = |number: usize, what| text::count(number, what);
    let keys = session.history.keys();
    let apps: BTreeSet<&str> = keys.iter().map(|key| key.app.as_str()).collect();
    let of = if apps.is_empty() { String::new() } else { format!(" of {}", Vec::from_iter(apps).join(", ")) };
    let tables = count(session.history.tables.len(), "table");
    Ok(format!("{tables}, {}{of}", count(keys.len(), "applied migration")))
}
