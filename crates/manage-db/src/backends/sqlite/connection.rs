//! A connection to a SQLite file. Queries run in place: the answer is nearer than another thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, ToSql};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{error, stop};
use crate::backends::base::{BatchError, Connection, Row, Statement, Value};
use crate::error::Result;

/// Statements kept ready per connection.
const STATEMENT_CACHE: usize = 128;

/// An open SQLite file.
pub(super) struct SqliteConnection {
    inner: rusqlite::Connection,
    limit: Limit,
    /// Names of the columns of the statements that were run, so that they are not copied each time.
    columns: RefCell<HashMap<Box<str>, Arc<[String]>>>,
}

/// What may be done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It is read.
    Read,
    /// It is read and written; it has to be there.
    Write,
    /// It is made if it is not there.
    Create,
}

/// Where a statement ends: when it takes too long, and when the program is to end. SQLite asks every few thousand steps.
struct Limit {
    longest: Option<Duration>,
    start: Instant,
    /// When the statement in hand has to end, in microseconds since `start`.
    deadline: Arc<AtomicU64>,
}

impl Limit {
    /// Steps of SQLite's machine between two looks at the clock: about 0.1 ms.
    const STEPS: i32 = 10_000;

    fn on(inner: &mut rusqlite::Connection, longest: Option<Duration>) -> rusqlite::Result<Self> {
        let limit = Self { longest, start: Instant::now(), deadline: Arc::new(AtomicU64::new(u64::MAX)) };
        let (start, deadline) = (limit.start, Arc::clone(&limit.deadline));
        inner.progress_handler(
            Self::STEPS,
            Some(move || stop::is_wanted() || micros(start.elapsed()) > deadline.load(Ordering::Relaxed)),
        )?;
        Ok(limit)
    }

    fn begin(&self) {
        if let Some(longest) = self.longest {
            self.deadline.store(micros(self.start.elapsed() + longest), Ordering::Relaxed);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl SqliteConnection {
    /// Opens or creates the file and sets the session up: WAL, foreign keys, and a page cache of 8 MB. The file is
    /// not mapped: each connection would map it anew, and the cache serves the hot pages as fast.
    ///
    /// # Errors
    /// The driver's error, when the file cannot be opened or is no database.
    pub(super) fn open(
        path: &Path,
        access: Access,
        busy_timeout: Duration,
        longest: Option<Duration>,
    ) -> rusqlite::Result<Self> {
        let access = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut inner = rusqlite::Connection::open_with_flags(path, flags)?;
        inner.busy_timeout(busy_timeout)?;
        inner.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        set_wal(&inner)?;
        inner.execute_batch(
            "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-8192; \
             PRAGMA temp_store=MEMORY;",
        )?;
        // With statistics (ANALYZE), SQLite plans a statement anew whenever a value of it changes; a plan takes longer
        // than most queries here.
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let limit = Limit::on(&mut inner, longest)?;
        Ok(Self { inner, limit, columns: RefCell::default() })
    }

    /// Runs what the settings add to every session.
    ///
    /// # Errors
    /// The driver's error.
    pub(crate) fn initialise(&self, sql: &str) -> rusqlite::Result<()> {
        self.inner.execute_batch(sql)
    }

    fn run<T>(
        &self,
        statement: Statement<'_>,
        read: impl FnOnce(&mut CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.limit.begin();
        let run = || {
            let prepared = self.inner.prepare_cached(statement.sql);
            let mut prepared = prepared.map_err(|error| error::statement(statement.sql, &error))?;
            let bind = || {
                for (index, value) in statement.params.iter().enumerate() {
                    prepared.raw_bind_parameter(index + 1, Bound(value))?;
                }
                read(&mut prepared)
            };
            bind().map_err(|error| error::running(statement.sql, &error))
        };
        // Handing the thread's other tasks over costs as much as a short query. A query outside of a transaction never
        // waits for a lock (WAL), so only what may write does it.
        if self.inner.is_autocommit() && is_select(statement.sql) { run() } else { in_place(run) }
    }

    /// The names of a running statement's columns.
    fn columns(&self, sql: &str, running: &rusqlite::Statement<'_>) -> Arc<[String]> {
        let mut known = self.columns.borrow_mut();
        if let Some(columns) = known.get(sql)
            && columns.len() == running.column_count()
            && columns
                .iter()
                .enumerate()
                .all(|(at, name)| running.column_name(at).is_ok_and(|found| found == name))
        {
            return Arc::clone(columns);
        }
        if known.len() >= STATEMENT_CACHE {
            known.clear();
        }
        let columns: Arc<[String]> = running.column_names().map(str::to_owned).collect();
        known.insert(sql.into(), Arc::clone(&columns));
        columns
    }

    fn simple(&self, sql: &str) -> Result<()> {
        self.limit.begin();
        in_place(|| run_all(&self.inner, sql)).map_err(|error| error::statement(sql, &error))
    }
}

/// Runs statements, each to its last row: what it does may come with any of them.
fn run_all(inner: &rusqlite::Connection, sql: &str) -> rusqlite::Result<()> {
    let mut batch = rusqlite::Batch::new(inner, sql);
    while let Some(mut statement) = batch.next()? {
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}

/// Two first openers may both switch to WAL; SQLite answers the second "busy" without waiting, so it asks again.
fn set_wal(inner: &rusqlite::Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match inner.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) && tries < 200 =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            // A file on a read-only medium can still be read.
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) => return Ok(()),
            other => return other,
        }
    }
}

fn is_select(sql: &str) -> bool {
    sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

/// Runs `work` on this thread; other tasks of a multi-thread runtime move to another one meanwhile.
fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[async_trait]
impl Connection for SqliteConnection {
    async fn query(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        let answer = self.run(statement, |prepared| {
            let mut rows = prepared.raw_query();
            let mut columns: Arc<[String]> = Arc::default();
            let mut answer = Vec::new();
            while let Some(row) = rows.next()? {
                if answer.is_empty() {
                    // Only now: the first step prepares anew when the table has changed.
                    columns = self.columns(statement.sql, row.as_ref());
                }
                let values = (0..columns.len()).map(|index| row.get_ref(index).map(owned));
                answer.push(Row::new(Arc::clone(&columns), values.collect::<rusqlite::Result<_>>()?));
            }
            Ok(answer)
        });
        unless_stopped(answer).await
    }

    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64> {
        let done = self.run(statement, |prepared| prepared.raw_execute().map(|changed| changed as u64));
        unless_stopped(done).await
    }

    async fn insert(&mut self, statement: Statement<'_>, _key: &str) -> Result<i64> {
        unless_stopped(self.run(statement, |prepared| prepared.raw_execute())).await?;
        Ok(self.inner.last_insert_rowid())
    }

    async fn batch(&mut self, statements: &[&str]) -> std::result::Result<(), BatchError> {
        for (index, sql) in statements.iter().enumerate() {
            unless_stopped(self.simple(sql)).await.map_err(|error| BatchError { index, error })?;
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<()> {
        // A deferred transaction that turns into a writer fails at once when another writes; this one waits.
        self.simple("BEGIN IMMEDIATE")
    }

    async fn begin_snapshot(&mut self) -> Result<()> {
        // It begins with the first thing that is read.
        self.simple("BEGIN; SELECT 1 FROM sqlite_master LIMIT 1")
    }

    async fn commit(&mut self) -> Result<()> {
        self.simple("COMMIT")
    }

    async fn rollback(&mut self) -> Result<()> {
        if self.inner.is_autocommit() { Ok(()) } else { self.simple("ROLLBACK") }
    }

    fn is_reusable(&self) -> bool {
        self.inner.is_autocommit()
    }
}

/// A statement that was cut short because the program is to end has no answer: whoever waits for it is dropped.
async fn unless_stopped<T>(answer: Result<T>) -> Result<T> {
    match answer {
        Err(error) if stop::is_wanted() && error.is_timeout() => std::future::pending().await,
        answer => answer,
    }
}

/// A value on its way into a statement, in the forms that Django stores.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(truth) => ToSqlOutput::from(i64::from(*truth)),
            Value::Int(number) => ToSqlOutput::from(*number),
            Value::Float(number) => ToSqlOutput::from(*number),
            Value::Text(text) => ToSqlOutput::from(text.as_str()),
            Value::Bytes(bytes) => ToSqlOutput::from(bytes.as_slice()),
            Value::Decimal(number) => ToSqlOutput::from(number.to_string()),
            Value::Uuid(uuid) => ToSqlOutput::from(uuid.simple().to_string()),
            Value::Timestamp(moment) => ToSqlOutput::from(Value::timestamp_text(*moment)),
            Value::Date(date) => ToSqlOutput::from(date.to_string()),
            Value::Time(time) => ToSqlOutput::from(time.to_string()),
            Value::Json(json) => ToSqlOutput::from(json.to_string()),
        })
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        // What is no UTF-8 comes as the bytes that it is.
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(text.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}
