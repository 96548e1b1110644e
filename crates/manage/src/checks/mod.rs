//! System checks: what is wrong with a project before anything runs (Django's `django.core.checks`).

use std::fmt;

use clap::ValueEnum;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Level {
    /// For developers of the program.
    Debug,
    /// Worth knowing.
    Info,
    /// Works, but should not stay so.
    Warning,
    /// Does not work.
    Error,
    /// Nothing works.
    Critical,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub level: Level,
    /// Its stable name: `security.W004`.
    pub id: &'static str,
    /// What it is about: a setting, a model, a file; empty for the whole project.
    pub object: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
    /// Where it is to be corrected: a file, relative to the project's root, and its line, from 1.
    pub place: Option<(String, usize)>,
}

impl Message {
    /// A finding of this level.
    pub fn new(level: Level, id: &'static str, object: impl Into<String>, text: impl Into<String>) -> Self {
        Self { level, id, object: object.into(), text: text.into(), hint: None, place: None }
    }

    /// An error.
    pub fn error(id: &'static str, object: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Error, id, object, text)
    }

    /// A warning.
    pub fn warning(id: &'static str, object: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, object, text)
    }

    /// Adds where it is to be corrected.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: usize) -> Self {
        self.place = Some((file.into(), line));
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = if self.object.is_empty() { "?" } else { &self.object };
        write!(f, "{object}: ({}) {}", self.id, self.text)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\n\tHINT: {hint}"))
    }
}
