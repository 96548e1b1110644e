//! What PostgreSQL answers about the tables that exist.

use crate::backends::base::Introspection;

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
};
