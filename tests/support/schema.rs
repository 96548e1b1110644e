//! What a database says about its own tables, as lines that can be compared.

use manage::db::Database;

use super::Kind;

const POSTGRESQL: [&str; 3] = [
    "SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), \
     CASE WHEN a.attnotnull THEN 'not null' END, 'identity=' || a.attidentity::text, 'generated=' || a.attgenerated::text, \
     pg_get_expr(d.adbin, d.adrelid), l.collname, col_description(c.oid, a.attnum), obj_description(c.oid)) \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     LEFT JOIN pg_collation l ON l.oid = a.attcollation \
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
    "SELECT concat_ws(' ', conrelid::regclass, contype, CASE WHEN contype NOT IN ('p', 'c') THEN conname END, \
     pg_get_constraintdef(oid)) FROM pg_constraint \
     WHERE connamespace = 'public'::regnamespace AND contype <> 'n'",
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
     WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary",
];

const MARIADB: [&str; 5] = [
    "SELECT concat_ws(' ', table_name, column_name, column_type, is_nullable, column_default, extra, \
     generation_expression, collation_name, column_comment) FROM information_schema.columns \
     WHERE table_schema = database()",
    "SELECT concat_ws(' ', table_name, table_comment) FROM information_schema.tables \
     WHERE table_schema = database()",
    "SELECT concat_ws(' ', table_name, index_name, non_unique, seq_in_index, column_name, collation) \
     FROM information_schema.statistics WHERE table_schema = database()",
    "SELECT concat_ws(' ', k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, \
     k.referenced_column_name, r.delete_rule) FROM information_schema.key_column_usage k \
     JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema \
     AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
     WHERE k.table_schema = database()",
    "SELECT concat_ws(' ', table_name, IF(level = 'Table', constraint_name, ''), check_clause) FROM information_schema.check_constraints \
     WHERE constraint_schema = database()",
];

const SQLITE: [&str; 5] = [
    "SELECT concat_ws(' ', t.name, c.name, c.type, c.\"notnull\", c.dflt_value, 'pk=' || c.pk, 'hidden=' || c.hidden) \
     FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
    "SELECT concat_ws(' ', t.name, 'key', k.\"from\", k.\"table\", k.\"to\", k.on_delete) \
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'",
    "SELECT concat_ws(' ', t.name, 'index', CASE WHEN i.origin = 'c' THEN i.name END, i.origin, 'unique=' || i.\"unique\", \
     'partial=' || i.partial, (SELECT group_concat(coalesce(x.name, '?') || CASE x.\"desc\" WHEN 1 THEN '-' ELSE '+' END) \
     FROM pragma_index_xinfo(i.name) x WHERE x.key)) \
     FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table'",
    "SELECT concat_ws(' ', tbl_name, replace(sql, '\"', '')) FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') \
     AND sql IS NOT NULL",
    "SELECT concat_ws(' ', name, 'checks=' || (length(sql) - length(replace(sql, 'CHECK', ''))) / 5, \
     sql LIKE '%AUTOINCREMENT%') FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
];

/// Columns, keys, indexes and constraints of every table but the history's, sorted.
pub async fn schema(kind: Kind, database: &Database) -> Vec<String> {
    let queries: &[&str] = match kind {
        Kind::Postgresql => &POSTGRESQL,
        Kind::Mariadb => &MARIADB,
        Kind::Sqlite => &SQLITE,
    };
    let mut lines = Vec::new();
    for query in queries {
        let rows: Vec<(String,)> = database.query(query, &[]).await.unwrap();
        lines.extend(rows.into_iter().map(|(line,)| line).filter(|line| !line.contains("manage_")));
    }
    lines.sort();
    lines
}
