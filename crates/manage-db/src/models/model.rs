//! Rows as structs: what `derive(Model)` writes.

use super::meta::ModelState;
use super::sql::Sql;
use super::statements as run;
use crate::{Executor, FromRow, Result, Value};

/// A struct that is a row of a table. Written by `#[derive(Model)]`.
pub trait Model: FromRow + Send + Sync {
    /// Label of its app.
    const APP: &'static str;
    /// Its name.
    const NAME: &'static str;
    /// Its table.
    const TABLE: &'static str;
    /// Its columns, in the order of the struct.
    const COLUMNS: &'static [&'static str];
    /// Those of them that the database computes from others: they are read and never written.
    const GENERATED: &'static [&'static str];
    /// The column that identifies a row.
    const KEY: &'static str;
    /// Whether the database counts the key up when it is 0.
    const KEY_IS_AUTO: bool;

    /// The model as data, for the registry.
    fn state() -> ModelState;

    /// The values, in the order of [`Model::COLUMNS`].
    fn values(&self) -> Vec<Value>;

    /// Takes the number that the database made.
    fn set_key(&mut self, key: i64);

    /// Inserts the row and gives it back with the key that the database made. What it computes is there once the row is
    /// read.
    fn insert<E: Executor>(mut self, mut executor: E) -> impl Future<Output = Result<Self>> + Send {
        async move {
            let is_counted = |column: &str, value: &Value| {
                column == Self::KEY && Self::KEY_IS_AUTO && *value == Value::Int(0)
            };
            let (counted, given): (Vec<_>, Vec<_>) =
                written(&self).partition(|(column, value)| is_counted(column, value));
            let insert = Sql::from("INSERT INTO ").then(Sql::name(Self::TABLE)).then(" ");
            let insert = if given.is_empty() {
                insert.then(executor.backend().features().default_row)
            } else {
                let columns = Sql::list(given.iter().map(|(column, _)| Sql::name(column)), ", ");
                let values = Sql::list(given.into_iter().map(|(_, value)| Sql::value(value)), ", ");
                insert.then(columns.bracketed()).then(" VALUES ").then(values.bracketed())
            };
            if !counted.is_empty() {
                let key = run::insert(&mut executor, &insert, Self::KEY).await?;
                self.set_key(key);
            } else {
                run::change(&mut executor, &insert).await?;
            }
            Ok(self)
        }
    }

    /// Writes every column of the row that the database does not compute; tells whether it was there.
    fn update<E: Executor>(&self, mut executor: E) -> impl Future<Output = Result<bool>> + Send {
        async move {
            let given = written(self).filter(|(column, _)| *column != Self::KEY);
            let set = given.map(|(column, value)| is(column, value));
            let update = Sql::from("UPDATE ").then(Sql::name(Self::TABLE)).then(" SET ");
            let update = update.then(Sql::list(set, ", ")).then(" WHERE ").then(key_of(self));
            Ok(run::change(&mut executor, &update).await? > 0)
        }
    }

    /// Deletes the row; tells whether it was there.
    fn delete<E: Executor>(&self, mut executor: E) -> impl Future<Output = Result<bool>> + Send {
        async move {
            let delete = Sql::from("DELETE FROM ").then(Sql::name(Self::TABLE));
            let delete = delete.then(" WHERE ").then(key_of(self));
            Ok(run::change(&mut executor, &delete).await? > 0)
        }
    }
}

/// The columns that a program writes, with the row's values.
fn written<M: Model>(row: &M) -> impl Iterator<Item = (&'static str, Value)> + use<M> {
    let all = M::COLUMNS.iter().copied().zip(row.values());
    all.filter(|(column, _)| !M::GENERATED.contains(column))
}

/// The column with its value, to be written or compared.
fn is(column: &str, value: Value) -> Sql {
    Sql::name(column).then(" = ").then(Sql::value(value))
}

/// What only this row meets.
fn key_of<M: Model>(row: &M) -> Sql {
    let key = M::COLUMNS.iter().zip(row.values()).find(|(column, _)| **column == M::KEY);
    key.map_or_else(|| "1 = 0".into(), |(column, value)| is(column, value))
}
