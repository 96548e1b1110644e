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

/// Words that lead forwards.
const FORWARDS: [&str; 6] = ["up", "ups", "upgrade", "upmigration", "forward", "forwards"];

/// Words that lead back, also mistyped.
const BACK: [&str; 19] = [
    "down",
    "downs",
    "downgrade",
    "downmigration",
    "dwon",
    "donw",
    "dow",
    "dwn",
    "downn",
    "doown",
    "dowwn",
    "ddown",
    "back",
    "undo",
    "rollback",
    "revert",
    "reverse",
    "backward",
    "backwards",
];

/// Other words of markers.
const OTHERS: [&str; 3] = ["above", "below", "transaction"];

/// Words that a comment may hold beside a direction and still be meant as a marker.
const FILLERS: [&str; 27] = [
    "a",
    "all",
    "begin",
    "create",
    "dbmate",
    "drop",
    "end",
    "goos",
    "goose",
    "here",
    "is",
    "manual",
    "micrate",
    "migrate",
    "migration",
    "migrations",
    "no",
    "optional",
    "part",
    "rambler",
    "script",
    "section",
    "sql",
    "start",
    "the",
    "to",
    "zero",
];

fn is_marking(word: &str) -> bool {
    [&FORWARDS[..], &BACK, &OTHERS].iter().any(|words| words.contains(&word))
}

/// Whether a comment names a direction and says nothing else, or is spelled out with spaces.
fn is_nearly(words: &[&str]) -> bool {
    let says_nothing_else = || words.iter().all(|word| is_marking(word) || FILLERS.contains(word));
    (words.iter().any(|word| is_marking(word)) && says_nothing_else())
        || (words.iter().all(|word| word.len() == 1) && is_marking(&words.concat()))
}

/// Whether a comment begins with a word that leads back. Behind what applies a migration it may be meant as a marker.
pub(super) fn leads_back(comment: &str) -> bool {
    let lower = comment.to_lowercase();
    let first = lower.split(|sign: char| !sign.is_alphanumeric()).find(|word| !word.is_empty());
    first.is_some_and(|word| BACK.contains(&word))
}

/// What is said of a comment that is nearly a marker.
pub(super) const NEARLY: &str = "this looks like a marker and is none that is understood: write `-- up`, `-- down`, or in the way of \
     dbmate, goose, sql-migrate, tern, MyBatis or node-pg-migrate";

/// What a comment says, with its signs at the beginning; none for prose.
///
/// # Errors
/// A sentence when it is nearly a marker.
pub(super) fn read(comment: &str) -> Result<&'static [Marker], String> {
    let is_block = comment.starts_with("/*");
    let body = comment.strip_prefix("--").or_else(|| comment.strip_prefix('#')).unwrap_or(comment);
    let body = body.trim_start_matches("/*").trim_end_matches("*/").trim_matches('\u{feff}');
    let words: Vec<String> = body.split_whitespace().map(str::to_lowercase).collect();
    let body = words.join(" ");
    let found = MARKERS.iter().find(|(marker, _)| *marker == body).map(|(_, says)| *says);
    let plain: Vec<&str> =
        body.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    match found {
        Some(says) if !is_block => Ok(says),
        None if !PREFIXES.iter().any(|prefix| body.starts_with(prefix)) && !is_nearly(&plain) => Ok(&[]),
        _ if body.starts_with("liquibase") => Err(format!("{NEARLY}; Liquibase's changesets are not read")),
        _ => Err(NEARLY.to_owned()),
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
            "-- dow",
            "-- downn",
            "-- back",
            "-- UNDO",
            "-- +goose Dwon",
            "-- +goose ENVSUB ON",
            "-- migrate:up foo:bar",
            "--liquibase formatted sql",
            "/* down */",
            "-- @undo",
            "-- down (optional)",
            "-- down script",
            "-- goose Down",
            "-- + goose Down",
            "-- migration:down",
            "-- dbmate:down",
            "-- !Downs",
            "-- rambler down",
            "-- Down Migration (manual)",
            "--  d o w n",
            "-- downgrade",
            "-- dwon",
        ] {
            assert!(read(comment).is_err(), "{comment}");
        }
    }
}
