//! What rows need that come in any order, and tables that are emptied.

/// How foreign keys wait while rows are loaded whose keys may point to rows that come later. Whoever loads looks at the end
/// whether all of them lead somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Deferral {
    /// Run before the transaction begins.
    pub before: &'static [&'static str],
    /// Run when it has begun.
    pub begun: &'static [&'static str],
    /// Run after its end, whatever that was.
    pub after: &'static [&'static str],
}

/// Statements that empty tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flush {
    /// Run before the transaction begins.
    pub before: &'static [&'static str],
    /// What empties the tables and lets their counters begin anew.
    pub statements: Vec<String>,
    /// Run after its end, whatever that was.
    pub after: &'static [&'static str],
}
