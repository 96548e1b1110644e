//! Comments of SQL files that say which part of a migration follows: ours, and those of the tools that people come from.

/// What a comment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// What applies the migration follows.
    Up,
    /// What undoes it follows.
    Down,
    /// The migration is no transaction.
    NoTransaction,
    /// Nothing that has to be known here, such as where a statement begins: tokens say that.
    Nothing,
}

use Marker::{Down, NoTransaction, Nothing, Up};

/// Every marker in lower case, with single spaces, and what it says. The tools are dbmate, goose, sql-migrate,
/// node-pg-migrate, MyBatis, tern, sqlx and drizzle.
const MARKERS: [(&str, &[Marker]); 26] = [
    ("up", &[Up]),
    ("down", &[Down]),
    ("+up", &[Up]),
    ("+down", &[Down]),
    ("migrate:up", &[Up]),
    ("migrate:down", &[Down]),
    ("migrate:up transaction:true", &[Up]),
    ("migrate:down transaction:true", &[Down]),
    ("migrate:up transaction:false", &[Up, NoTransaction]),
    ("migrate:down transaction:false", &[Down, NoTransaction]),
    ("+goose up", &[Up]),
    ("+goose down", &[Down]),
    ("+goose no transaction", &[NoTransaction]),
    ("+goose statementbegin", &[Nothing]),
    ("+goose statementend", &[Nothing]),
    ("+migrate up", &[Up]),
    ("+migrate down", &[Down]),
    ("+migrate up notransaction", &[Up, NoTransaction]),
    ("+migrate down notransaction", &[Down, NoTransaction]),
    ("+migrate statementbegin", &[Nothing]),
    ("+migrate statementend", &[Nothing]),
    ("up migration", &[Up]),
    ("down migration", &[Down]),
    ("//@undo", &[Down]),
    ("-- create above / drop below ----", &[Down]),
    ("no-transaction", &[NoTransaction]),
];

/// Beginnings that only markers have.
const PREFIXES: [&str; 8] =
    ["+goose", "+migrate", "migrate:", "//@", "// @", "@undo", "liquibase formatted sql", "transaction:"];

/// Words that alone in a comment are meant as a marker.
const NEARLY: [&str; 14] = [
    "up",
    "down",
    "undo",
    "rollback",
    "revert",
    "reverse",
    "forwards",
    "backwards",
    "migrate up",
    "migrate down",
    "up migration",
    "down migration",
    "create above / drop below",
    "no transaction",
];

/// What a comment says, with its signs at the beginning; none for prose.
///
/// # Errors
/// A sentence when it is nearly a marker.
pub(super) fn read(comment: &str) -> Result<&'static [Marker], String> {
    let is_block = comment.starts_with("/*");
    let body = comment.strip_prefix("--").or_else(|| comment.strip_prefix('#')).unwrap_or(comment);
    let body = body.trim_start_matches("/*").trim_end_matches("*/");
    let words: Vec<String> = body.split_whitespace().map(str::to_lowercase).collect();
    let body = words.join(" ");
    let found = MARKERS.iter().find(|(marker, _)| *marker == body).map(|(_, says)| *says);
    let plain = body.trim_matches(|sign: char| !sign.is_alphanumeric());
    match found {
        Some(says) if !is_block => Ok(says),
        None if !PREFIXES.iter().any(|prefix| body.starts_with(prefix)) && !NEARLY.contains(&plain) => {
            Ok(&[])
        }
        _ => Err(format!(
            "this looks like a marker and is none that is understood: write `-- up`, `-- down`, or in the way of dbmate, \
             goose, sql-migrate, tern, MyBatis or node-pg-migrate{}",
            if body.starts_with("liquibase") { "; Liquibase's changesets are not read" } else { "" }
        )),
    }
}

/// Whether a comment begins another part of the migration.
pub(super) fn begins_part(comment: &str) -> bool {
    read(comment).is_ok_and(|says| says.contains(&Up) || says.contains(&Down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_the_tools_are_known_in_whatever_case() {
        for (comment, says) in [
            ("-- up", &[Up] as &[Marker]),
            ("--Down", &[Down]),
            ("-- +goose Up", &[Up]),
            ("-- +goose NO TRANSACTION", &[NoTransaction]),
            ("-- +goose StatementBegin", &[Nothing]),
            ("-- +migrate Down notransaction", &[Down, NoTransaction]),
            ("-- migrate:up transaction:false", &[Up, NoTransaction]),
            ("-- Down Migration", &[Down]),
            ("--//@UNDO", &[Down]),
            ("---- create above / drop below ----", &[Down]),
        ] {
            assert_eq!(read(comment), Ok(says), "{comment}");
        }
    }

    #[test]
    fn prose_is_prose() {
        for comment in [
            "-- Down the road each stall may get its own.",
            "-- down payment",
            "-- up to ten",
            "-- rollback of the import is done by hand",
            "-- > statement-breakpoint",
            "--> statement-breakpoint",
            "/* up to date */",
            "--",
        ] {
            assert_eq!(read(comment), Ok(&[] as &[Marker]), "{comment}");
        }
    }

    #[test]
    fn what_is_nearly_a_marker_is_refused() {
        for comment in [
            "-- Down:",
            "-- == up ==",
            "-- rollback",
            "-- UNDO",
            "-- +goose Dwon",
            "-- +goose ENVSUB ON",
            "-- migrate:up foo:bar",
            "--liquibase formatted sql",
            "/* down */",
            "-- @undo",
        ] {
            assert!(read(comment).is_err(), "{comment}");
        }
    }
}
