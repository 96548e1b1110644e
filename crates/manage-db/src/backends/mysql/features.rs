//! Facts that hold for MariaDB 10.6 and MySQL 8.0.16, and newer.

use crate::backends::base::Features;
use crate::backends::base::tables::ColumnType;

/// What both can do.
pub(crate) static FEATURES: Features = Features {
    display_name: "MariaDB/MySQL",
    dialect: "mysql",
    can_rollback_ddl: false,
    has_single_writer: false,
    has_concurrent_index: false,
    has_partial_index: false,
    has_expression_index: false,
    has_covering_index: false,
    has_index_methods: false,
    can_defer_constraints: false,
    can_validate_later: false,
    indexes_foreign_keys_itself: true,
    can_alter_foreign_keys: true,
    can_point_ahead: false,
    knows_unique_names: true,
    rewrites_sql: true,
    max_identifier_bytes: 64,
    max_params: 65_535,
    explain: "EXPLAIN",
    begin: "START TRANSACTION",
    default_row: "() VALUES ()",
    long_text: "longtext",
    cast_text: "char",
    has_unsigned: true,
    default_collation: None,
    quote: '`',
    keeps_rows,
};

/// A longer text is the same on disk while the number of its bytes, four for each character, still takes one byte, or takes two
/// already.
fn keeps_rows(from: ColumnType, to: ColumnType) -> bool {
    let is_short = |characters: u32| characters < 64;
    match (from.of_reference(), to.of_reference()) {
        (ColumnType::Char(old), ColumnType::Char(new)) => new >= old && is_short(old) == is_short(new),
        (old, new) => old == new,
    }
}
