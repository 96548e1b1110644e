//! Facts about PostgreSQL 13 and newer.

use crate::backends::base::Features;

/// What PostgreSQL can do.
pub(crate) static FEATURES: Features = Features {
    display_name: "PostgreSQL",
    dialect: "postgresql",
    can_rollback_ddl: true,
    has_single_writer: false,
    has_concurrent_index: true,
    has_partial_index: true,
    has_expression_index: true,
    has_covering_index: true,
    has_index_methods: true,
    can_defer_constraints: true,
    can_validate_later: true,
    indexes_foreign_keys_itself: false,
    can_alter_foreign_keys: true,
    can_point_ahead: false,
    knows_unique_names: true,
    rewrites_sql: true,
    max_identifier_bytes: 63,
    max_params: 65_535,
    explain: "EXPLAIN",
    begin: "BEGIN",
    default_row: "DEFAULT VALUES",
    long_text: "text",
    cast_text: "text",
    has_unsigned: false,
    quote: '"',
};
