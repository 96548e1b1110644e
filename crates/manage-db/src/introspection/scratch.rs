//! Tables that are made for a look and are gone with the connection.

use std::collections::BTreeMap;

use super::expected::{expected, statements};
use super::live::{Live, chosen};
use crate::backends::base::live::LiveTable;
use crate::backends::base::tables::Table;
use crate::backends::base::{Backend, Connection};
use crate::error::{Error, Result};

/// The tables as the database itself tells them, which rewrites expressions.
///
/// They are made as temporary ones under their own names, looked at and taken away again. When the connection ends before, they
/// are gone with it.
///
/// # Errors
/// [`Error::Statement`] also where the account may make none.
pub async fn retold(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    tables: &[&Table],
) -> Result<Vec<LiveTable>> {
    connection.begin().await?;
    let made = made(backend, connection, tables).await;
    let forgotten = forget(backend, connection, tables).await;
    let live = made?;
    forgotten?;
    let mut told: BTreeMap<String, LiveTable> =
        live.tables.into_iter().map(|table| (table.name.clone(), table)).collect();
    let with_keys = |table: &&Table| {
        let own = expected(backend, table)?;
        let missing = || Error::NotSupported {
            what: format!("looking at a temporary table ({})", table.name),
            vendor: backend.features().display_name,
        };
        let told = told.remove(&table.name).ok_or_else(missing)?;
        Ok(LiveTable { keys: own.keys, ..told })
    };
    tables.iter().map(with_keys).collect()
}

/// Makes the tables, and looks at them.
async fn made(backend: &dyn Backend, connection: &mut dyn Connection, tables: &[&Table]) -> Result<Live> {
    for table in tables {
        for sql in statements(backend, &without_keys(table))? {
            let sql = match sql.strip_prefix("CREATE TABLE ") {
                Some(rest) => format!("CREATE TEMPORARY TABLE {rest}"),
                None => sql,
            };
            connection.batch(&[&sql]).await.map_err(|failed| failed.error)?;
        }
    }
    let is_meant = |name: &str| tables.iter().any(|table| table.name == name);
    chosen(backend, connection, &is_meant).await
}

/// Takes them away again, also where a transaction does not undo them.
async fn forget(backend: &dyn Backend, connection: &mut dyn Connection, tables: &[&Table]) -> Result<()> {
    connection.rollback().await?;
    let features = backend.features();
    for table in tables.iter().filter(|_| !features.can_rollback_ddl) {
        let sql = format!("DROP TEMPORARY TABLE IF EXISTS {}", features.quote_name(&table.name));
        connection.batch(&[&sql]).await.map_err(|failed| failed.error)?;
    }
    Ok(())
}

/// Temporary tables point to nothing that stays; what a key says is told as it is written anyway.
fn without_keys(table: &Table) -> Table {
    let mut table = table.clone();
    table.columns.iter_mut().for_each(|column| column.foreign_key = None);
    table
}
