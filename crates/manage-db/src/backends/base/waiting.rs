//! What statements wait for and what they hold.

/// How a statement of a migration is kept from waiting long for a lock: those who come behind it wait as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockWait {
    /// By this statement, for the transaction in which it stands.
    Transaction(String),
    /// By this statement, for the session.
    Session(String),
    /// The connection sees to it.
    Connection,
}

/// Queries for what the open transaction of a session has touched.
#[derive(Debug, Clone, Copy, Default)]
pub struct TouchedQueries {
    /// Table, rows put in, rows changed and rows taken out; an empty name stands for all tables.
    pub rows: Option<&'static str>,
    /// Table and its strongest lock, of those that keep others out.
    pub locks: Option<&'static str>,
}
