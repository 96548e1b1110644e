//! Rust code that migrations call by name.

use std::collections::BTreeMap;
use std::pin::Pin;

use async_trait::async_trait;

use super::state::ProjectState;
use crate::backends::base::{BackendRef, Connection, FromRow, Row, Statement, Value};
use crate::error::Result;
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
}

impl<'a> Rows<'a> {
    /// The rows that `connection` reaches.
    pub(super) fn new(backend: BackendRef, connection: &'a mut dyn Connection) -> Self {
        Self { backend, connection }
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
