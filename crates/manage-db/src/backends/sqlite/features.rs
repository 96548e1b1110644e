//! Facts about SQLite 3.35 and newer.

use crate::backends::base::Features;

/// What SQLite can do.
pub(crate) static FEATURES: Features = Features {
    display_name: "SQLite",
    dialect: "sqlite",
    can_rollback_ddl: true,
    has_single_writer: true,
    has_concurrent_index: false,
    has_partial_index: true,
    has_expression_index: true,
    has_covering_index: false,
    has_index_methods: false,
    can_defer_constraints: true,
    can_validate_later: false,
    indexes_foreign_keys_itself: false,
    can_alter_foreign_keys: false,
    can_point_ahead: true,
    knows_unique_names: false,
    rewrites_sql: false,
    max_identifier_bytes: 255,
    max_params: 32_766,
    explain: "EXPLAIN QUERY PLAN",
    begin: "BEGIN IMMEDIATE",
    default_row: "DEFAULT VALUES",
    long_text: "text",
    cast_text: "text",
    has_unsigned: false,
    default_collation: Some("BINARY"),
    quote: '"',
    // A table whose columns change is made anew.
    keeps_rows: |_, _| false,
};
