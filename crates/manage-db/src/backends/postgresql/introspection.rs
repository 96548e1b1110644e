//! What PostgreSQL answers about the tables that exist.

use crate::backends::base::live::LiveTable;
use crate::backends::base::{Introspection, Said};

/// PostgreSQL's queries.
pub(crate) static INTROSPECTION: Introspection = Introspection {
    tables: "SELECT c.relname::text FROM pg_catalog.pg_class c \
             WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) \
             AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace \
             WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema'))",
    columns: "SELECT c.relname::text, a.attname::text FROM pg_catalog.pg_class c \
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
              WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) \
              AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace \
              WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema'))",
    objects: include_str!("objects.sql"),
    texts: &[],
    view_columns: "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) \
                   FROM pg_catalog.pg_class c \
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                   WHERE c.relkind IN ('v', 'm') AND pg_catalog.pg_table_is_visible(c.oid) \
                   AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace \
                   WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema')) ORDER BY c.oid, a.attnum",
    settle,
    settle_remain: |_, _| {},
};

/// Types as the server tells them, whichever of their names they were made with.
fn settle(table: &mut LiveTable, _said: &Said) {
    const SAME: [(&str, &str); 10] = [
        ("varchar", "character varying"),
        ("char", "character"),
        ("decimal", "numeric"),
        ("int", "integer"),
        ("int4", "integer"),
        ("int8", "bigint"),
        ("int2", "smallint"),
        ("bool", "boolean"),
        ("time", "time without time zone"),
        ("timestamp", "timestamp without time zone"),
    ];
    for column in &mut table.columns {
        let told = column.type_name.replace(", ", ",");
        let end = told.find(['(', ' ', '[']).unwrap_or(told.len());
        let (word, rest) = told.split_at(end);
        let has_zone = rest.contains("zone");
        let same = SAME.iter().find(|(name, _)| *name == word.to_lowercase() && !has_zone);
        column.type_name = same.map_or_else(|| told.clone(), |(_, name)| format!("{name}{rest}"));
    }
}
