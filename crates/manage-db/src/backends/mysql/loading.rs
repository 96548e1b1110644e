//! Rows in any order, and emptied tables, on MariaDB and MySQL.

use super::features::FEATURES;
use crate::backends::base::{Deferral, Flush};

const OFF: &[&str] = &["SET SESSION foreign_key_checks = 0"];
const ON: &[&str] = &["SET SESSION foreign_key_checks = 1"];

/// Keys cannot wait: nobody checks them meanwhile. A key that is 0 is no demand for the next number.
pub(super) static DEFERRAL: Deferral = Deferral {
    before: &[
        "SET SESSION foreign_key_checks = 0",
        "SET @manage_sql_mode = @@SESSION.sql_mode",
        "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')",
    ],
    begun: &[],
    after: &["SET SESSION sql_mode = @manage_sql_mode", "SET SESSION foreign_key_checks = 1"],
};

/// Empties tables, one after the other: each statement commits by itself.
pub(super) fn flush(tables: &[&str]) -> Flush {
    let truncate = |table: &&str| format!("TRUNCATE {}", FEATURES.quote_name(table));
    Flush { before: OFF, statements: tables.iter().map(truncate).collect(), after: ON }
}
