//! What is to be known of statements.

use crate::backends::base::{ClientLines, EscapeSetting, Pattern, Reading, ScriptRules, Syntax};

/// Statements that refuse to run in a transaction.
const ALONE: [Pattern; 17] = [
    "VACUUM",
    "CREATE DATABASE",
    "DROP DATABASE",
    "CREATE TABLESPACE",
    "DROP TABLESPACE",
    "CREATE SUBSCRIPTION",
    "DROP SUBSCRIPTION",
    "ALTER SYSTEM",
    "CREATE INDEX CONCURRENTLY",
    "CREATE UNIQUE INDEX CONCURRENTLY",
    "DROP INDEX CONCURRENTLY",
    "REINDEX * CONCURRENTLY",
    "REINDEX DATABASE",
    "REINDEX SYSTEM",
    "ALTER TABLE * DETACH PARTITION * CONCURRENTLY",
    "DISCARD ALL",
    "CHECKPOINT",
];

/// The facts.
pub(in crate::backends) static RULES: ScriptRules = ScriptRules {
    syntax: Syntax {
        backslash_escapes: false,
        escapes: EscapeSetting::Truth("standard_conforming_strings"),
        double_quoted_texts: false,
        dollar_quotes: true,
        escape_strings: true,
        bracket_names: false,
        hash_comments: false,
        dashes_need_space: false,
        nested_comments: true,
        compound_bodies: false,
        client: ClientLines::Backslash,
    },
    client: "psql",
    idle_lines: &[
        "restrict",
        "unrestrict",
        "echo",
        "qecho",
        "timing",
        "pset",
        "x",
        "t",
        "encoding",
        "prompt",
    ],
    alone: &ALONE,
    calls: &["CALL", "CLUSTER"],
    programs: &["DO"],
    settings: &["SET", "RESET", "SELECT * SET_CONFIG", "LISTEN"],
    guarded: &[],
    guarding: &[],
    guard: None,
    left_out: &[],
    as_client: None,
    before_record: &["RESET SESSION AUTHORIZATION", "RESET ROLE"],
    half_made: &["CREATE INDEX CONCURRENTLY", "CREATE UNIQUE INDEX CONCURRENTLY"],
    loose_tables: None,
    reading: Some(Reading {
        query: "SELECT current_setting('standard_conforming_strings') = 'on'",
        way_out: "SET standard_conforming_strings = on;",
    }),
    home: Some("SELECT current_schema(), pg_backend_pid()::bigint"),
};
