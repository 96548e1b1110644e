//! What SQLite answers about the tables that exist.

use crate::backends::base::Introspection;

/// SQLite's queries.
pub(crate) static INTROSPECTION: Introspection = Introspection {
    tables: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    columns: "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c \
              WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
};
