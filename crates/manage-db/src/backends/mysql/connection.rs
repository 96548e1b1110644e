//! A connection to a MariaDB or MySQL server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, Params};
use tokio::runtime::Handle;

use super::error;
use super::values;
use crate::backends::base::{BatchError, Connection, Row, Statement, first_word};
use crate::error::{Error, Result, StatementKind};

/// An open connection.
pub(super) struct MysqlConnection {
    inner: Conn,
    /// How the server is reached once more, to stop a statement.
    opts: Opts,
    in_transaction: bool,
    is_broken: bool,
    /// A statement was sent and its answer not read to the end. A caller that is dropped meanwhile, such as the
    /// request of a browser that went away, leaves it so; the next answer would be somebody else's.
    is_busy: bool,
}

impl MysqlConnection {
    /// A connection over an established one of the driver.
    pub(super) fn new(inner: Conn, opts: Opts) -> Self {
        Self { inner, opts, in_transaction: false, is_broken: false, is_busy: false }
    }

    /// Limits the time of one statement; the two servers have a variable each, in different units.
    pub(crate) async fn limit_statements(&mut self, limit: Duration) -> Result<()> {
        // To MySQL, which counts in milliseconds, 0 means no limit.
        let milliseconds = limit.as_millis().max(1);
        let mariadb = format!("SET SESSION max_statement_time = {}", limit.as_secs_f64());
        if self.simple(&mariadb).await.is_ok() {
            return Ok(());
        }
        self.simple(&format!("SET SESSION max_execution_time = {milliseconds}")).await
    }

    async fn simple(&mut self, sql: &str) -> Result<()> {
        // What ends it says so itself, once the server has answered.
        self.in_transaction |=
            ["BEGIN", "START"].iter().any(|word| first_word(sql).eq_ignore_ascii_case(word));
        self.send(sql)?;
        let done = self.inner.query_drop(sql).await;
        self.checked(sql, done)
    }

    /// Notes that a statement is sent. Behind one whose answer was not read there is no sending any.
    fn send(&mut self, sql: &str) -> Result<()> {
        if self.is_busy {
            return Err(Error::abandoned(sql, StatementKind::ConnectionLost, "the statement before it"));
        }
        self.is_busy = true;
        Ok(())
    }

    fn checked<T>(&mut self, sql: &str, answer: std::result::Result<T, mysql_async::Error>) -> Result<T> {
        self.is_busy = false;
        answer.map_err(|error| {
            self.is_broken |= error::is_fatal(&error);
            error::statement(sql, &error)
        })
    }
}

impl Drop for MysqlConnection {
    fn drop(&mut self) {
        // The server notices a closed socket only when the statement ends, so it is told over another one. Without a
        // runtime the program ends, and nobody can be told.
        if self.is_busy
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(kill(self.opts.clone(), self.inner.id()));
        }
    }
}

/// Has the server end the connection `id` with whatever it is doing. An account may always end its own.
async fn kill(opts: Opts, id: u32) {
    const PATIENCE: Duration = Duration::from_secs(5);
    let killed = tokio::time::timeout(PATIENCE, async {
        let plain = OptsBuilder::from_opts(opts).setup(Vec::<String>::new());
        let mut other = Conn::new(plain).await?;
        other.query_drop(format!("KILL {id}")).await?;
        other.disconnect().await
    });
    if let Ok(Err(error)) = killed.await {
        tracing::debug!(%error, "a statement could not be stopped");
    }
}

fn params(statement: Statement<'_>) -> Params {
    match statement.params {
        [] => Params::Empty,
        values => Params::Positional(values.iter().map(values::bound).collect()),
    }
}

#[async_trait]
impl Connection for MysqlConnection {
    async fn query(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        self.send(statement.sql)?;
        let answer = self.inner.exec::<mysql_async::Row, _, _>(statement.sql, params(statement)).await;
        let rows = self.checked(statement.sql, answer)?;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns = first.columns();
        let names: Arc<[String]> = columns.iter().map(|column| column.name_str().into_owned()).collect();
        let convert = |row: mysql_async::Row| {
            let values =
                row.unwrap().into_iter().zip(columns.iter()).map(|(raw, column)| values::read(raw, column));
            Row::new(Arc::clone(&names), values.collect())
        };
        Ok(rows.into_iter().map(convert).collect())
    }

    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64> {
        self.send(statement.sql)?;
        let answer = self.inner.exec_drop(statement.sql, params(statement)).await;
        self.checked(statement.sql, answer)?;
        Ok(self.inner.affected_rows())
    }

    async fn insert(&mut self, statement: Statement<'_>, _key: &str) -> Result<i64> {
        self.execute(statement).await?;
        Ok(self.inner.last_insert_id().and_then(|id| i64::try_from(id).ok()).unwrap_or_default())
    }

    async fn batch(&mut self, statements: &[&str]) -> std::result::Result<(), BatchError> {
        for (index, sql) in statements.iter().enumerate() {
            self.simple(sql).await.map_err(|error| BatchError { index, error })?;
            if ["COMMIT", "ROLLBACK"].iter().any(|end| sql.eq_ignore_ascii_case(end)) {
                self.in_transaction = false;
            }
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<()> {
        self.simple("START TRANSACTION").await
    }

    async fn begin_snapshot(&mut self) -> Result<()> {
        self.simple("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        self.simple("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await
    }

    async fn commit(&mut self) -> Result<()> {
        self.simple("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<()> {
        self.simple("ROLLBACK").await?;
        self.in_transaction = false;
        Ok(())
    }

    fn is_reusable(&self) -> bool {
        !self.in_transaction && !self.is_broken && !self.is_busy
    }
}
