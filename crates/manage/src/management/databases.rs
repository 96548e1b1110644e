//! What commands say about databases.

use super::error::CommandResult;
use super::output::Output;
use crate::db::Homes;
use crate::setup::Project;
use crate::text;

/// Says which aliases lead to a database that has another name already.
///
/// # Errors
/// When nobody reads what is said.
pub(super) fn show_doubles(homes: &Homes, out: &mut Output) -> CommandResult {
    for (alias, name) in homes.doubles() {
        out.status(same(alias, name))?;
    }
    Ok(())
}

/// `default (PostgreSQL 127.0.0.1:5432/shop)`: a database and where it is.
///
/// # Errors
/// When there is none of that alias.
pub(super) fn place(project: &Project, alias: &str) -> CommandResult<String> {
    let backend = project.connections.backend(alias)?;
    Ok(format!("{alias} ({} {})", backend.features().display_name, backend.address()))
}

/// That two aliases lead to one database.
pub(super) fn same(alias: &str, name: &str) -> String {
    format!("{alias} is the same database as {name}")
}

/// That a database remembers migrations of an app that is not installed.
pub(super) fn stranger(app: &str, number: usize, alias: &str) -> String {
    let migrations = text::count(number, "migration");
    let verb = if number == 1 { "is" } else { "are" };
    format!(
        "{migrations} of app `{app}`, which is not installed, {verb} applied on database `{alias}`; \
         `manage migrate --forget {app}` forgets them"
    )
}
