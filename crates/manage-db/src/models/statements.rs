//! From sea-query's statements to a connection.

use sea_query::{QueryStatementWriter, SelectStatement};

use super::columns::from_sea;
use crate::backends::base::{Statement, build};
use crate::{Executor, Result, Row, Value};

fn built<S: QueryStatementWriter>(executor: &impl Executor, statement: &S) -> (String, Vec<Value>) {
    let (sql, values) = build(executor.backend().features().dialect, statement);
    (sql, values.0.into_iter().map(from_sea).collect())
}

/// Runs a query.
pub async fn rows(executor: &mut impl Executor, select: &SelectStatement) -> Result<Vec<Row>> {
    let (sql, params) = built(executor, select);
    executor.rows(Statement { sql: &sql, params: &params }).await
}

/// Runs a statement that changes rows.
pub async fn change<S: QueryStatementWriter + Sync>(
    executor: &mut impl Executor,
    statement: &S,
) -> Result<u64> {
    let (sql, params) = built(executor, statement);
    executor.change(Statement { sql: &sql, params: &params }).await
}

/// Runs an INSERT and gives the number that the database made.
pub async fn insert<S: QueryStatementWriter + Sync>(
    executor: &mut impl Executor,
    statement: &S,
    key: &str,
) -> Result<i64> {
    let (sql, params) = built(executor, statement);
    executor.insert(Statement { sql: &sql, params: &params }, key).await
}

/// Asks how a query would be run.
pub async fn explain(executor: &mut impl Executor, select: &SelectStatement) -> Result<String> {
    let (sql, params) = built(executor, select);
    let explain = format!("{} {sql}", executor.backend().features().explain);
    let rows = executor.rows(Statement { sql: &explain, params: &params }).await?;
    let lines = rows.iter().map(|row| {
        let values = row.values().iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            _ => None,
        });
        values.collect::<Vec<_>>().join(" ")
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
