//! What a database answers about the tables that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::{Connection, Statement};
use super::live::{LiveTable, Remain};
use crate::error::Result;

/// Queries of one vendor.
#[derive(Debug)]
pub struct Introspection {
    /// One column: the names of the tables that unqualified statements reach.
    pub tables: &'static str,
    /// Two columns: a table's name and a column's.
    pub columns: &'static str,
    /// Four columns: what something is, the table that it belongs to, its name, and the statement that makes it; NULL where
    /// that is asked for by [`Introspection::texts`]. A few words stand for facts: see [`Said`].
    pub objects: &'static str,
    /// By what something is, the statement behind which its name stands to ask for its text, and the column of the answer.
    pub texts: &'static [(&'static str, &'static str, usize)],
    /// Two columns, of the view that is the parameter: the name of a column of it, and its type. One that is broken may make
    /// it fail.
    pub view_columns: &'static str,
    /// Brings what the vendor spells in several ways to one, in a table as it was read.
    pub settle: fn(&mut LiveTable, &Said),
    /// The same for the text of something else.
    pub settle_remain: fn(&mut Remain, &Said),
}

/// Facts of a database among its objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// How text is compared where neither a column nor its table says it: the object `default collation`.
    pub collation: Option<String>,
    /// How text is compared in a new table that does not say it: the object `collation of tables`.
    pub of_tables: Option<String>,
    /// The database's name in its own texts: the object `database`.
    pub database: Option<String>,
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
