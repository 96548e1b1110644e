//! Rows written by the names of their columns: what a form fills in is known when it is posted, not when the program is
//! compiled.

use super::model::Model;
use super::sql::Sql;
use super::statements as run;
use crate::{Executor, Result, Transaction, Value};

/// A column's name and its new value.
pub type Named = (String, Value);

/// Inserts a row of `M` with these values and gives the key that the database made. Columns that are not named get what
/// the database gives them.
///
/// # Errors
/// Those of the statement.
pub async fn insert<M: Model, E: Executor>(mut executor: E, values: Vec<Named>) -> Result<i64> {
    let columns = Sql::list(values.iter().map(|(column, _)| Sql::name(column)), ", ");
    let values = Sql::list(values.into_iter().map(|(_, value)| Sql::value(value)), ", ");
    let insert = Sql::from("INSERT INTO ").then(Sql::name(M::TABLE)).then(" ").then(columns.bracketed());
    run::insert(&mut executor, &insert.then(" VALUES ").then(values.bracketed()), M::KEY).await
}

/// Writes these values into the row of `M` with this key; tells whether it was there.
///
/// # Errors
/// Those of the statement.
pub async fn update<M: Model, E: Executor>(mut executor: E, key: &Value, values: Vec<Named>) -> Result<bool> {
    let is = |column: &str, value: Value| Sql::name(column).then(" = ").then(Sql::value(value));
    let set = Sql::list(values.into_iter().map(|(column, value)| is(&column, value)), ", ");
    let update = Sql::from("UPDATE ").then(Sql::name(M::TABLE)).then(" SET ").then(set);
    Ok(run::change(&mut executor, &update.then(" WHERE ").then(is(M::KEY, key.clone()))).await? > 0)
}

/// Most rows in one statement.
const ROWS: usize = 200;

/// Inserts rows, many in each statement; `columns` are their names, separated by commas. `told` hears how many rows were
/// written each time.
///
/// # Errors
/// Those of the statements.
pub async fn insert_many(
    tx: &mut Transaction,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = Vec<Value>>,
    told: &(dyn Fn(u64) + Sync),
) -> Result<()> {
    let width = columns.split(',').count();
    let most = ROWS.min(Executor::backend(&&mut *tx).features().max_params / width);
    let mut rows = rows.peekable();
    let marks = format!("({})", vec!["?"; width].join(", "));
    while rows.peek().is_some() {
        let values: Vec<Value> = rows.by_ref().take(most).flatten().collect();
        let count = values.len() / width;
        let marks = vec![marks.as_str(); count].join(", ");
        tx.execute(&format!("INSERT INTO {table} ({columns}) VALUES {marks}"), &values).await?;
        told(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}
