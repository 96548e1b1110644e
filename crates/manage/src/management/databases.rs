//! What commands say about databases.

use super::error::CommandResult;
use super::output::Output;
use crate::db::Homes;

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

/// That two aliases lead to one database.
pub(super) fn same(alias: &str, name: &str) -> String {
    format!("{alias} is the same database as {name}")
}
