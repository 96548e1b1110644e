//! What is to be known of statements.

use crate::backends::base::{ClientLines, EscapeSetting, Reading, ScriptRules, Syntax};

/// The facts.
pub(in crate::backends) static RULES: ScriptRules = ScriptRules {
    syntax: Syntax {
        backslash_escapes: true,
        escapes: EscapeSetting::Word("sql_mode", "NO_BACKSLASH_ESCAPES"),
        double_quoted_texts: true,
        dollar_quotes: false,
        escape_strings: false,
        bracket_names: false,
        hash_comments: true,
        dashes_need_space: true,
        nested_comments: false,
        compound_bodies: true,
        client: ClientLines::Delimiter,
    },
    client: "mysql",
    idle_lines: &["warnings", "nowarning", "W", "w"],
    // Each commits what was open before it, and nothing refuses.
    alone: &[],
    calls: &[],
    programs: &[],
    settings: &["SET", "USE"],
    guarded: &[],
    guarding: &[],
    guard: None,
    left_out: &["LOCK TABLE", "LOCK TABLES", "UNLOCK TABLE", "UNLOCK TABLES"],
    // Text in double quotes is text to the client, and a name to this program.
    as_client: Some((
        "SET @manage_sql_mode = @@SESSION.sql_mode, SESSION sql_mode = @@GLOBAL.sql_mode",
        "SET SESSION sql_mode = @manage_sql_mode",
    )),
    before_record: &[],
    half_made: &[],
    loose_tables: Some(
        "SELECT t.table_name FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine \
         WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' AND e.transactions = 'NO' LIMIT 1",
    ),
    reading: Some(Reading {
        query: "SELECT @@GLOBAL.sql_mode NOT LIKE '%NO\\_BACKSLASH\\_ESCAPES%'",
        way_out: "SET sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '');",
    }),
    home: Some("SELECT DATABASE(), CAST(CONNECTION_ID() AS SIGNED)"),
};
