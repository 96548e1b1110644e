//! A connection to a PostgreSQL server.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::Cursor;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::SinkExt as _;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{CancelToken, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error;
use super::values::{Bound, Read};
use crate::backends::base::{BatchError, Connection, Row, Statement, positional};
use crate::error::{Error, Result, StatementKind};

/// Bytes of rows that are sent at once.
const COPY_CHUNK: usize = 64 * 1024;

/// Statements kept ready per connection; past that the cache starts anew.
const STATEMENT_CACHE: usize = 512;

/// An open connection.
pub(super) struct PgConnection {
    client: tokio_postgres::Client,
    /// Empty only while it is dropped.
    link: Option<Link>,
    prepared: HashMap<String, tokio_postgres::Statement>,
    in_transaction: bool,
    /// A statement was sent and its answer not read to the end: its caller was dropped meanwhile.
    is_busy: bool,
}

/// What stands behind a client.
pub(super) struct Link {
    /// Moves bytes between the socket and the client; ends when the client is dropped and every answer was read.
    pub driver: JoinHandle<()>,
    /// How the server is reached once more, to stop a statement; none: without TLS.
    pub tls: Option<MakeRustlsConnect>,
}

impl Link {
    /// Has the server stop the statement that runs, and waits until the connection is closed. The request may overtake
    /// its statement and is ignored then, so it is made again.
    async fn stop(mut self, token: CancelToken) {
        const PATIENCE: Duration = Duration::from_millis(500);
        for _ in 0..5 {
            let asked = tokio::time::timeout(PATIENCE, async {
                match &self.tls {
                    Some(tls) => token.cancel_query(tls.clone()).await,
                    None => token.cancel_query(NoTls).await,
                }
            });
            if let Ok(Err(error)) = asked.await {
                tracing::debug!(%error, "a statement could not be cancelled");
            }
            if tokio::time::timeout(PATIENCE, &mut self.driver).await.is_ok() {
                return;
            }
        }
        self.driver.abort();
    }
}

impl Drop for PgConnection {
    fn drop(&mut self) {
        if !self.is_busy {
            return;
        }
        // Without a runtime the program ends, and its sockets with it.
        if let (Ok(runtime), Some(link)) = (Handle::try_current(), self.link.take()) {
            runtime.spawn(link.stop(self.client.cancel_token()));
        }
    }
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send + 'a>>;

impl PgConnection {
    /// A connection over an established client.
    pub(super) fn new(client: tokio_postgres::Client, link: Link) -> Self {
        Self { client, link: Some(link), prepared: HashMap::new(), in_transaction: false, is_busy: false }
    }

    /// Makes the session what it should be, once.
    ///
    /// # Errors
    /// The driver's.
    pub(super) async fn set_up(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    /// Whether the session has a parameter of this name, with any value.
    ///
    /// # Errors
    /// The driver's.
    pub(super) async fn has_parameter(&self, name: &str) -> Result<bool, tokio_postgres::Error> {
        let sql = format!("SELECT current_setting('{name}', true)");
        let answers = self.client.simple_query(&sql).await?;
        Ok(answers.iter().any(|answer| {
            matches!(answer, SimpleQueryMessage::Row(row) if row.get(0).is_some_and(|value| !value.is_empty()))
        }))
    }

    async fn prepare(&mut self, sql: &str) -> Result<tokio_postgres::Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        if self.prepared.len() >= STATEMENT_CACHE {
            self.prepared.clear();
        }
        let statement =
            self.client.prepare(&positional(sql)).await.map_err(|error| error::statement(sql, &error))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// After a change of the schema a kept statement may not run again; a fresh one does.
    fn forget_stale(&mut self, sql: &str, error: &tokio_postgres::Error) -> bool {
        let stale =
            error.as_db_error().is_some_and(|error| error.message().starts_with("cached plan must not"));
        stale && self.prepared.remove(sql).is_some() && !self.in_transaction
    }

    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<tokio_postgres::Row>> {
        loop {
            let prepared = self.prepare(statement.sql).await?;
            let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
            match self.client.query(&prepared, &refs(&bound)).await {
                Err(error) if self.forget_stale(statement.sql, &error) => {}
                answer => return answer.map_err(|error| error::statement(statement.sql, &error)),
            }
        }
    }

    /// Notes that a statement is sent. Behind one whose answer nobody waited for none is sent, since that one may still
    /// take effect.
    fn send(&mut self, sql: &str) -> Result<()> {
        if self.is_busy {
            return Err(Error::abandoned(sql, StatementKind::ConnectionLost, "the statement before it"));
        }
        self.is_busy = true;
        Ok(())
    }

    async fn simple(&mut self, sql: &str) -> Result<()> {
        self.send(sql)?;
        let done = self.client.batch_execute(sql).await;
        self.is_busy = false;
        done.map_err(|error| error::statement(sql, &error))
    }

    async fn changed(&mut self, statement: Statement<'_>) -> Result<u64> {
        let prepared = self.prepare(statement.sql).await?;
        let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
        let changed = self.client.execute(&prepared, &refs(&bound)).await;
        changed.map_err(|error| error::statement(statement.sql, &error))
    }

    async fn all_rows(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>> {
        for statement in statements {
            self.prepare(statement.sql).await?;
        }
        let prepared: Vec<&tokio_postgres::Statement> =
            statements.iter().filter_map(|statement| self.prepared.get(statement.sql)).collect();
        let client = &self.client;
        let sent = statements.iter().zip(prepared).map(|(statement, prepared)| async move {
            let bound: Vec<Bound<'_>> = statement.params.iter().map(Bound).collect();
            let rows = client.query(prepared, &refs(&bound)).await;
            converted(&rows.map_err(|error| error::statement(statement.sql, &error))?)
        });
        futures_util::future::try_join_all(sent).await
    }

    async fn copy(&mut self, sql: &str, rows: &[u8]) -> Result<(), tokio_postgres::Error> {
        let sink = self.client.copy_in(sql).await?;
        let mut sink = std::pin::pin!(sink);
        for chunk in rows.chunks(COPY_CHUNK) {
            sink.as_mut().send(Cursor::new(chunk.to_vec())).await?;
        }
        sink.finish().await.map(drop)
    }

    /// Sends statements of one transaction together.
    async fn pipeline(&mut self, statements: &[&str]) -> std::result::Result<(), BatchError> {
        let client = &self.client;
        let mut sent: Vec<Sent<'_>> = Vec::with_capacity(statements.len());
        for sql in statements {
            sent.push(Box::pin(client.batch_execute(sql)));
        }
        let mut early = send_all(&mut sent).await;
        let mut failure = None;
        for (index, future) in sent.into_iter().enumerate() {
            let answer = match early[index].take() {
                Some(answer) => answer,
                None => future.await,
            };
            if let Err(error) = answer {
                // Those behind it only say that the transaction is aborted.
                failure = failure
                    .or(Some(BatchError { index, error: error::statement(statements[index], &error) }));
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

fn refs<'a>(bound: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    bound.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn converted(rows: &[tokio_postgres::Row]) -> Result<Vec<Row>> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter()
        .map(|row| {
            let values = (0..columns.len())
                .map(|index| row.try_get::<_, Read>(index).map(|read| read.0).map_err(|_| beyond(row, index)))
                .collect::<Result<_>>();
            Ok(Row::new(Arc::clone(&columns), values?))
        })
        .collect()
}

/// A value that the server has and the program does not.
fn beyond(row: &tokio_postgres::Row, index: usize) -> Error {
    let column = &row.columns()[index];
    Error::Decode {
        column: column.name().to_owned(),
        expected: "a plain value",
        found: format!("a {} beyond the program's range, such as NaN or infinity", column.type_().name()),
    }
}

#[async_trait]
impl Connection for PgConnection {
    async fn query(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        self.send(statement.sql)?;
        let rows = self.rows(statement).await;
        self.is_busy = false;
        converted(&rows?)
    }

    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64> {
        self.send(statement.sql)?;
        let changed = self.changed(statement).await;
        self.is_busy = false;
        changed
    }

    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64> {
        let sql = format!("{} RETURNING \"{}\"", statement.sql, key.replace('"', "\"\""));
        let rows = self.query(Statement { sql: &sql, params: statement.params }).await?;
        rows.into_iter().next().map_or(Ok(0), |mut row| row.take(0))
    }

    async fn query_all(&mut self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>> {
        self.send(statements.first().map_or("", |statement| statement.sql))?;
        let answers = self.all_rows(statements).await;
        self.is_busy = false;
        answers
    }

    async fn batch(&mut self, statements: &[&str]) -> std::result::Result<(), BatchError> {
        let begins = statements.first().is_some_and(|sql| sql.eq_ignore_ascii_case("BEGIN"));
        if !begins && !self.in_transaction {
            // Sent together, those behind a failing one would run all the same.
            for (index, sql) in statements.iter().enumerate() {
                self.simple(sql).await.map_err(|error| BatchError { index, error })?;
            }
            return Ok(());
        }
        self.in_transaction = true;
        self.send(statements.first().copied().unwrap_or_default())
            .map_err(|error| BatchError { index: 0, error })?;
        let done = self.pipeline(statements).await;
        self.is_busy = false;
        if statements.last().is_some_and(|sql| sql.eq_ignore_ascii_case("COMMIT")) {
            // A failed transaction ends here too: its COMMIT rolls back.
            self.in_transaction = false;
        }
        done
    }

    async fn copy_in(&mut self, sql: &str, rows: &[u8]) -> Result<()> {
        self.send(sql)?;
        let done = self.copy(sql, rows).await;
        self.is_busy = false;
        done.map_err(|error| error::statement(sql, &error))
    }

    async fn begin(&mut self) -> Result<()> {
        self.in_transaction = true;
        self.simple("BEGIN").await
    }

    async fn begin_snapshot(&mut self) -> Result<()> {
        self.in_transaction = true;
        self.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
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
        !self.in_transaction && !self.is_busy && !self.client.is_closed()
    }
}

/// Polls every future once, in order, so that all messages are on their way before the first answer is awaited.
async fn send_all<'a>(sent: &mut [Sent<'a>]) -> Vec<Option<Result<(), tokio_postgres::Error>>> {
    poll_fn(|context| {
        let polled = sent.iter_mut().map(|future| match future.as_mut().poll(context) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        });
        Poll::Ready(polled.collect())
    })
    .await
}
