//! From statements to a connection.

use super::sql::Sql;
use crate::backends::base::Statement;
use crate::{Executor, Result, Row, Value};

/// Runs a query.
pub(super) async fn rows(executor: &mut impl Executor, sql: &Sql) -> Result<Vec<Row>> {
    executor.rows(statement(sql)).await
}

/// Runs a statement that changes rows.
pub(super) async fn change(executor: &mut impl Executor, sql: &Sql) -> Result<u64> {
    executor.change(statement(sql)).await
}

/// Runs an INSERT and gives the number that the database made.
pub(super) async fn insert(executor: &mut impl Executor, sql: &Sql, key: &str) -> Result<i64> {
    executor.insert(statement(sql), key).await
}

/// Asks how a query would be run.
pub(super) async fn explain(executor: &mut impl Executor, select: Sql) -> Result<String> {
    let explain = Sql::from(executor.backend().features().explain).then(" ").then(select);
    let rows = rows(executor, &explain).await?;
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

fn statement(sql: &Sql) -> Statement<'_> {
    Statement { sql: &sql.text, params: &sql.params }
}
