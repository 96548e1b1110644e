//! SQL text: one for all kinds of database, or one for each.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Dialects that per-vendor SQL texts may name.
pub const DIALECTS: [&str; 3] = ["postgresql", "mysql", "sqlite"];

/// Words for them in files, and the dialect that each means.
pub const DIALECT_WORDS: [(&str, &str); 6] = [
    ("postgresql", "postgresql"),
    ("mysql", "mysql"),
    ("sqlite", "sqlite"),
    ("mariadb", "mysql"),
    ("postgres", "postgresql"),
    ("sqlite3", "sqlite"),
];

/// The dialect that a word names, with the words that settings take.
pub fn dialect(word: &str) -> Option<&'static str> {
    DIALECT_WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, dialect)| dialect)
}

/// SQL written in a file: the same for all, or one per dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SqlText {
    /// One text for every database.
    Same(String),
    /// Texts by dialect.
    PerDialect(BTreeMap<String, String>),
}

impl SqlText {
    /// Its texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::Same(text) => (Some(text), None),
            Self::PerDialect(texts) => (None, Some(texts.values())),
        };
        one.into_iter().chain(several.into_iter().flatten()).map(String::as_str)
    }

    /// The text for `dialect`, if there is one.
    pub(crate) fn for_dialect(&self, dialect: &str) -> Option<&str> {
        match self {
            Self::Same(text) => Some(text),
            Self::PerDialect(texts) => texts.get(dialect).map(String::as_str),
        }
    }
}

impl<'de> Deserialize<'de> for SqlText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected SQL: a text, or a text for each dialect")]
        enum Written {
            Same(String),
            PerDialect(BTreeMap<String, String>),
        }
        let texts = match Written::deserialize(deserializer)? {
            Written::Same(text) => return Ok(Self::Same(text)),
            Written::PerDialect(texts) => texts,
        };
        let mut by_dialect = BTreeMap::new();
        for (word, text) in texts {
            let known =
                || D::Error::custom(format!("unknown dialect `{word}`; known: {}", DIALECTS.join(", ")));
            let dialect = dialect(&word).ok_or_else(known)?;
            if by_dialect.insert(dialect.to_owned(), text).is_some() {
                return Err(D::Error::custom(format!("there are two texts for {dialect}")));
            }
        }
        Ok(Self::PerDialect(by_dialect))
    }
}

impl From<&str> for SqlText {
    fn from(text: &str) -> Self {
        Self::Same(text.to_owned())
    }
}

/// One hand-written statement in each dialect, side by side.
#[derive(Debug, Clone, Copy)]
pub struct Dialects {
    /// For PostgreSQL.
    pub postgresql: &'static str,
    /// For MariaDB and MySQL.
    pub mysql: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
}

impl Dialects {
    /// The statement for the dialect of `features`.
    pub fn get(&self, dialect: &str) -> &'static str {
        match dialect {
            "postgresql" => self.postgresql,
            "mysql" => self.mysql,
            _ => self.sqlite,
        }
    }
}

/// Rewrites `?` marks to `$1`, `$2`, ...; marks in strings, quoted names and comments stay.
pub(crate) fn positional(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 8);
    let mut number = 0;
    let mut rest = sql;
    while let Some(position) = rest.find(['?', '\'', '"', '-', '/']) {
        let (before, tail) = rest.split_at(position);
        out.push_str(before);
        let skipped = match tail.as_bytes() {
            [b'?', ..] => {
                number += 1;
                out.push('$');
                out.push_str(&number.to_string());
                rest = &tail[1..];
                continue;
            }
            [quote @ (b'\'' | b'"'), ..] => tail[1..].find(char::from(*quote)).map(|end| end + 2),
            [b'-', b'-', ..] => tail.find('\n').map(|end| end + 1),
            [b'/', b'*', ..] => tail.find("*/").map(|end| end + 2),
            _ => Some(1),
        };
        let (kept, after) = tail.split_at(skipped.unwrap_or(tail.len()));
        out.push_str(kept);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbered_outside_strings_names_and_comments() {
        assert_eq!(
            positional("SELECT '?', \"a?\", 'it''s ?' -- ?\n/* ? */ FROM t WHERE a - ? > ? / 2"),
            "SELECT '?', \"a?\", 'it''s ?' -- ?\n/* ? */ FROM t WHERE a - $1 > $2 / 2"
        );
        assert_eq!(positional("SELECT $1"), "SELECT $1");
        assert_eq!(positional("'open ?"), "'open ?");
    }
}
