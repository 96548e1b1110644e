//! Rows in any order, and emptied tables, on SQLite.

use super::features::FEATURES;
use crate::backends::base::schema::text_literal;
use crate::backends::base::{Deferral, Flush};

/// Also keys that a table made by hand checks at once wait for the end of the transaction.
pub(super) static DEFERRAL: Deferral =
    Deferral { before: &[], begun: &["PRAGMA defer_foreign_keys=ON"], after: &[] };

/// Empties tables. What their keys do on deletion is not meant: all go.
pub(super) fn flush(tables: &[&str], counted: &[&str]) -> Flush {
    let delete = |table: &&str| format!("DELETE FROM {}", FEATURES.quote_name(table));
    let mut statements: Vec<String> = tables.iter().map(delete).collect();
    if !counted.is_empty() {
        let names: Vec<String> = counted.iter().map(|table| text_literal(table)).collect();
        statements.push(format!(
            "UPDATE \"sqlite_sequence\" SET \"seq\" = 0 WHERE \"name\" IN ({})",
            names.join(", ")
        ));
    }
    Flush { before: &["PRAGMA foreign_keys=OFF"], statements, after: &["PRAGMA foreign_keys=ON"] }
}
