//! Rows as structs: what `derive(Model)` writes.

use sea_query::{Alias, Query};

use super::columns::{bound, to_sea};
use super::meta::ModelState;
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

    /// Inserts the row and gives it back with the key that the database made.
    fn insert<E: Executor>(mut self, mut executor: E) -> impl Future<Output = Result<Self>> + Send {
        async move {
            let mut columns = Vec::with_capacity(Self::COLUMNS.len());
            let mut values = Vec::with_capacity(Self::COLUMNS.len());
            let mut is_counted = false;
            for (column, value) in Self::COLUMNS.iter().zip(self.values()) {
                if *column == Self::KEY && Self::KEY_IS_AUTO && value == Value::Int(0) {
                    is_counted = true;
                } else {
                    columns.push(Alias::new(*column));
                    values.push(to_sea(value).into());
                }
            }
            let mut insert = Query::insert();
            insert.into_table(Alias::new(Self::TABLE)).columns(columns).values_panic(values);
            if is_counted {
                let key = run::insert(&mut executor, &insert, Self::KEY).await?;
                self.set_key(key);
            } else {
                run::change(&mut executor, &insert).await?;
            }
            Ok(self)
        }
    }

    /// Writes every column of the row; tells whether it was there.
    fn update<E: Executor>(&self, mut executor: E) -> impl Future<Output = Result<bool>> + Send {
        async move {
            let mut update = Query::update();
            update.table(Alias::new(Self::TABLE));
            for (column, value) in Self::COLUMNS.iter().zip(self.values()) {
                if *column == Self::KEY {
                    update.and_where(sea_query::ExprTrait::eq(
                        sea_query::Expr::col(Alias::new(*column)),
                        bound(&value),
                    ));
                } else {
                    update.value(Alias::new(*column), to_sea(value));
                }
            }
            Ok(run::change(&mut executor, &update).await? > 0)
        }
    }

    /// Deletes the row; tells whether it was there.
    fn delete<E: Executor>(&self, mut executor: E) -> impl Future<Output = Result<bool>> + Send {
        async move {
            let mut delete = Query::delete();
            delete.from_table(Alias::new(Self::TABLE));
            let key = Self::COLUMNS.iter().zip(self.values()).find(|(column, _)| **column == Self::KEY);
            if let Some((column, value)) = key {
                delete.and_where(sea_query::ExprTrait::eq(
                    sea_query::Expr::col(Alias::new(*column)),
                    bound(&value),
                ));
            }
            Ok(run::change(&mut executor, &delete).await? > 0)
        }
    }
}
