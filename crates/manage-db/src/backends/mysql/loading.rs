//! Rows in any order, and emptied tables, on MariaDB and MySQL.

use super::features::FEATURES;
use crate::backends::base::{Deferral, Flush};

const OFF: &[&str] = &["SET SESSION foreign_key_checks = 0"];
const ON: &[&str] = &["SET SESSION foreign_key_checks = 1"];

/// Keys cannot wait: nobody checks them meanwhile.
pub(super) static DEFERRAL: Deferral = Deferral { before: OFF, begun: &[], after: ON };

/// Empties tables, one after the other: each statement commits by itself.
pub(super) fn flush(tables: &[&str]) -> Flush {
    let truncate = |table: &&str| format!("TRUNCATE {}", FEATURES.quote_name(table));
    Flush { before: OFF, statements: tables.iter().map(truncate).collect(), after: ON }
}
