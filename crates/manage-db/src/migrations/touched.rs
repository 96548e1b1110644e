//! What an open transaction has touched, for a run that is rolled back.

use std::collections::{BTreeMap, BTreeSet};

use crate::backends::base::{BackendRef, Connection, Statement};
use crate::error::Result;

/// What a transaction has done to one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// The table; none where the database counts all of them together.
    pub table: Option<String>,
    /// Rows put in.
    pub inserted: i64,
    /// Rows changed.
    pub updated: i64,
    /// Rows taken out.
    pub deleted: i64,
    /// The strongest lock that keeps others out, in the database's words; none on tables that the transaction made.
    pub lock: Option<String>,
}

/// What the open transaction of a connection has touched. `known`: the tables that were there before.
///
/// # Errors
/// Those of the queries.
pub(super) async fn touched(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    known: &BTreeSet<String>,
) -> Result<Vec<Touched>> {
    let mut tables: BTreeMap<String, Touched> = BTreeMap::new();
    if let Some(sql) = backend.touched().rows {
        for mut row in connection.query(Statement { sql, params: &[] }).await? {
            let table: String = row.take(0)?;
            let of = tables.entry(table.clone()).or_default();
            *of = Touched {
                table: Some(table).filter(|table| !table.is_empty()),
                inserted: row.take(1)?,
                updated: row.take(2)?,
                deleted: row.take(3)?,
                lock: None,
            };
        }
    }
    if let Some(sql) = backend.touched().locks {
        for mut row in connection.query(Statement { sql, params: &[] }).await? {
            let table: String = row.take(0)?;
            if known.contains(&table) {
                let of = tables.entry(table.clone()).or_default();
                of.table = Some(table);
                of.lock = Some(row.take(1)?);
            }
        }
    }
    Ok(tables.into_values().collect())
}
