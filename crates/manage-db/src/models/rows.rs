//! Rows written by the names of their columns: what a form fills in is known when it is posted, not when the program is
//! compiled.

use sea_query::{Alias, Expr, ExprTrait as _, Query};

use super::columns::{bound, to_sea};
use super::model::Model;
use super::statements as run;
use crate::{Executor, Result, Value};

/// A column's name and its new value.
pub type Named = (String, Value);

/// Inserts a row of `M` with these values and gives the key that the database made. Columns that are not named get what
/// the database gives them.
///
/// # Errors
/// Those of the statement.
pub async fn insert<M: Model, E: Executor>(mut executor: E, values: Vec<Named>) -> Result<i64> {
    let (columns, values): (Vec<_>, Vec<_>) =
        values.into_iter().map(|(column, value)| (Alias::new(column), to_sea(value).into())).unzip();
    let mut insert = Query::insert();
    insert.into_table(Alias::new(M::TABLE)).columns(columns).values_panic(values);
    run::insert(&mut executor, &insert, M::KEY).await
}

/// Writes these values into the row of `M` with this key; tells whether it was there.
///
/// # Errors
/// Those of the statement.
pub async fn update<M: Model, E: Executor>(mut executor: E, key: &Value, values: Vec<Named>) -> Result<bool> {
    let mut update = Query::update();
    update.table(Alias::new(M::TABLE));
    for (column, value) in values {
        update.value(Alias::new(column), to_sea(value));
    }
    update.and_where(Expr::col(Alias::new(M::KEY)).eq(bound(key)));
    Ok(run::change(&mut executor, &update).await? > 0)
}
