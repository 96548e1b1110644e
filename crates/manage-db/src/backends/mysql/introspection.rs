//! What MariaDB and MySQL answer about the tables that exist.

use crate::backends::base::Introspection;

/// The queries of both.
pub(crate) static INTROSPECTION: Introspection = Introspection {
    tables: "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    columns: "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns \
              WHERE table_schema = DATABASE()",
};
