//! Facts about PostgreSQL 13 and newer.

use crate::backends::base::Features;
use crate::backends::base::tables::ColumnType;

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
    default_collation: Some("default"),
    quote: '"',
    keeps_rows,
};

/// A longer text or number is the same on disk, and what is not negative is kept by a check.
fn keeps_rows(from: ColumnType, to: ColumnType) -> bool {
    match (signed(from), signed(to)) {
        (ColumnType::Char(old), ColumnType::Char(new)) => new >= old,
        (ColumnType::Char(_), ColumnType::Text) => true,
        (
            ColumnType::Decimal { max_digits: old, decimal_places: before },
            ColumnType::Decimal { max_digits: new, decimal_places: after },
        ) => new >= old && before == after,
        (old, new) => old == new,
    }
}

fn signed(kind: ColumnType) -> ColumnType {
    match kind.of_reference() {
        ColumnType::PositiveSmallInteger => ColumnType::SmallInteger,
        ColumnType::PositiveInteger => ColumnType::Integer,
        ColumnType::PositiveBigInteger => ColumnType::BigInteger,
        other => other,
    }
}
