//! What has to be written to install an app.

use std::path::PathBuf;

use crate::management::error::{CommandError, CommandResult};
use crate::management::files::formatted;

/// A line as a person would add it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The file, relative to the root.
    pub file: String,
    /// The line, or what goes into one that is there.
    pub line: String,
}

/// A file with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The file, relative to the root.
    pub file: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its text before.
    pub before: String,
    /// Its text with the lines.
    pub after: String,
}

impl Edit {
    /// The text to be written: that of a Rust file which was formatted before is formatted again.
    pub(crate) fn text(&self) -> String {
        let Some(folder) = self.path.parent().filter(|_| self.file.ends_with(".rs")) else {
            return self.after.clone();
        };
        let was_formatted = formatted(folder, &self.before).is_some_and(|text| text == self.before);
        was_formatted.then(|| formatted(folder, &self.after)).flatten().unwrap_or_else(|| self.after.clone())
    }
}

/// All that has to be written, and whether a program can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The lines, in the order of adding them; none where the app is installed already.
    pub steps: Vec<Step>,
    /// The files with the lines, or why a person has to add them.
    pub edits: Result<Vec<Edit>, String>,
    /// What else is to be known about it.
    pub notes: Vec<String>,
}

impl Plan {
    /// Nothing to do.
    pub(crate) fn nothing() -> Self {
        Self { steps: Vec::new(), edits: Ok(Vec::new()), notes: Vec::new() }
    }

    /// Nothing to do, since the file has the lines.
    pub(crate) fn done(file: &str) -> Self {
        let note = format!("{file} names it already: nothing is left to install there.");
        Self { notes: vec![note], ..Self::nothing() }
    }

    /// Lines that a person has to add.
    pub(crate) fn by_hand(steps: Vec<Step>, reason: String) -> Self {
        Self { steps, edits: Err(reason), notes: Vec::new() }
    }

    /// Both.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self.notes.extend(other.notes);
        self.edits = self.edits.and_then(|own| Ok([own, other.edits?].concat()));
        self
    }

    /// The files with the lines.
    ///
    /// # Errors
    /// Why a person has to add them, with the lines.
    pub(crate) fn edits(&self) -> CommandResult<&[Edit]> {
        self.edits.as_deref().map_err(|reason| {
            let refused = CommandError::failed(reason).hint(
                "nothing was written; without `--install` the app is made, and these lines install it:",
            );
            self.steps
                .iter()
                .fold(refused, |error, step| error.hint(format!("  {}: {}", step.file, step.line)))
        })
    }
}
