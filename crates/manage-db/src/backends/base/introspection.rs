//! What a database answers about the tables that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{Connection, Statement};
use crate::error::Result;

/// Queries of one vendor.
#[derive(Debug)]
pub struct Introspection {
    /// One column: the names of the tables that unqualified statements reach.
    pub tables: &'static str,
    /// Two columns: a table's name and a column's.
    pub columns: &'static str,
}

impl Introspection {
    /// Names of the tables.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn table_names(&self, connection: &mut dyn Connection) -> Result<BTreeSet<String>> {
        let rows = connection.query(Statement { sql: self.tables, params: &[] }).await?;
        rows.into_iter().map(|mut row| row.take(0)).collect()
    }

    /// Names of the columns of every table.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn column_names(
        &self,
        connection: &mut dyn Connection,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let rows = connection.query(Statement { sql: self.columns, params: &[] }).await?;
        let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
        for mut row in rows {
            tables.entry(row.take(0)?).or_default().insert(row.take(1)?);
        }
        Ok(tables)
    }
}
