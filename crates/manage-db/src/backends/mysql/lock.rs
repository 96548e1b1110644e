//! A lock by name on the server: it survives the commits that DDL brings, and ends with the connection.

use async_trait::async_trait;

use crate::backends::base::{Attempt, Connection, FromValue, MigrationLock, Statement, Value};
use crate::error::Result;
use manage_leaves::crypto;

/// `GET_LOCK` of a name with the database's in it, because such names belong to the whole server.
pub(super) struct NamedLock {
    name: String,
}

impl NamedLock {
    /// The lock of `database`. Long names are hashed: 64 characters are allowed.
    pub(super) fn new(database: &str) -> Self {
        let name = match database.len() {
            0..=50 => format!("manage:{database}"),
            _ => format!("manage:{}", &crypto::sha256_hex(database.as_bytes())[..32]),
        };
        Self { name }
    }

    async fn ask<T: FromValue>(&self, connection: &mut dyn Connection, sql: &str) -> Result<Option<T>> {
        let params = [Value::Text(self.name.clone())];
        let rows = connection.query(Statement { sql, params: &params }).await?;
        rows.into_iter().next().map_or(Ok(None), |mut row| row.take(0))
    }
}

#[async_trait]
impl MigrationLock for NamedLock {
    async fn try_acquire(&mut self, connection: &mut dyn Connection, ask_holder: bool) -> Result<Attempt> {
        if self.ask::<i64>(connection, "SELECT GET_LOCK(?, 0)").await? == Some(1) {
            // A session that has nothing to do for long would be closed, and its lock with it.
            connection
                .batch(&["SET SESSION wait_timeout = 2147483"])
                .await
                .map_err(|failure| failure.error)?;
            return Ok(Attempt::Taken);
        }
        let holder = if ask_holder {
            let id: Option<i64> = self.ask(connection, "SELECT IS_USED_LOCK(?)").await?;
            id.map(|id| format!("connection {id}"))
        } else {
            None
        };
        Ok(Attempt::Held { holder })
    }

    async fn release(&mut self, connection: &mut dyn Connection) -> Result<()> {
        self.ask::<i64>(connection, "SELECT RELEASE_LOCK(?)").await?;
        Ok(())
    }
}
