//! Databases of a server: seen, made and dropped over a connection to another one.

use super::features::FEATURES;
use super::who::WHO;
use crate::backends::base::{Connection, Statement};
use crate::error::{Error, Result};
use crate::params;

/// Databases that every server has, from which the others are looked after.
pub(super) const BESIDE: [&str; 2] = ["postgres", "template1"];

/// "Duplicate database": somebody else was quicker.
const DUPLICATE: &str = "42P04";

/// "Invalid parameter value": the template has another encoding.
const OTHER_ENCODING: &str = "22023";

/// Whether the database came with the server.
pub(super) fn is_servers_own(name: &str) -> bool {
    BESIDE.contains(&name) || name == "template0"
}

/// Whether the server has it.
pub(super) async fn exists(connection: &mut dyn Connection, name: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = ?";
    Ok(!connection.query(Statement { sql, params: params![name] }).await?.is_empty())
}

/// Makes it. Tells whether it was made.
pub(super) async fn create(connection: &mut dyn Connection, name: &str) -> Result<bool> {
    // What an administrator put into the template is wanted, unless it cannot hold every text.
    let name = FEATURES.quote_name(name);
    let create = |template: &str| format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}");
    let mut made = execute(connection, &create("template1")).await;
    if made.as_ref().is_err_and(|error| has_code(error, OTHER_ENCODING)) {
        made = execute(connection, &create("template0")).await;
    }
    match made {
        Err(error) if has_code(&error, DUPLICATE) || error.is_unique_violation() => Ok(false),
        made => made.map(|()| true),
    }
}

/// Who is connected to it.
pub(super) async fn sessions(connection: &mut dyn Connection, name: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT {WHO} || coalesce(' (' || nullif(a.application_name, '') || ')', '') \
         FROM pg_catalog.pg_stat_activity a WHERE a.datname = ? ORDER BY a.pid"
    );
    let rows = connection.query(Statement { sql: &sql, params: params![name] }).await?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Drops it; by force also under those who are connected.
pub(super) async fn drop(connection: &mut dyn Connection, name: &str, is_forced: bool) -> Result<()> {
    let forced = if is_forced { " WITH (FORCE)" } else { "" };
    execute(connection, &format!("DROP DATABASE {}{forced}", FEATURES.quote_name(name))).await
}

async fn execute(connection: &mut dyn Connection, sql: &str) -> Result<()> {
    connection.execute(Statement { sql, params: &[] }).await.map(|_| ())
}

fn has_code(error: &Error, code: &str) -> bool {
    matches!(error, Error::Statement(statement) if statement.code.as_deref() == Some(code))
}
