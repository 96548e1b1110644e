//! Connections by alias: opened on first use, kept, lent and taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, Timeouts};

use super::backends;
use super::backends::base::{BackendRef, Connection, FromRow, Row, Statement, Value};
use super::error::{Error, Result};
use super::router::DEFAULT_ALIAS;
use super::watch::Watch;
use crate::settings::DatabaseSettings;

/// All configured databases. Cheap to clone; opens nothing by itself.
#[derive(Clone)]
pub struct Connections {
    databases: Arc<BTreeMap<String, Entry>>,
    /// What relative file names are relative to.
    root: Arc<Path>,
}

/// Limits of the databases' sessions; none: as the settings say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a lock.
    pub lock_timeout: Option<Duration>,
    /// Longest run of one statement.
    pub statement_timeout: Option<Duration>,
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
    pub fn new(all: &BTreeMap<String, DatabaseSettings>, root: &Path) -> Result<Self> {
        let mut databases = BTreeMap::new();
        for (alias, settings) in all {
            check_copy(alias, all)?;
            let backend = backends::create(alias, settings, root)?;
            let entry = Entry { backend, settings: settings.clone(), database: OnceLock::new() };
            databases.insert(alias.clone(), entry);
        }
        Ok(Self { databases: Arc::new(databases), root: Arc::from(root) })
    }

    /// The same databases under other limits, with connections of their own.
    ///
    /// # Errors
    /// As [`Connections::new`].
    pub fn limited(&self, limits: Limits) -> Result<Self> {
        let settings = |entry: &Entry| {
            let mut settings = entry.settings.clone();
            settings.lock_timeout = limits.lock_timeout.or(settings.lock_timeout);
            settings.statement_timeout = limits.statement_timeout.or(settings.statement_timeout);
            settings
        };
        let all = self.databases.iter().map(|(alias, entry)| (alias.clone(), settings(entry))).collect();
        Self::new(&all, &self.root)
    }

    /// The configured aliases, sorted, `default` first.
    pub fn aliases(&self) -> Vec<&str> {
        let mut aliases: Vec<&str> = self.databases.keys().map(String::as_str).collect();
        aliases.sort_by_key(|alias| (*alias != DEFAULT_ALIAS, *alias));
        aliases
    }

    /// The aliases that are written to, sorted, `default` first: all but copies.
    pub fn primaries(&self) -> Vec<&str> {
        let mut aliases = self.aliases();
        aliases.retain(|alias| {
            self.databases.get(*alias).is_some_and(|entry| entry.settings.replica_of.is_none())
        });
        aliases
    }

    /// The dialects of the databases that are written to, each once.
    pub fn dialects(&self) -> Vec<&'static str> {
        let all = self.databases.values().map(|entry| entry.backend.features().dialect);
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The alias whose copy `alias` is, if it is one.
    ///
    /// # Errors
    /// [`Error::UnknownAlias`].
    pub fn original(&self, alias: &str) -> Result<Option<&str>> {
        Ok(self.entry(alias)?.settings.replica_of.as_deref())
    }

    /// Closes the connections that nobody uses. A runtime that is about to end would leave them dead in their pools.
    pub fn close_idle(&self) {
        self.databases.values().filter_map(|entry| entry.database.get()).for_each(Database::forget_idle);
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

/// A copy is one of another database that is configured and no copy itself.
fn check_copy(alias: &str, all: &BTreeMap<String, DatabaseSettings>) -> Result<()> {
    let Some(of) = all.get(alias).and_then(|settings| settings.replica_of.as_ref()) else { return Ok(()) };
    match all.get(of) {
        Some(original) if alias != of && original.replica_of.is_none() => Ok(()),
        _ => Err(Error::Configuration {
            alias: alias.to_owned(),
            problem: format!("`replica_of` names `{of}`, which is no database that is written to"),
        }),
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
    watch: Watch,
}

type Pool = managed::Pool<Opener>;

/// A connection lent by a pool. Dropped, it goes back.
///
/// With an open transaction or a statement in flight, as when its caller was cancelled, it is taken out of the pool and
/// closed instead, so that no lock outlives who took it.
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
        let wait = settings.pool_timeout;
        let watch = Watch::new(backend.alias(), settings.slow_query);
        let reads = pool(&backend, settings.pool_size, wait);
        let writes =
            if backend.features().has_single_writer { pool(&backend, 1, wait) } else { reads.clone() };
        Self { inner: Arc::new(Inner { backend, reads, writes, wait, watch }) }
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
        let work = async {
            let answer = self.reader().await?.query(statement).await;
            if !is_lost(&answer) {
                return answer;
            }
            self.forget_idle();
            self.reader().await?.query(statement).await
        };
        self.watch().over(statement.sql, work).await.map_err(|error| self.at(error))
    }

    /// Runs queries that do not depend on each other on one connection, together where the protocol can.
    ///
    /// # Errors
    /// As [`Database::query`].
    pub async fn query_all(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>> {
        let work = async {
            let answers = self.reader().await?.query_all(statements).await;
            if !is_lost(&answers) {
                return answers;
            }
            self.forget_idle();
            self.reader().await?.query_all(statements).await
        };
        let first = statements.first().map_or("", |statement| statement.sql);
        self.watch().over(first, work).await.map_err(|error| self.at(error))
    }

    /// Runs one statement that changes rows and tells how many.
    ///
    /// # Errors
    /// Those of the connection and the statement.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        let work = async { self.writer().await?.execute(Statement { sql, params }).await };
        self.written(self.watch().over(sql, work).await)
    }

    /// Runs an INSERT and gives the number that the database made for `key`.
    pub(super) async fn insert(&self, statement: Statement<'_>, key: &str) -> Result<i64> {
        let work = async { self.writer().await?.insert(statement, key).await };
        self.written(self.watch().over(statement.sql, work).await)
    }

    /// The answer to a statement that writes. One whose connection was lost may have been done, so it is not sent
    /// again; but the others that died with it shall not fail too.
    fn written<T>(&self, answer: Result<T>) -> Result<T> {
        if is_lost(&answer) {
            self.forget_idle();
        }
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

    /// The log of its slow statements.
    pub(super) fn watch(&self) -> &Watch {
        &self.inner.watch
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
