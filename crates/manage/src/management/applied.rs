//! Whether migrations are applied anywhere: what is applied stays as it is.

use super::error::{CommandError, CommandResult};
use super::runtime::block_on;
use crate::db::migrations::{Migration, Session};
use crate::setup::Project;

/// Refuses migrations that a database has applied, or begun; `way_out` says what to do instead.
///
/// # Errors
/// The first of them; a database that cannot be asked.
pub(super) fn refuse_applied(project: &Project, migrations: &[&Migration], way_out: &str) -> CommandResult {
    block_on(async {
        for alias in project.connections.primaries() {
            let lives = |one: &&&Migration| project.router.allow_migrate(alias, &one.key.app);
            let here: Vec<&&Migration> = migrations.iter().filter(lives).collect();
            if here.is_empty() {
                continue;
            }
            let session = Session::open(project.connections.backend(alias)?).await.map_err(|error| {
                CommandError::from(error).hint(
                    "what is applied must stay as it is, and only its database knows; nothing was changed",
                )
            })?;
            let is_begun = |one: &Migration| {
                let half_done = session.history.journal.keys().any(|key| key.version == one.version());
                half_done || session.history.get(&one.key).is_some()
            };
            if let Some(one) = here.into_iter().find(|one| is_begun(one)) {
                let path = &one.path;
                return Err(CommandError::failed(format!(
                    "{path}:1: {} is applied on database `{alias}`, so its file stays as it is",
                    one.key
                ))
                .hint(way_out));
            }
        }
        Ok(())
    })
}
