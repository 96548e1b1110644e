//! Databases of a server: seen, made and dropped over a connection to none of them.

use super::features::FEATURES;
use crate::backends::base::{Connection, Statement};
use crate::error::Result;
use crate::params;

/// Whether the database came with the server.
pub(super) fn is_servers_own(name: &str) -> bool {
    const SYSTEM: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];
    SYSTEM.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Whether the server has it.
pub(super) async fn exists(connection: &mut dyn Connection, name: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?";
    Ok(!connection.query(Statement { sql, params: params![name] }).await?.is_empty())
}

/// Makes it. Tells whether it was made.
pub(super) async fn create(connection: &mut dyn Connection, name: &str) -> Result<bool> {
    let name = FEATURES.quote_name(name);
    let sql = format!("CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4");
    // It counts as a changed row; one that was there is a warning.
    Ok(connection.execute(Statement { sql: &sql, params: &[] }).await? > 0)
}

/// Who is connected to it.
pub(super) async fn sessions(connection: &mut dyn Connection, name: &str) -> Result<Vec<String>> {
    let sql = "SELECT CONCAT('connection ', id, ' of ', user, ' at ', host) \
               FROM information_schema.processlist WHERE db = ? ORDER BY id";
    let rows = connection.query(Statement { sql, params: params![name] }).await?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Drops it, under whoever is connected.
pub(super) async fn drop(connection: &mut dyn Connection, name: &str) -> Result<()> {
    let sql = format!("DROP DATABASE {}", FEATURES.quote_name(name));
    connection.execute(Statement { sql: &sql, params: &[] }).await.map(|_| ())
}
