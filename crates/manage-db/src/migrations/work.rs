//! What a run is about, and how it goes.

use super::functions::Functions;
use super::graph::Graph;
use crate::router::Router;

/// Whether statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fake {
    /// They do.
    No,
    /// Only the history is changed.
    Yes,
    /// Only the history is changed for first migrations whose tables and columns exist.
    Initial,
}

/// What is the same for all databases of a run.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// All migrations.
    pub graph: &'a Graph,
    /// Which app lives where.
    pub router: &'a Router,
    /// The functions that migrations call.
    pub functions: &'a Functions,
}

/// How migrations are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// Whether statements run.
    pub fake: Fake,
    /// What stands around them.
    pub frame: Frame,
}

/// The transaction in which migrations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Each has its own.
    Each,
    /// One around all of a database.
    Run,
    /// One around all of a database, which is rolled back in the end.
    DryRun,
}

impl Default for How {
    fn default() -> Self {
        Self { fake: Fake::No, frame: Frame::Each }
    }
}
