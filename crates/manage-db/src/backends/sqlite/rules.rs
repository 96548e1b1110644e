//! What is to be known of statements.

use super::schema::GUARD;
use crate::backends::base::{ClientLines, EscapeSetting, ScriptRules, Syntax};

/// The facts.
pub(in crate::backends) static RULES: ScriptRules = ScriptRules {
    syntax: Syntax {
        backslash_escapes: false,
        escapes: EscapeSetting::None,
        double_quoted_texts: false,
        dollar_quotes: false,
        escape_strings: false,
        bracket_names: true,
        hash_comments: false,
        dashes_need_space: false,
        nested_comments: false,
        compound_bodies: true,
        client: ClientLines::Dot,
    },
    client: "sqlite3",
    idle_lines: &["bail", "echo", "headers", "header", "mode", "timer", "width", "print"],
    alone: &["VACUUM", "ATTACH", "DETACH", "PRAGMA JOURNAL_MODE", "PRAGMA SYNCHRONOUS"],
    calls: &[],
    programs: &[],
    settings: &["PRAGMA", "ATTACH", "DETACH"],
    guarded: &["PRAGMA FOREIGN_KEYS"],
    guarding: &["DROP TABLE", "REPLACE", "INSERT OR REPLACE", "UPDATE OR REPLACE"],
    guard: Some(&GUARD),
    left_out: &[],
    as_client: None,
    before_record: &[],
    half_made: &[],
    loose_tables: None,
    reading: None,
    home: None,
};
