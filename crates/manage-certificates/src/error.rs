//! How something about certificates fails: what went wrong and what to type next.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// What something about certificates comes to.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was asked for cannot be: a wrong name, a wrong flag.
    Refused,
    /// It failed.
    Failed,
}

/// A failure, with lines that say what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Whose fault it is.
    pub kind: ErrorKind,
    /// What to do or type next, each a line.
    pub hints: Vec<String>,
    message: String,
    #[source]
    source: Option<io::Error>,
}

impl Error {
    /// What was asked for cannot be.
    pub fn refused(message: impl Display) -> Self {
        Self { kind: ErrorKind::Refused, message: message.to_string(), hints: Vec::new(), source: None }
    }

    /// It failed.
    pub fn failed(message: impl Display) -> Self {
        Self { kind: ErrorKind::Failed, ..Self::refused(message) }
    }

    /// A file or folder could not be used: `cannot VERB PATH`, because of `source`.
    pub fn file(verb: &str, path: &Path, source: io::Error) -> Self {
        let failed = Self::failed(format_args!("cannot {verb} {}", path.display()));
        Self { source: Some(source), ..failed }
    }

    /// What kind of failure the system reported, if it was the system.
    pub(crate) fn of_system(&self) -> Option<io::ErrorKind> {
        self.source.as_ref().map(io::Error::kind)
    }

    /// The message, and behind it what the system said.
    pub fn with_cause(&self) -> String {
        match &self.source {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }

    /// Adds a line that says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
