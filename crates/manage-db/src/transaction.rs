//! Statements that belong together: all of them or none.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::backends::base::{BackendRef, FromRow, Row, Statement, Value};
use super::connections::{Database, Lent};
use super::error::{Error, Result, StatementKind};
use super::watch::Watch;

/// Anything that runs statements: a database, each statement for itself, or a transaction.
#[async_trait]
pub trait Executor: Send {
    /// What kind of database this is.
    fn backend(&self) -> &BackendRef;

    /// Runs a query.
    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>>;

    /// Runs a statement and tells how many rows it changed.
    async fn change(&mut self, statement: Statement<'_>) -> Result<u64>;

    /// Runs an INSERT and gives the number that the database made for `key`.
    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64>;
}

#[async_trait]
impl Executor for &Database {
    fn backend(&self) -> &BackendRef {
        Database::backend(self)
    }

    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        Database::rows(self, statement).await
    }

    async fn change(&mut self, statement: Statement<'_>) -> Result<u64> {
        self.execute(statement.sql, statement.params).await
    }

    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64> {
        Database::insert(self, statement, key).await
    }
}

/// How long a transaction waits before it is tried again. Without it the victim of a deadlock may have its locks again
/// before the other one has woken up, and both meet once more.
const PAUSE: Duration = Duration::from_millis(20);

/// What is left to do when the transaction was committed.
type Hook = BoxFuture<'static, ()>;

/// A running transaction. Dropped unfinished, it is rolled back: its connection is closed at once.
pub struct Transaction {
    backend: BackendRef,
    watch: Watch,
    /// Empty once the connection was given up because its state is unknown.
    connection: Option<Lent>,
    depth: u32,
    hooks: Vec<Hook>,
}

impl Database {
    /// Runs `work` in a transaction: committed when it returns `Ok`, rolled back otherwise.
    ///
    /// A deadlock or serialisation failure is an error that [`Error::is_retryable`] knows; see [`Database::atomic_retrying`].
    ///
    /// # Errors
    /// Those of `work`, and of beginning and committing.
    pub async fn atomic<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.begin().await?;
        match work(&mut transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// As [`Database::atomic`], and once more from the start when `is_retryable` says so of the error: for most callers
    /// [`Error::is_retryable`], when the database chose this transaction as the victim of a deadlock or of a
    /// serialisation failure. `attempt` makes the work of each attempt, which must have no effect outside of the
    /// transaction: `|| async |tx| ...`.
    ///
    /// # Errors
    /// As [`Database::atomic`].
    pub async fn atomic_retrying<T, E: From<Error>, W: AsyncFnOnce(&mut Transaction) -> Result<T, E>>(
        &self,
        is_retryable: impl Fn(&E) -> bool,
        attempt: impl Fn() -> W,
    ) -> Result<T, E> {
        match self.atomic(attempt()).await {
            Err(error) if is_retryable(&error) => {
                tokio::time::sleep(PAUSE).await;
                self.atomic(attempt()).await
            }
            answer => answer,
        }
    }

    /// Begins on a connection that is alive: one that was closed while nobody used it is replaced.
    async fn begin(&self) -> Result<Transaction> {
        let mut connection = self.writer().await?;
        if let Err(error) = connection.begin().await {
            if !error.is_connection_lost() {
                return Err(self.at(error));
            }
            drop(connection);
            self.forget_idle();
            connection = self.writer().await?;
            connection.begin().await?;
        }
        Ok(Transaction {
            backend: BackendRef::clone(self.backend()),
            watch: self.watch().clone(),
            connection: Some(connection),
            depth: 0,
            hooks: Vec::new(),
        })
    }
}

impl Transaction {
    /// Runs `work` in a savepoint: when it fails, its statements alone are undone. Dropped half-way, it takes the whole
    /// transaction along: that cannot be committed any more.
    ///
    /// # Errors
    /// Those of `work` and of the savepoint.
    pub async fn atomic<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.depth += 1;
        let name = format!("s{}", self.depth);
        let hooks = self.hooks.len();
        self.batch(&format!("SAVEPOINT {name}")).await?;
        let answer = work(self).await;
        let end = if answer.is_ok() { "RELEASE SAVEPOINT" } else { "ROLLBACK TO SAVEPOINT" };
        if answer.is_err() {
            self.hooks.truncate(hooks);
        }
        self.batch(&format!("{end} {name}")).await?;
        self.depth -= 1;
        answer
    }

    /// Runs `work` after the outermost transaction was committed, and never if it was not: mail, a signal
    /// (`async move { project.signals.send_robust(&project, &sold).await }`). The connection is back in its pool by then,
    /// and whoever asked for the transaction waits for it.
    pub fn on_commit(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.hooks.push(Box::pin(work));
    }

    /// Runs a query and reads every row.
    ///
    /// # Errors
    /// Those of the statement and of reading a row.
    pub async fn query<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<Vec<T>> {
        Executor::rows(&mut &mut *self, Statement { sql, params })
            .await?
            .into_iter()
            .map(T::from_row)
            .collect()
    }

    /// Runs a query and reads its first row, if there is one.
    ///
    /// # Errors
    /// As [`Transaction::query`].
    pub async fn query_optional<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<Option<T>> {
        Executor::rows(&mut &mut *self, Statement { sql, params })
            .await?
            .into_iter()
            .next()
            .map(T::from_row)
            .transpose()
    }

    /// Runs a statement and tells how many rows it changed.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        Executor::change(&mut &mut *self, Statement { sql, params }).await
    }

    /// The connection and the log of slow statements.
    fn connection(&mut self) -> Result<(&mut Lent, &Watch)> {
        let connection = self.connection.as_mut().ok_or_else(|| Error::PoolTimeout {
            alias: self.backend.alias().to_owned(),
            waited: Duration::ZERO,
        })?;
        Ok((connection, &self.watch))
    }

    async fn batch(&mut self, sql: &str) -> Result<()> {
        let (connection, watch) = self.connection()?;
        watch.over(sql, connection.batch(&[sql])).await.map_err(|failure| failure.error)
    }

    /// The error with the database's place, where it is the database's fault.
    fn at(&self, error: Error) -> Error {
        error.at(self.backend.alias(), || self.backend.address())
    }

    async fn commit(mut self) -> Result<()> {
        if self.depth > 0 {
            // The statements of a savepoint that was dropped would be kept with the others.
            self.rollback().await;
            return Err(Error::abandoned("COMMIT", StatementKind::Other, "a savepoint"));
        }
        let (connection, watch) = self.connection()?;
        let done = watch.over("COMMIT", connection.commit()).await;
        done.map_err(|error| self.at(error))?;
        self.connection = None;
        for hook in std::mem::take(&mut self.hooks) {
            hook.await;
        }
        Ok(())
    }

    async fn rollback(mut self) {
        if let Some(mut connection) = self.connection.take() {
            // When even this fails the connection is broken; the pool sees that and drops it, which rolls back.
            if let Err(error) = connection.rollback().await {
                tracing::debug!(%error, "rollback failed; the connection is dropped");
            }
        }
    }
}

#[async_trait]
impl Executor for &mut Transaction {
    fn backend(&self) -> &BackendRef {
        &self.backend
    }

    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        let (connection, watch) = self.connection()?;
        let answer = watch.over(statement.sql, connection.query(statement)).await;
        answer.map_err(|error| self.at(error))
    }

    async fn change(&mut self, statement: Statement<'_>) -> Result<u64> {
        let (connection, watch) = self.connection()?;
        let answer = watch.over(statement.sql, connection.execute(statement)).await;
        answer.map_err(|error| self.at(error))
    }

    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64> {
        let (connection, watch) = self.connection()?;
        let answer = watch.over(statement.sql, connection.insert(statement, key)).await;
        answer.map_err(|error| self.at(error))
    }
}
