//! What a rule finds in a migration on a database.

use std::fmt;

use manage_leaves::text;

use super::rules::Rule;
use crate::migrations::place::Place;

/// A step of a migration that breaks a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// File and line of the operation.
    pub place: Place,
    /// The migration: `shop.0002_x`.
    pub migration: String,
    /// Alias of the database.
    pub alias: String,
    /// The table whose rows matter, by the name that it has before the run; none: whatever the tables hold.
    pub table: Option<String>,
    /// What is done, in words.
    pub what: String,
    /// How many rows that table holds.
    pub size: Size,
}

/// How many rows a table holds, as far as they were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many.
    Rows(u64),
    /// More than it takes to be large.
    Large,
    /// Nobody was asked, so it counts as large.
    Unknown,
}

impl Size {
    /// From so many rows on, a table is large when it has more.
    pub const LIMIT: u64 = 10_000;

    /// Whether an unsafe step on it is refused.
    pub fn is_large(self) -> bool {
        !matches!(self, Self::Rows(_))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => f.write_str(&text::count(*rows, "row")),
            Self::Large => write!(f, "more than {} rows", Self::LIMIT),
            Self::Unknown => f.write_str("rows not counted"),
        }
    }
}

impl Finding {
    /// Place, code and what is done; who tells it adds the sizes.
    pub fn message(&self) -> String {
        format!("{}: {} {}", self.place, self.rule.code, self.what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message())?;
        match &self.table {
            Some(_) => write!(f, " ({} on {})", self.size, self.alias),
            None => Ok(()),
        }
    }
}
