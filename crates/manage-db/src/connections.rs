//! Connections by alias: opened on first use, kept, lent and taken back.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, Timeouts};

use super::backends;
use super::backends::base::{BackendRef, Connection, FromRow, Row, Statement, Value};
use super::error::{Error, Result};
use super::router::DEFAULT_ALIAS;
use crate::settings::DatabaseSettings;

/// All configured databases. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct Connections {
    databases: Arc<BTreeMap<String, Entry>>,
}

struct Entry {
    backend: BackendRef,
    settings: DatabaseSettings,
    database: OnceLock<Database>,
}

impl Connections {
    /// The databases of these settings, by alias; relative file names are relative to `root`.
    ///
    /// # Errors
    /// [`Error::Configuration`] when a database's settings make no sense.
    pub fn new(settings: &BTreeMap<String, DatabaseSettings>, root: &Path) -> Result<Self> {
        let mut databases = BTreeMap::new();
        for (alias, settings) in settings {
            let backend = backends::create(alias, settings, root)?;
            let entry = Entry { backend, settings: settings.clone(), database: OnceLock::new() };
            databases.insert(alias.clone(), entry);
        }
        Ok(Self { databases: Arc::new(databases) })
    }

    /// The configured aliases, sorted, `default` first.
    pub fn aliases(&self) -> Vec<&str> {
        let mut aliases: Vec<&str> = self.databases.keys().map(String::as_str).collect();
        aliases.sort_by_key(|alias| (*alias != DEFAULT_ALIAS, *alias));
        aliases
    }

    /// The backend of `alias`, without opening anything.
    ///
    /// # Errors
    /// [`Error::UnknownAlias`].
    pub fn backend(&self, alias: &str) -> Result<&BackendRef> {
        Ok(&self.entry(alias)?.backend)
    }

    /// The pool of `alias`; its connections are opened when they are needed.
    ///
    /// # Errors
    /// [`Error::UnknownAlias`].
    pub fn database(&self, alias: &str) -> Result<&Database> {
        let entry = self.entry(alias)?;
        Ok(entry.database.get_or_init(|| Database::new(Arc::clone(&entry.backend), &entry.settings)))
    }

    fn entry(&self, alias: &str) -> Result<&Entry> {
        self.databases.get(alias).ok_or_else(|| Error::UnknownAlias {
            alias: alias.to_owned(),
            known: self.aliases().into_iter().map(str::to_owned).collect(),
        })
    }
}

/// One database with its pools. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    backend: BackendRef,
    reads: Pool,
    /// The same pool as `reads`, or one connection where writers exclude each other anyway.
    writes: Pool,
    wait: Duration,
    slow: Option<Duration>,
}

type Pool = managed::Pool<Opener>;

/// A connection lent by a pool. Dropped, it goes back; but with an open transaction or a statement in flight, as when
/// its caller was cancelled, it is taken out of the pool and closed, so that no lock outlives who took it.
pub struct Lent {
    /// Empty only while it is dropped.
    object: Option<managed::Object<Opener>>,
}

const LENT: &str = "a lent connection is there until it is dropped";

impl Deref for Lent {
    type Target = dyn Connection;

    #[expect(clippy::expect_used, reason = "only `drop` empties it")]
    fn deref(&self) -> &Self::Target {
        &***self.object.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    #[expect(clippy::expect_used, reason = "only `drop` empties it")]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut ***self.object.as_mut().expect(LENT)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(object) = self.object.take()
            && !object.is_reusable()
        {
            drop(managed::Object::take(object));
        }
    }
}

impl Database {
    /// Pools for `backend`, empty at first.
    pub fn new(backend: BackendRef, settings: &DatabaseSettings) -> Self {
        let wait = Duration::from_secs_f64(settings.pool_timeout);
        let slow = settings.slow_query.map(Duration::from_secs_f64);
        let reads = pool(&backend, settings.pool_size, wait);
        let writes =
            if backend.features().has_single_writer { pool(&backend, 1, wait) } else { reads.clone() };
        Self { inner: Arc::new(Inner { backend, reads, writes, wait, slow }) }
    }

    /// What kind of database this is and where.
    pub fn backend(&self) -> &BackendRef {
        &self.inner.backend
    }

    /// The name of its SQL in per-vendor texts.
    pub fn dialect(&self) -> &'static str {
        self.inner.backend.features().dialect
    }

    /// Borrows a connection for reading.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::PoolTimeout`].
    pub async fn reader(&self) -> Result<Lent> {
        self.lend(&self.inner.reads).await
    }

    /// Borrows a connection for writing.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::PoolTimeout`].
    pub async fn writer(&self) -> Result<Lent> {
        self.lend(&self.inner.writes).await
    }

    async fn lend(&self, pool: &Pool) -> Result<Lent> {
        match pool.get().await {
            Ok(object) => Ok(Lent { object: Some(object) }),
            Err(PoolError::Backend(error)) => Err(error),
            Err(_) => Err(Error::PoolTimeout {
                alias: self.inner.backend.alias().to_owned(),
                waited: self.inner.wait,
            }),
        }
    }

    /// Runs a query and reads every row.
    ///
    /// # Errors
    /// Those of the connection, the statement and of reading a row.
    pub async fn query<T: FromRow>(&self, sql: &str, params: &[Value]) -> Result<Vec<T>> {
        self.rows(Statement { sql, params }).await?.into_iter().map(T::from_row).collect()
    }

    /// Runs a query and reads its first row, if there is one.
    ///
    /// # Errors
    /// As [`Database::query`].
    pub async fn query_optional<T: FromRow>(&self, sql: &str, params: &[Value]) -> Result<Option<T>> {
        self.rows(Statement { sql, params }).await?.into_iter().next().map(T::from_row).transpose()
    }

    /// Runs a query. When the connection that was kept had been closed meanwhile, as after a restart of the server,
    /// it runs once more on a fresh one.
    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<Row>> {
        let watch = self.watch();
        let mut answer = self.reader().await?.query(statement).await;
        if is_lost(&answer) {
            self.forget_idle();
            answer = self.reader().await?.query(statement).await;
        }
        self.log_slow(watch, statement.sql);
        answer.map_err(|error| self.at(error))
    }

    /// Runs queries that do not depend on each other on one connection, together where the protocol can.
    ///
    /// # Errors
    /// As [`Database::query`].
    pub async fn query_all(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>> {
        let watch = self.watch();
        let mut answers = self.reader().await?.query_all(statements).await;
        if is_lost(&answers) {
            self.forget_idle();
            answers = self.reader().await?.query_all(statements).await;
        }
        self.log_slow(watch, statements.first().map_or("", |statement| statement.sql));
        answers.map_err(|error| self.at(error))
    }

    /// Runs one statement that changes rows and tells how many.
    ///
    /// # Errors
    /// Those of the connection and the statement.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        let watch = self.watch();
        let answer = self.writer().await?.execute(Statement { sql, params }).await;
        if is_lost(&answer) {
            // It may have been done, so it is not sent again; but the others that died with it shall not fail too.
            self.forget_idle();
        }
        self.log_slow(watch, sql);
        answer.map_err(|error| self.at(error))
    }

    /// Closes the connections that nobody uses: when one was lost, the others most likely are too.
    pub(super) fn forget_idle(&self) {
        self.inner.reads.retain(|_, _| false);
        self.inner.writes.retain(|_, _| false);
    }

    /// The error with the database's place, where it is the database's fault.
    pub(super) fn at(&self, error: Error) -> Error {
        let backend = &self.inner.backend;
        error.at(backend.alias(), || backend.address())
    }

    /// When a statement began, where slow ones are logged.
    fn watch(&self) -> Option<(Instant, Duration)> {
        self.inner.slow.map(|slow| (Instant::now(), slow))
    }

    /// Logs a statement that took long. The line stands in the span of the request that asked.
    fn log_slow(&self, watch: Option<(Instant, Duration)>, sql: &str) {
        let Some((start, slow)) = watch else { return };
        let took = start.elapsed();
        if took > slow {
            let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(database = self.inner.backend.alias(), duration_ms, sql, "slow statement");
        }
    }
}

fn is_lost<T>(answer: &Result<T>) -> bool {
    answer.as_ref().err().is_some_and(Error::is_connection_lost)
}

fn pool(backend: &BackendRef, size: usize, wait: Duration) -> Pool {
    let timeouts = Timeouts { wait: Some(wait), ..Timeouts::default() };
    // The connection that was used last has the warmest cache; the others may stay unopened.
    let queue_mode = managed::QueueMode::Lifo;
    let config = managed::PoolConfig { max_size: size, timeouts, queue_mode };
    #[expect(
        clippy::expect_used,
        reason = "building fails only for time-outs without a runtime; a runtime is named"
    )]
    Pool::builder(Opener { backend: Arc::clone(backend) })
        .config(config)
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .expect("a pool with a runtime")
}

/// Opens connections for a pool and judges those that were kept.
struct Opener {
    backend: BackendRef,
}

impl managed::Manager for Opener {
    type Type = Box<dyn Connection>;
    type Error = Error;

    async fn create(&self) -> Result<Self::Type> {
        self.backend.connect().await
    }

    async fn recycle(&self, connection: &mut Self::Type, _metrics: &Metrics) -> RecycleResult<Error> {
        if connection.is_reusable() { Ok(()) } else { Err(RecycleError::message("closed meanwhile")) }
    }
}
