//! One open connection, whatever is at its other end.

use async_trait::async_trait;

use super::{Row, Value};
use crate::error::{Error, Result};

/// A statement with its values; `?` marks a value for every kind of database.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// SQL text. Text written by hand is cached under its own content, so it should not be built with values in it.
    pub sql: &'a str,
    /// The values of the marks, in order.
    pub params: &'a [Value],
}

/// Which of several statements failed, and how.
#[derive(Debug)]
pub struct BatchError {
    /// Number of the statement, from 0.
    pub index: usize,
    /// What the server said.
    pub error: Error,
}

/// An open connection. Statements with values are prepared once and kept. Dropped, it is closed, which undoes an open
/// transaction; a statement that is still running is stopped at the server first.
#[async_trait]
pub trait Connection: Send {
    /// Runs a query and collects its rows.
    async fn query(&mut self, statement: Statement<'_>) -> Result<Vec<Row>>;

    /// Runs a statement and tells how many rows it changed.
    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64>;

    /// Runs an INSERT of one row and gives the number that the database made for `key`.
    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64>;

    /// Runs queries that do not depend on each other; together, where the protocol can.
    async fn query_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>> {
        let mut answers = Vec::with_capacity(statements.len());
        for statement in statements {
            answers.push(self.query(*statement).await?);
        }
        Ok(answers)
    }

    /// Runs statements without values one after the other, sent together where the protocol can; stops at the
    /// first that fails. Not for statements that refuse to run in a transaction.
    ///
    /// # Errors
    /// The number of the failing statement and its error.
    async fn batch(&mut self, statements: &[&str]) -> std::result::Result<(), BatchError>;

    /// Runs a statement that takes rows from its client, such as `COPY ... FROM stdin`, and sends them.
    async fn copy_in(&mut self, sql: &str, _rows: &[u8]) -> Result<()> {
        Err(Error::NotSupported { what: format!("rows behind a statement ({sql})"), vendor: "this database" })
    }

    /// Begins a transaction that will write.
    async fn begin(&mut self) -> Result<()>;

    /// Begins a transaction that only reads, and sees the database as it is now until its end.
    async fn begin_snapshot(&mut self) -> Result<()>;

    /// Commits the transaction.
    async fn commit(&mut self) -> Result<()>;

    /// Rolls the transaction back.
    async fn rollback(&mut self) -> Result<()>;

    /// Whether the connection may be used again: not broken, no statement in flight and no transaction left open.
    fn is_reusable(&self) -> bool;
}
