//! Rows: a query's answer, column by column.

use std::sync::Arc;

use super::value::{FromValue, Value, decode};
use crate::error::{Error, Result};

/// One row of a query's answer.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// A row of `values` under `columns`, both in the order of the query.
    pub fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The columns' names, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The values, in order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row's first `count` columns and the rest.
    pub fn split_at(mut self, count: usize) -> (Self, Self) {
        let count = count.min(self.values.len());
        let right = self.values.split_off(count);
        let (left_names, right_names) = self.columns.split_at(count);
        (Self::new(left_names.into(), self.values), Self::new(right_names.into(), right))
    }

    /// Takes column `index` (from 0) out of the row.
    ///
    /// # Errors
    /// [`Error::Decode`] when the column is missing or holds something else.
    pub fn take<T: FromValue>(&mut self, index: usize) -> Result<T> {
        let value = self.values.get_mut(index).map(std::mem::take).ok_or_else(|| Error::Decode {
            column: index.to_string(),
            expected: T::EXPECTED,
            found: "nothing: the query has fewer columns".into(),
        })?;
        decode(value, || self.columns.get(index).cloned().unwrap_or_else(|| index.to_string()))
    }

    /// Takes the column called `name` out of the row.
    ///
    /// # Errors
    /// [`Error::Decode`] when the column is missing or holds something else.
    pub fn take_named<T: FromValue>(&mut self, name: &str) -> Result<T> {
        let index = self.columns.iter().position(|column| column == name).ok_or_else(|| Error::Decode {
            column: name.to_owned(),
            expected: T::EXPECTED,
            found: "nothing: the query has no such column".into(),
        })?;
        self.take(index)
    }
}

/// What can be made of a row.
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`Error::Decode`] when a column holds something else than expected.
    fn from_row(row: Row) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: Row) -> Result<Self> {
        Ok(row)
    }
}

macro_rules! tuples {
    ($($($name:ident $index:literal),+;)*) => {$(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(mut row: Row) -> Result<Self> {
                Ok(($(row.take::<$name>($index)?,)+))
            }
        }
    )*};
}
tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}
