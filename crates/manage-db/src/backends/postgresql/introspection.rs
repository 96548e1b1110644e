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
    view_columns: "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) \
                   FROM pg_catalog.pg_class c \
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                   WHERE c.relname = ?::text AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY a.attnum",
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
        column.collation = column.collation.take().filter(|name| name != "default");
        column.default = column.default.take().map(|sql| constant(sql, &column.type_name));
    }
}

/// A constant without the cast that the server writes behind it, where the column makes the same of it: to its own type, or of a
/// number to another type of numbers.
fn constant(sql: String, type_name: &str) -> String {
    const NUMBERS: [&str; 6] = ["smallint", "integer", "bigint", "numeric", "real", "double precision"];
    const TEXTS: [&str; 2] = ["text", "character varying"];
    let of = |name: &str| if name.starts_with("character(") { "bpchar".to_owned() } else { base(name) };
    let Some((quoted, cast)) = sql.rsplit_once("::") else { return sql };
    let inner = quoted.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
    let Some(inner) = inner.filter(|inner| !inner.replace("''", "").contains('\'')) else { return sql };
    // A length cuts the text off.
    if cast.contains('(') && cast != type_name {
        return sql;
    }
    let (own, cast) = (of(type_name), of(cast));
    let is_both = |names: &[&str]| [&own, &cast].iter().all(|name| names.contains(&name.as_str()));
    if is_both(&NUMBERS) && is_number(inner) {
        inner.to_owned()
    } else if own == cast || is_both(&TEXTS) {
        quoted.to_owned()
    } else {
        sql
    }
}

/// A type's name without its numbers.
fn base(type_name: &str) -> String {
    match type_name.split_once('(').and_then(|(word, rest)| Some((word, rest.split_once(')')?.1))) {
        Some((word, rest)) => format!("{word}{rest}"),
        None => type_name.to_owned(),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Of numbers that are not whole it is another than 0.
    text != "-0"
        && digits.starts_with(|sign: char| sign.is_ascii_digit())
        && digits.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
}
