//! What may go wrong between the program and a database.

use std::time::Duration;

/// The result of anything that talks to a database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the data layer. Its text never holds a password or a statement's values.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be reached or opened.
    #[error("cannot connect to database `{alias}` at {address}: {reason}")]
    Connect {
        /// Which database.
        alias: String,
        /// Host and port, socket or file.
        address: String,
        /// The cause in words: refused, wrong password, unknown host, not a database.
        reason: String,
        /// What to do about it, where that is known.
        hint: Option<String>,
        /// Whether it may be up in a moment: nobody listens yet, or the server is starting.
        may_pass: bool,
    },
    /// What needs a session of its own came to a pooler that lends sessions for single transactions.
    #[error(
        "database `{alias}` at {address} is reached through a pooler that lends its sessions for single transactions; migrations need one of their own"
    )]
    Pooler {
        /// Which database.
        alias: String,
        /// Where the pooler is.
        address: String,
    },
    /// The server refused a statement.
    #[error(transparent)]
    Statement(#[from] Box<StatementError>),
    /// Nobody configured a database of this name.
    #[error("the connection `{alias}` doesn't exist")]
    UnknownAlias {
        /// What was asked for.
        alias: String,
        /// The configured ones.
        known: Vec<String>,
    },
    /// A copy was named where only a database that is written to will do.
    #[error("database `{alias}` is a copy of `{original}`")]
    Replica {
        /// What was asked for.
        alias: String,
        /// Whose copy it is.
        original: String,
    },
    /// All connections stayed busy for too long.
    #[error("no connection to database `{alias}` became free within {} s", waited.as_secs_f32())]
    PoolTimeout {
        /// Which database.
        alias: String,
        /// How long the caller waited.
        waited: Duration,
    },
    /// This kind of database cannot do it.
    #[error("{vendor} does not support {what}")]
    NotSupported {
        /// The feature in words.
        what: String,
        /// The kind of database.
        vendor: &'static str,
    },
    /// A value came back as something else than the program reads.
    #[error("column {column} holds {found}, not {expected}")]
    Decode {
        /// Number of the column, from 0, or its name.
        column: String,
        /// What the program reads.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// `get` found no row.
    #[error("no {model} matches the query")]
    DoesNotExist {
        /// The model.
        model: &'static str,
    },
    /// `get` found more than one row.
    #[error("more than one {model} matches the query")]
    MultipleObjects {
        /// The model.
        model: &'static str,
    },
    /// The settings of a database make no sense.
    #[error("database `{alias}`: {problem}")]
    Configuration {
        /// Which database.
        alias: String,
        /// What is wrong.
        problem: String,
    },
}

/// A statement that a server refused.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}{}", place.as_deref().map(|place| format!("{place}: ")).unwrap_or_default(), code.as_deref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
pub struct StatementError {
    /// The database and where it is, for faults that are not the statement's.
    pub place: Option<String>,
    /// What callers may tell apart.
    pub kind: StatementKind,
    /// SQLSTATE, where the server gives one.
    pub code: Option<String>,
    /// The server's own words, without the values that it quotes.
    pub message: String,
    /// The statement without its values.
    pub sql: String,
}

/// The failures of a statement that some caller treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// A second row with a value that must be unique.
    UniqueViolation,
    /// A key without the row it points to, or the reverse.
    ForeignKeyViolation,
    /// A CHECK or NOT NULL was broken.
    CheckViolation,
    /// A table or column is missing: usually a migration that was not applied.
    UndefinedTable,
    /// Deadlock or serialisation failure: the same again may succeed.
    Retryable,
    /// Locked by somebody else for longer than the limit.
    Locked,
    /// The file or server cannot be written.
    ReadOnly,
    /// The disk is full.
    DiskFull,
    /// The connection broke.
    ConnectionLost,
    /// Ran longer than `statement_timeout`.
    Timeout,
    /// The account lacks a right.
    Forbidden,
    /// A pooler passed the statement to another session than those before it.
    Pooled,
    /// Any other.
    Other,
}

impl From<StatementError> for Error {
    fn from(error: StatementError) -> Self {
        Self::Statement(Box::new(error))
    }
}

impl Error {
    /// A statement that was not sent, because what stood before it on the connection was given up half-way.
    pub(super) fn abandoned(sql: &str, kind: StatementKind, what: &str) -> Self {
        let message = format!("{what} was given up before its end, so nothing more can be done here");
        Self::Statement(Box::new(StatementError {
            place: None,
            kind,
            code: None,
            message,
            sql: sql.to_owned(),
        }))
    }

    /// Adds the database and its address to a fault that is the database's rather than the statement's.
    #[must_use]
    pub(super) fn at(mut self, alias: &str, address: impl FnOnce() -> String) -> Self {
        if let Self::Statement(error) = &mut self
            && matches!(
                error.kind,
                StatementKind::Locked
                    | StatementKind::ReadOnly
                    | StatementKind::DiskFull
                    | StatementKind::ConnectionLost
                    | StatementKind::Timeout
                    | StatementKind::Forbidden
                    | StatementKind::Pooled
            )
        {
            error.place = Some(format!("database `{alias}` at {}", address()));
        }
        self
    }

    /// The kind of statement failure, if it is one.
    pub fn statement_kind(&self) -> Option<StatementKind> {
        match self {
            Self::Statement(error) => Some(error.kind),
            _ => None,
        }
    }

    /// Whether a unique constraint refused the row.
    pub fn is_unique_violation(&self) -> bool {
        self.statement_kind() == Some(StatementKind::UniqueViolation)
    }

    /// Whether the connection broke, so that a fresh one may do.
    pub fn is_connection_lost(&self) -> bool {
        self.statement_kind() == Some(StatementKind::ConnectionLost)
    }

    /// Whether the same transaction again may succeed: it was the victim of a deadlock or of a serialisation failure.
    pub fn is_retryable(&self) -> bool {
        self.statement_kind() == Some(StatementKind::Retryable)
    }

    /// Whether the statement was cut short, because it took too long or somebody wanted it to end.
    pub fn is_timeout(&self) -> bool {
        self.statement_kind() == Some(StatementKind::Timeout)
    }

    /// Whether the database is away or overloaded, so that asking again later makes sense.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::PoolTimeout { .. })
            || matches!(self.statement_kind(), Some(StatementKind::ConnectionLost | StatementKind::Locked))
    }
}
