//! What SQLite answers about the tables that exist.

use crate::backends::base::live::LiveTable;
use crate::backends::base::tables::{IndexPart, Rule};
use crate::backends::base::{Introspection, Said};

/// SQLite's queries.
pub(crate) static INTROSPECTION: Introspection = Introspection {
    tables: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    columns: "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c \
              WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    // Shadow tables are kept by virtual ones.
    objects: "WITH l AS MATERIALIZED (SELECT name, type FROM pragma_table_list WHERE schema = 'main') \
              SELECT CASE l.type WHEN 'virtual' THEN 'virtual table' ELSE m.type END, m.tbl_name, m.name, m.sql \
              FROM sqlite_master m LEFT JOIN l ON l.name = m.name AND m.type = 'table' \
              WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(l.type, '') <> 'shadow' \
              ORDER BY m.rowid",
    texts: &[],
    view_columns: "SELECT name, type FROM pragma_table_xinfo(?) ORDER BY cid",
    settle,
    settle_remain: |_, _| {},
};

/// Words that are numbers here, as numbers.
fn number(default: String) -> String {
    match default.to_lowercase().as_str() {
        "true" => "1".to_owned(),
        "false" => "0".to_owned(),
        _ => default,
    }
}

/// Types are kept as they were written, in whatever case, and columns are found in whatever case they are named.
fn settle(table: &mut LiveTable, _said: &Said) {
    for column in &mut table.columns {
        let words: Vec<&str> = column.type_name.split_whitespace().collect();
        column.type_name = words.join(" ").to_lowercase().replace(", ", ",").replace(" (", "(");
        let collation = column.collation.take().map(|name| name.to_uppercase());
        column.collation = collation.filter(|name| name != "BINARY");
        column.default = column.default.take().map(number);
    }
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let spell = |name: &mut String| {
        let own = columns.iter().find(|column| column.eq_ignore_ascii_case(name));
        own.into_iter().for_each(|own| name.clone_from(own));
    };
    table.primary_key.iter_mut().for_each(spell);
    table.keys.iter_mut().flat_map(|key| &mut key.columns).for_each(spell);
    for constraint in &mut table.constraints {
        if let Rule::Unique { columns, .. } = &mut constraint.rule {
            columns.iter_mut().for_each(spell);
        }
    }
    for part in table.indexes.iter_mut().flat_map(|index| &mut index.parts) {
        if let IndexPart::Column { name, .. } = part {
            spell(name);
        }
    }
}
