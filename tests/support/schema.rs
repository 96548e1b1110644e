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
    let mut lines = match kind {
        Kind::Postgresql => answers(database, &POSTGRESQL).await,
        Kind::Sqlite => answers(database, &SQLITE).await,
        Kind::Mariadb => tables(database).await,
    };
    lines.retain(|line| !line.contains("manage_"));
    lines.sort();
    lines
}

async fn answers(database: &Database, queries: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for query in queries {
        let rows: Vec<(String,)> = database.query(query, &[]).await.unwrap();
        lines.extend(rows.into_iter().map(|(line,)| line));
    }
    lines
}

/// MariaDB's own texts of the tables, line by line. Its tables about tables take ever longer, the more there are.
async fn tables(database: &Database) -> Vec<String> {
    let names: Vec<(String,)> = database.query("SHOW TABLES", &[]).await.unwrap();
    let mut lines = Vec::new();
    for (name,) in names {
        let texts: Vec<(String, String)> =
            database.query(&format!("SHOW CREATE TABLE `{name}`"), &[]).await.unwrap();
        let text = texts[0].1.lines().map(|line| line.trim().trim_end_matches(','));
        lines.extend(text.map(|line| format!("{name} {}", without_counter(line))));
    }
    lines
}

fn without_counter(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.starts_with("AUTO_INCREMENT="));
    words.collect::<Vec<_>>().join(" ")
}
