//! One migrating process at a time.

use async_trait::async_trait;

use super::connection::Connection;
use crate::error::Result;

/// What came of trying to take a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is ours now.
    Taken,
    /// Somebody else has it.
    Held {
        /// Who that is, for people, as far as it can be known.
        holder: Option<String>,
    },
}

/// A lock that is tried and never waited for inside a statement: on PostgreSQL such a waiter makes the holder's
/// `CREATE INDEX CONCURRENTLY` fail. The system releases it when its holder dies.
#[async_trait]
pub trait MigrationLock: Send {
    /// Takes the lock if it is free. `ask_holder`: find out who has it otherwise.
    async fn try_acquire(&mut self, connection: &mut dyn Connection, ask_holder: bool) -> Result<Attempt>;

    /// Gives the lock back.
    async fn release(&mut self, connection: &mut dyn Connection) -> Result<()>;
}
