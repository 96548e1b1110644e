//! Queries over a model, with Django's words. Nothing runs before `fetch`, `first`, `get`, `count`, ...

use std::marker::PhantomData;
use std::ops::Range;

use sea_query::{Alias, Asterisk, Expr, Func, JoinType, Query, SelectStatement};

use super::columns::{Aggregate, Assignment, Column, Condition, Ordering, Selection};
use super::model::Model;
use super::statements as run;
use crate::{Error, Executor, FromRow, FromValue, Result, Row, ToValue};

/// Some rows of a model, in some order.
#[derive(Clone)]
pub struct QuerySet<M, E> {
    executor: E,
    conditions: Vec<Condition>,
    order: Vec<Ordering>,
    slice: Option<Range<u64>>,
    is_distinct: bool,
    model: PhantomData<fn() -> M>,
}

impl<M: Model, E: Executor> QuerySet<M, E> {
    /// All rows.
    pub fn new(executor: E) -> Self {
        Self {
            executor,
            conditions: Vec::new(),
            order: Vec::new(),
            slice: None,
            is_distinct: false,
            model: PhantomData,
        }
    }

    /// Only the rows that meet `condition` as well.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Only the rows that do not meet `condition`.
    #[must_use]
    pub fn exclude(self, condition: Condition) -> Self {
        self.filter(!condition)
    }

    /// In this order, the first being the most important.
    #[must_use]
    pub fn order_by(mut self, order: impl IntoIterator<Item = Ordering>) -> Self {
        self.order = order.into_iter().collect();
        self
    }

    /// Only the rows of these positions, from 0.
    #[must_use]
    pub fn slice(mut self, positions: Range<u64>) -> Self {
        self.slice = Some(positions);
        self
    }

    /// Equal rows once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.is_distinct = true;
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// Those of the statement and of reading a row.
    pub async fn fetch(mut self) -> Result<Vec<M>> {
        let select = self.select_columns();
        read(run::rows(&mut self.executor, &select).await?)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn first(self) -> Result<Option<M>> {
        let start = self.slice.as_ref().map_or(0, |slice| slice.start);
        Ok(self.slice(start..start + 1).fetch().await?.pop())
    }

    /// The one row.
    ///
    /// # Errors
    /// [`Error::DoesNotExist`], [`Error::MultipleObjects`], and as [`QuerySet::fetch`].
    pub async fn get(self) -> Result<M> {
        let mut rows = self.slice(0..2).fetch().await?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            (Some(_), false) => Err(Error::MultipleObjects { model: M::NAME }),
            (None, _) => Err(Error::DoesNotExist { model: M::NAME }),
        }
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn count(mut self) -> Result<i64> {
        let mut select = Query::select();
        select.expr(Func::count(Expr::col(Asterisk)));
        select.from_subquery(
            self.select([Selection { expr: Expr::val(1_i64), is_aggregate: false }]),
            Alias::new("counted"),
        );
        one(run::rows(&mut self.executor, &select).await?)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn exists(self) -> Result<bool> {
        let mut narrowed = self.slice(0..1);
        let select = narrowed.select([Selection { expr: Expr::val(1_i64), is_aggregate: false }]);
        Ok(!run::rows(&mut narrowed.executor, &select).await?.is_empty())
    }

    /// The rows whose `column` is one of `keys`, in no order. Many keys are asked for in portions.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn in_bulk<T: ToValue + Clone + Send>(
        mut self,
        column: Column<M, T>,
        keys: &[T],
    ) -> Result<Vec<M>> {
        let portion = self.executor.backend().features().max_params / 2;
        let conditions = std::mem::take(&mut self.conditions);
        let mut found = Vec::new();
        for keys in keys.chunks(portion.max(1)) {
            self.conditions = conditions.clone();
            self.conditions.push(column.is_in(keys.iter().cloned()));
            let select = self.select_columns();
            found.extend(read::<M>(run::rows(&mut self.executor, &select).await?)?);
        }
        Ok(found)
    }

    /// Chosen columns and figures, read as a tuple. With figures beside columns, rows are grouped by the columns.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn values<T: FromRow>(
        mut self,
        selections: impl IntoIterator<Item = Selection>,
    ) -> Result<Vec<T>> {
        let select = self.select(selections);
        read(run::rows(&mut self.executor, &select).await?)
    }

    /// One figure over all the rows.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn aggregate<T: FromValue>(mut self, aggregate: Aggregate) -> Result<T> {
        let select = self.select([aggregate.into()]);
        one(run::rows(&mut self.executor, &select).await?)
    }

    /// Each row with the row of `N` that `on` joins to it.
    pub fn select_related<N: Model>(self, on: Condition) -> Related<M, N, E> {
        Related { rows: self, on, related: PhantomData }
    }

    /// Writes to every row; tells how many there were. Order and slice play no part.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn update(mut self, assignments: impl IntoIterator<Item = Assignment>) -> Result<u64> {
        let mut update = Query::update();
        update.table(Alias::new(M::TABLE));
        for Assignment(column, value) in assignments {
            update.value(Alias::new(column), value);
        }
        for Condition(condition) in std::mem::take(&mut self.conditions) {
            update.and_where(condition);
        }
        run::change(&mut self.executor, &update).await
    }

    /// Deletes every row; tells how many there were. Order and slice play no part.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn delete(mut self) -> Result<u64> {
        let mut delete = Query::delete();
        delete.from_table(Alias::new(M::TABLE));
        for Condition(condition) in std::mem::take(&mut self.conditions) {
            delete.and_where(condition);
        }
        run::change(&mut self.executor, &delete).await
    }

    /// How the database would find the rows, in its own words.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn explain(mut self) -> Result<String> {
        let select = self.select_columns();
        run::explain(&mut self.executor, &select).await
    }

    fn select_columns(&mut self) -> SelectStatement {
        self.select(M::COLUMNS.iter().map(|column| Column::<M, ()>::new(M::TABLE, column).into()))
    }

    fn select(&mut self, selections: impl IntoIterator<Item = Selection>) -> SelectStatement {
        let mut select = Query::select();
        select.from(Alias::new(M::TABLE));
        let selections: Vec<Selection> = selections.into_iter().collect();
        let is_grouped = selections.iter().any(|selection| selection.is_aggregate);
        for Selection { expr, is_aggregate } in selections {
            if is_grouped && !is_aggregate {
                select.add_group_by([expr.clone()]);
            }
            select.expr(expr);
        }
        if self.is_distinct {
            select.distinct();
        }
        for Condition(condition) in std::mem::take(&mut self.conditions) {
            select.and_where(condition);
        }
        for Ordering(column, order) in std::mem::take(&mut self.order) {
            select.order_by_expr(column, order);
        }
        if let Some(slice) = self.slice.take() {
            select.limit(slice.end.saturating_sub(slice.start)).offset(slice.start);
        }
        select
    }
}

impl<M: Model, E: Executor> QuerySet<M, E> {
    /// Adds `step` to a column of every row, in the database.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn increment(self, column: Column<M, i64>, step: i64) -> Result<u64> {
        self.update([column.plus(step)]).await
    }
}

/// Rows of `M`, each with its row of `N`.
pub struct Related<M, N, E> {
    rows: QuerySet<M, E>,
    on: Condition,
    related: PhantomData<fn() -> N>,
}

impl<M: Model, N: Model, E: Executor> Related<M, N, E> {
    /// The pairs. A row without a partner is left out.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn fetch(mut self) -> Result<Vec<(M, N)>> {
        let mut select = self.rows.select_columns();
        for column in N::COLUMNS {
            select.expr(Expr::col((Alias::new(N::TABLE), Alias::new(*column))));
        }
        select.join(JoinType::InnerJoin, Alias::new(N::TABLE), self.on.0.clone());
        let rows = run::rows(&mut self.rows.executor, &select).await?;
        rows.into_iter()
            .map(|row| {
                let (left, right) = row.split_at(M::COLUMNS.len());
                Ok((M::from_row(left)?, N::from_row(right)?))
            })
            .collect()
    }
}

fn read<T: FromRow>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(T::from_row).collect()
}

fn one<T: FromValue>(rows: Vec<Row>) -> Result<T> {
    match rows.into_iter().next() {
        Some(mut row) => row.take(0),
        None => Err(Error::DoesNotExist { model: "row" }),
    }
}
