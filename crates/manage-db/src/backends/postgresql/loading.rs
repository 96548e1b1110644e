//! Rows in any order, emptied tables and counters, on PostgreSQL.

use super::features::FEATURES;
use crate::backends::base::schema::text_literal;
use crate::backends::base::{Deferral, Flush};

/// Keys are checked when the transaction ends.
pub(super) static DEFERRAL: Deferral =
    Deferral { before: &[], begun: &["SET CONSTRAINTS ALL DEFERRED"], after: &[] };

/// Empties tables together, since their keys may point to each other.
pub(super) fn flush(tables: &[&str]) -> Flush {
    let names: Vec<String> = tables.iter().map(|table| FEATURES.quote_name(table)).collect();
    let truncate = format!("TRUNCATE {} RESTART IDENTITY", names.join(", "));
    let statements = if names.is_empty() { Vec::new() } else { vec![truncate] };
    Flush { before: &[], statements, after: &[] }
}

/// Lets the counter of a column go on behind the greatest number; one of an empty table, or of one without a number that it could
/// count to, begins anew.
pub(super) fn reset_sequence(table: &str, column: &str) -> String {
    let (name, key) = (FEATURES.quote_name(table), FEATURES.quote_name(column));
    let sequence = format!("pg_get_serial_sequence({}, {})", text_literal(&name), text_literal(column));
    format!("SELECT setval({sequence}, greatest(max({key}), 1), coalesce(max({key}) > 0, false)) FROM {name}")
}
