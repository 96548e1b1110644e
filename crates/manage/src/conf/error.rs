//! Problems with settings: all of them at once, each with its place.

use std::fmt;

/// Variables with this beginning override single settings: `MANAGE__DATABASES__USERS__HOST=db2`.
pub(super) const OVERRIDE_PREFIX: &str = "MANAGE__";

/// The settings file that lies under all others.
pub(super) const BASE: &str = "settings/base.toml";

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the built-in default.
    Default,
    /// In a file, at a line and column from 1.
    File {
        /// The file as a person would type it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In a variable of the environment or of `.env`.
    Variable(String),
    /// In a flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// How high it lies: a higher layer goes over a lower one. What hosting services set lies under every file.
    pub(super) fn layer(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Variable(name) if !name.starts_with(OVERRIDE_PREFIX) => 0,
            Self::File { file, .. } if file == BASE => 1,
            Self::File { .. } => 2,
            Self::Variable(_) => 3,
            Self::Flag(_) => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(name) => write!(f, "{name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub origin: Origin,
    /// The setting with its tables: `databases.users.port`; empty when a whole file is unreadable.
    pub key: String,
    /// What is wrong and what was expected. Never a secret's value.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.message),
            key => write!(f, "{}: `{key}`: {}", self.origin, self.message),
        }
    }
}

/// Settings that cannot be used (Django's name), with every problem that was found.
#[derive(Debug, thiserror::Error)]
pub struct ImproperlyConfigured {
    /// At least one, in the order of files and lines.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ImproperlyConfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [one] => write!(f, "the settings are wrong: {one}"),
            many => {
                write!(f, "the settings have {} problems", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}
