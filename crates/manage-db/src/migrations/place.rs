//! Where something stands in the files.

use std::fmt;
use std::sync::Arc;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, relative to the project's root.
    pub path: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl Place {
    /// A line of the file at `path`.
    pub(crate) fn new(path: &str, line: usize) -> Self {
        Self { path: path.into(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}
