//! TOML files that people write: read so that every mistake is told with its line.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct Mistake {
    /// The file, relative to the project's root.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// A value of a file, with its place.
pub(crate) type Node<'a> = Spanned<DeValue<'a>>;

/// A file's text and name.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The file, relative to the project's root.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl<'a> Document<'a> {
    /// The top-level keys.
    ///
    /// # Errors
    /// Where the text stops being TOML.
    pub fn parse(self) -> Result<DeTable<'a>, Mistake> {
        let table = DeTable::parse(self.text).map_err(|error| self.not_toml(&error))?;
        Ok(table.into_inner())
    }

    /// Reads a value into a struct; keys that the struct does not have are mistakes if it says so.
    ///
    /// # Errors
    /// Where the value is something else.
    pub fn read<T: DeserializeOwned>(self, node: Node<'a>) -> Result<T, Mistake> {
        let span = node.span();
        T::deserialize(ValueDeserializer::from(node)).map_err(|error| {
            let place = error.span().filter(|found| found.end > 0).unwrap_or(span);
            self.mistake(&place, one_line(error.message()))
        })
    }

    /// Reads a table into a struct.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub(crate) fn read_table<T: DeserializeOwned>(
        self,
        table: DeTable<'a>,
        span: Range<usize>,
    ) -> Result<T, Mistake> {
        self.read(Spanned::new(span, DeValue::Table(table)))
    }

    /// A mistake at a place of the text.
    pub fn mistake(self, span: &Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake { path: self.path.to_owned(), line: self.line(span.start), message: message.into() }
    }

    /// The line of a place, from 1.
    pub fn line(self, position: usize) -> usize {
        line_of(self.text, position)
    }

    fn not_toml(self, error: &toml::de::Error) -> Mistake {
        let span = error.span().unwrap_or(0..0);
        self.mistake(&span, format!("not TOML: {}", one_line(error.message())))
    }
}

/// Lines of places in a text that come one after the other.
pub(crate) struct Lines<'a> {
    text: &'a str,
    position: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    /// Counts in `text`, whose first line has the number `first`.
    pub(crate) fn new(text: &'a str, first: usize) -> Self {
        Self { text, position: 0, line: first }
    }

    /// The line of a place that does not lie before the last one.
    pub(crate) fn line(&mut self, position: usize) -> usize {
        let between = self.text.as_bytes().get(self.position..position).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.position = self.position.max(position);
        self.line
    }
}

/// The line of a place in a text, from 1.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    let end = text.floor_char_boundary(position);
    text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn one_line(message: &str) -> String {
    message.trim().replace('\n', ", ")
}
