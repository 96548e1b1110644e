//! Facts about each kind of database. Callers ask for a fact, never for a name.

use super::tables::ColumnType;

/// What a kind of database can do and how it writes things.
#[derive(Debug)]
pub struct Features {
    /// Its name in sentences: `PostgreSQL`.
    pub display_name: &'static str,
    /// Its name in settings and in per-vendor SQL texts.
    pub dialect: &'static str,
    /// DDL is undone when its transaction is.
    pub can_rollback_ddl: bool,
    /// Writers exclude each other, so they queue for one connection.
    pub has_single_writer: bool,
    /// `CREATE INDEX CONCURRENTLY` and the like.
    pub has_concurrent_index: bool,
    /// An index over some of the rows.
    pub has_partial_index: bool,
    /// An index over an expression.
    pub has_expression_index: bool,
    /// An index with columns that are stored but not ordered by.
    pub has_covering_index: bool,
    /// An index can be of several kinds: `gin`, `hash`.
    pub has_index_methods: bool,
    /// Constraints can be checked at the end of the transaction.
    pub can_defer_constraints: bool,
    /// A constraint can hold for new rows first, and for the others later.
    pub can_validate_later: bool,
    /// A foreign key makes its own index.
    pub indexes_foreign_keys_itself: bool,
    /// Foreign keys can be added to and dropped from an existing table.
    pub can_alter_foreign_keys: bool,
    /// A table can be made before those that its keys point to.
    pub can_point_ahead: bool,
    /// A unique constraint can be found by its name.
    pub knows_unique_names: bool,
    /// Tells tables in other words than those that they were made with.
    pub rewrites_sql: bool,
    /// Longest name of a table, column, index or constraint, in bytes.
    pub max_identifier_bytes: usize,
    /// Most values that one statement can bind.
    pub max_params: usize,
    /// What stands before a query whose plan is asked for.
    pub explain: &'static str,
    /// Begins a transaction that will write.
    pub begin: &'static str,
    /// What stands behind the table of an INSERT that gives no column a value.
    pub default_row: &'static str,
    /// The type of a text of any length.
    pub long_text: &'static str,
    /// What a value is cast to that is to be read as text.
    pub cast_text: &'static str,
    /// Integers without negative numbers reach twice as far.
    pub has_unsigned: bool,
    /// The name of what compares text where nothing is said; none: it has no name of its own.
    pub default_collation: Option<&'static str>,
    /// The sign around names.
    pub quote: char,
    /// Whether a column of the one type becomes one of the other without its rows being written anew.
    pub keeps_rows: fn(ColumnType, ColumnType) -> bool,
}

impl Features {
    /// `name` between the signs that this database puts around names.
    pub(crate) fn quote_name(&self, name: &str) -> String {
        let mut quoted = String::with_capacity(name.len() + 2);
        quoted.push(self.quote);
        for character in name.chars() {
            if character == self.quote {
                quoted.push(character);
            }
            quoted.push(character);
        }
        quoted.push(self.quote);
        quoted
    }
}
