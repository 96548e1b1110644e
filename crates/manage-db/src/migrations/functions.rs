//! Rust code that migrations call by name.

use std::collections::BTreeMap;
use std::pin::Pin;

use async_trait::async_trait;

use super::progress::{Done, Progress};
use super::state::ProjectState;
use crate::backends::base::{BackendRef, Connection, FromRow, Row, Statement, Value};
use crate::error::Result;
use crate::models::{Field, ModelState};
use crate::transaction::Executor;

/// What a function comes to.
pub(super) type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A function of a data migration: it gets the running transaction, and the models as they are at that point, which
/// are not today's structs.
pub type Function = for<'a> fn(&'a mut Rows<'_>, &'a ProjectState) -> Running<'a>;

/// The functions of the installed apps, by `app.name`.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    functions: BTreeMap<String, Function>,
}

impl Functions {
    /// Adds the function `name` of `app`.
    pub fn register(&mut self, app: &str, name: &str, function: Function) {
        self.functions.insert(format!("{app}.{name}"), function);
    }

    /// The function called `app.name`.
    pub fn get(&self, name: &str) -> Option<Function> {
        self.functions.get(name).copied()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

/// The rows of a database inside the transaction of a migration.
pub struct Rows<'a> {
    backend: BackendRef,
    connection: &'a mut dyn Connection,
    progress: &'a Progress,
}

/// All rows of a model, some at a time.
#[derive(Debug)]
pub struct Batches {
    table: String,
    key: String,
    size: u32,
    last: Option<Value>,
    done: u64,
    of: Option<u64>,
}

impl Batches {
    /// From the first row on, `size` at a time.
    pub fn new(model: &ModelState, size: u32) -> Self {
        let key = model.primary_key().map_or_else(|| "id".to_owned(), Field::column);
        Self { table: model.table(), key, size, last: None, done: 0, of: None }
    }
}

/// Some rows of a table, told by their keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The first key.
    pub first: Value,
    /// The last key.
    pub last: Value,
}

impl<'a> Rows<'a> {
    /// The rows that `connection` reaches.
    pub(super) fn new(
        backend: BackendRef,
        connection: &'a mut dyn Connection,
        progress: &'a Progress,
    ) -> Self {
        Self { backend, connection, progress }
    }

    /// The next rows of a model, `size` at a time in the order of their keys; none: all were there. How far it came is told
    /// to whoever watches the run.
    ///
    /// ```ignore
    /// let mut batches = Batches::new(model, 1000);
    /// while let Some(batch) = rows.next_batch(&mut batches).await? { /* ... */ }
    /// ```
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn next_batch(&mut self, batches: &mut Batches) -> Result<Option<Batch>> {
        let quote = |name: &str| self.backend.features().quote_name(name);
        let (table, key) = (quote(&batches.table), quote(&batches.key));
        let of = match batches.of {
            Some(of) => of,
            None => {
                let all: Vec<(i64,)> = self.query(&format!("SELECT COUNT(*) FROM {table}"), &[]).await?;
                all.first().and_then(|(number,)| u64::try_from(*number).ok()).unwrap_or_default()
            }
        };
        batches.of = Some(of);
        self.progress.tell(Done { rows: batches.done, of }).await;
        let behind = if batches.last.is_some() { format!(" WHERE {key} > ?") } else { String::new() };
        let sql = format!("SELECT {key} FROM {table}{behind} ORDER BY {key} LIMIT {}", batches.size);
        let params: Vec<Value> = batches.last.iter().cloned().collect();
        let keys = self.connection.query(Statement { sql: &sql, params: &params }).await?;
        let keys = keys.into_iter().map(|mut row| row.take(0)).collect::<Result<Vec<Value>>>()?;
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(None) };
        batches.done += keys.len() as u64;
        batches.last = Some(last.clone());
        Ok(Some(Batch { first: first.clone(), last: last.clone() }))
    }

    /// The name of the database's SQL in per-vendor texts.
    pub fn dialect(&self) -> &'static str {
        self.backend.features().dialect
    }

    /// Runs a query and reads every row.
    ///
    /// # Errors
    /// Those of the statement and of reading a row.
    pub async fn query<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<Vec<T>> {
        let rows = self.connection.query(Statement { sql, params }).await?;
        rows.into_iter().map(T::from_row).collect()
    }

    /// Runs a statement and tells how many rows it changed.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        self.connection.execute(Statement { sql, params }).await
    }
}

#[async_trait]
impl Executor for Rows<'_> {
    fn backend(&self) -> &BackendRef {
        &self.backend
    }

    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<Row>> {
        self.connection.query(statement).await
    }

    async fn change(&mut self, statement: Statement<'_>) -> Result<u64> {
        self.connection.execute(statement).await
    }

    async fn insert(&mut self, statement: Statement<'_>, key: &str) -> Result<i64> {
        self.connection.insert(statement, key).await
    }
}
