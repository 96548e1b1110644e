//! What MariaDB and MySQL answer about the tables that exist.

use crate::backends::base::live::{LiveTable, Remain};
use crate::backends::base::tables::{IndexPart, Rule};
use crate::backends::base::{Introspection, Said};

/// The queries of both. Their tables about tables open every table again for each query; the text of a table has all that
/// they have.
pub(crate) static INTROSPECTION: Introspection = Introspection {
    tables: "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
    columns: "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns \
              WHERE table_schema = DATABASE()",
    objects: "SELECT 'database', '', DATABASE(), NULL \
              UNION ALL SELECT 'collation of tables', '', @@collation_database, NULL \
              UNION ALL SELECT 'default collation', '', CAST(collation_name AS CHAR), NULL \
              FROM information_schema.collations WHERE character_set_name = 'utf8mb4' AND is_default = 'Yes' \
              UNION ALL SELECT CASE table_type WHEN 'VIEW' THEN 'view' WHEN 'SEQUENCE' THEN 'sequence' ELSE 'table' END, \
              CASE table_type WHEN 'SEQUENCE' THEN '' ELSE CAST(table_name AS CHAR) END, CAST(table_name AS CHAR), NULL \
              FROM information_schema.tables \
              WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'VIEW', 'SEQUENCE', 'SYSTEM VERSIONED') \
              UNION ALL SELECT LOWER(routine_type), '', CAST(routine_name AS CHAR), NULL \
              FROM information_schema.routines WHERE routine_schema = DATABASE() \
              UNION ALL SELECT 'event', '', CAST(event_name AS CHAR), NULL \
              FROM information_schema.events WHERE event_schema = DATABASE() \
              UNION ALL SELECT 'trigger', CAST(event_object_table AS CHAR), CAST(trigger_name AS CHAR), \
              CONCAT('CREATE TRIGGER `', trigger_name, '` ', action_timing, ' ', event_manipulation, ' ON `', \
              event_object_table, '` FOR EACH ROW ', action_statement) \
              FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND event_object_schema = DATABASE()",
    texts: &[
        ("table", "SHOW CREATE TABLE", 1),
        ("view", "SHOW CREATE VIEW", 1),
        ("sequence", "SHOW CREATE SEQUENCE", 1),
        ("function", "SHOW CREATE FUNCTION", 2),
        ("procedure", "SHOW CREATE PROCEDURE", 2),
        ("event", "SHOW CREATE EVENT", 3),
    ],
    view_columns: "SELECT CAST(column_name AS CHAR), CAST(column_type AS CHAR) FROM information_schema.columns \
                   WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position",
    settle,
    settle_remain,
};

fn settle(table: &mut LiveTable, said: &Said) {
    if table.relation.is_view() {
        table.sql = of_no_account(&table.sql, said);
    }
    table.options.retain(|option| !option.to_uppercase().replace(' ', "").ends_with("ENGINE=INNODB"));
    let of_table = table.collation.clone().filter(|name| Some(name) != said.collation.as_ref());
    // Columns that are there say it themselves; those to come would have it.
    let is_odd = said.of_tables.is_some() && of_table != said.of_tables;
    table.options.extend(of_table.iter().filter(|_| is_odd).map(|name| format!("COLLATE={name}")));
    for column in &mut table.columns {
        if let Some(default) = column.default.take_if(|sql| has_no_day(sql, &column.type_name)) {
            let (column, table_name) = (&column.name, &table.name);
            table.remarks.push(format!(
                "default of column {column} of {table_name}, which is refused here: {default}"
            ));
        }
        column.type_name = plain_type(&without_version(&column.type_name));
        // One of the servers keeps JSON as text with a rule.
        let own = format!("json_valid(`{}`)", column.name);
        let is_own = |rule: &Rule| matches!(rule, Rule::Check(sql) if sql.replace('"', "`").eq_ignore_ascii_case(&own));
        if column.type_name == "longtext"
            && let Some(at) = table.constraints.iter().position(|one| is_own(&one.rule))
        {
            table.constraints.remove(at);
            (column.type_name, column.collation) = ("json".to_owned(), None);
        }
        let is_text = ["char", "text", "enum", "set"].iter().any(|word| column.type_name.contains(word));
        let collation = column.collation.take().or_else(|| of_table.clone().filter(|_| is_text));
        column.collation = collation.filter(|name| Some(name) != said.collation.as_ref());
    }
    for key in &mut table.keys {
        // The same here as nothing, which the servers leave out.
        for action in [&mut key.on_delete, &mut key.on_update] {
            *action = action.take().filter(|action| action != "RESTRICT");
        }
    }
    // A key without an index makes one of its own name, which is gone when another comes.
    let keys = &table.keys;
    table.indexes.retain(|index| {
        let columns = index.parts.iter().map(|part| match part {
            IndexPart::Column { name, descending: false, .. } => Some(name),
            _ => None,
        });
        let columns: Vec<_> = columns.collect();
        !keys
            .iter()
            .any(|key| key.name == index.name && key.columns.iter().map(Some).eq(columns.iter().copied()))
    });
}

/// Whether it is a date of old that `NO_ZERO_DATE` and `NO_ZERO_IN_DATE` refuse, such as `0000-00-00`.
fn has_no_day(default: &str, type_name: &str) -> bool {
    let is_date = ["date", "timestamp"].iter().any(|word| type_name.to_lowercase().starts_with(word));
    is_date && default.starts_with('\'') && default.contains("-00")
}

/// Words that the servers keep from older ones, `/*M!100301 COMPRESSED*/`, as words.
fn without_version(type_name: &str) -> String {
    let mut rest = type_name;
    let mut plain = String::new();
    while let Some((before, behind)) = rest.split_once("/*") {
        let Some((inner, after)) = behind.split_once("*/") else { break };
        let words = inner.trim_start_matches(|sign: char| sign.is_ascii_digit() || "M!".contains(sign));
        plain.push_str(&format!("{before}{}", words.trim()));
        rest = after;
    }
    plain + rest
}

/// Widths of numbers say nothing but how clients show them, and newer servers tell none.
fn plain_type(type_name: &str) -> String {
    const SAME: [(&str, &str); 6] = [
        ("integer", "int"),
        ("double precision", "double"),
        ("numeric", "decimal"),
        ("bool", "tinyint(1)"),
        ("boolean", "tinyint(1)"),
        ("real", "double"),
    ];
    if type_name.contains('\'') {
        return type_name.to_owned();
    }
    let lower = type_name.to_lowercase().replace(", ", ",");
    let end = lower.find(['(', ' ']).unwrap_or(lower.len());
    let (end, word) = match lower.starts_with("double precision") {
        true => ("double precision".len(), "double precision"),
        false => (end, &lower[..end]),
    };
    let word = SAME.iter().find(|(other, _)| *other == word).map_or(word, |(_, word)| *word);
    let rest = &lower[end..];
    let is_number = ["smallint", "mediumint", "int", "bigint", "tinyint"].contains(&word);
    match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((width, rest))
            if is_number && !rest.contains("zerofill") && (word, width) != ("tinyint", "1") =>
        {
            format!("{word}{rest}")
        }
        _ => format!("{word}{rest}"),
    }
}

fn settle_remain(remain: &mut Remain, said: &Said) {
    remain.sql = of_no_account(&remain.sql, said);
}

/// The account that made something and the name of the database are of this server alone.
fn of_no_account(sql: &str, said: &Said) -> String {
    let mut sql = sql.to_owned();
    if let Some((before, rest)) = sql.split_once("DEFINER=")
        && let Some((_, after)) = rest.split_once(' ')
    {
        sql = format!("{before}{after}");
    }
    let Some(database) = &said.database else { return sql };
    ['`', '"'].iter().fold(sql, |sql, quote| sql.replace(&format!("{quote}{database}{quote}."), ""))
}
