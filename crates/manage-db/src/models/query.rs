//! Queries over a model, with Django's words. Nothing runs before `fetch`, `first`, `get`, `count`, ...

use std::ops::Range;

use super::columns::{Aggregate, Assignment, Column, Condition, Join, Ordering, Selection};
use super::model::Model;
use super::sql::Sql;
use super::statements as run;
use crate::{Error, Executor, FromRow, FromValue, Result, Row, ToValue, Value};

/// Some rows of a model, in some order.
pub struct QuerySet<M, E> {
    executor: E,
    conditions: Vec<Condition<M>>,
    order: Vec<Ordering<M>>,
    slice: Option<Range<u64>>,
    is_distinct: bool,
}

impl<M: Model, E: Executor> QuerySet<M, E> {
    /// All rows.
    pub fn new(executor: E) -> Self {
        Self { executor, conditions: Vec::new(), order: Vec::new(), slice: None, is_distinct: false }
    }

    /// Only the rows that meet `condition` as well.
    #[must_use]
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Only the rows that do not meet `condition`.
    #[must_use]
    pub fn exclude(self, condition: Condition<M>) -> Self {
        self.filter(!condition)
    }

    /// In this order, the first being the most important.
    #[must_use]
    pub fn order_by(mut self, order: impl IntoIterator<Item = Ordering<M>>) -> Self {
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
        // Equal rows are told by all their columns.
        let counted = match self.is_distinct {
            true => self.select_columns(),
            false => self.select_sql("1".into()),
        };
        let select = Sql::from("SELECT COUNT(*) FROM ").then(counted.bracketed()).then(" AS \"counted\"");
        one(run::rows(&mut self.executor, &select).await?)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn exists(self) -> Result<bool> {
        let mut narrowed = self.slice(0..1);
        let select = narrowed.select_sql("1".into());
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
        selections: impl IntoIterator<Item = Selection<M>>,
    ) -> Result<Vec<T>> {
        let select = self.select(selections);
        read(run::rows(&mut self.executor, &select).await?)
    }

    /// One figure over all the rows.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn aggregate<T: FromValue>(mut self, aggregate: Aggregate<M>) -> Result<T> {
        let select = self.select([aggregate.into()]);
        one(run::rows(&mut self.executor, &select).await?)
    }

    /// Each row with the row of `N` that `on` joins to it.
    pub fn select_related<N: Model>(self, on: Join<M, N>) -> Related<M, N, E> {
        Related { rows: self, on }
    }

    /// Writes to every row; tells how many there were. Order and slice play no part.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn update(mut self, assignments: impl IntoIterator<Item = Assignment<M>>) -> Result<u64> {
        let assignments = Sql::list(assignments.into_iter().map(|assignment| assignment.sql), ", ");
        let update = Sql::from("UPDATE ").then(Sql::name(M::TABLE)).then(" SET ").then(assignments);
        let update = update.then(self.take_conditions());
        run::change(&mut self.executor, &update).await
    }

    /// Deletes every row; tells how many there were. Order and slice play no part.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn delete(mut self) -> Result<u64> {
        let delete = Sql::from("DELETE FROM ").then(Sql::name(M::TABLE)).then(self.take_conditions());
        run::change(&mut self.executor, &delete).await
    }

    /// How the database would find the rows, in its own words.
    ///
    /// # Errors
    /// Those of the statement.
    pub async fn explain(mut self) -> Result<String> {
        let select = self.select_columns();
        run::explain(&mut self.executor, select).await
    }

    fn select_columns(&mut self) -> Sql {
        self.select_sql(columns::<M>())
    }

    /// A query for `selections`, grouped by those that are no figures if there are figures.
    fn select(&mut self, selections: impl IntoIterator<Item = Selection<M>>) -> Sql {
        let selections: Vec<Selection<M>> = selections.into_iter().collect();
        let plain = selections.iter().filter(|selection| !selection.is_aggregate);
        let groups = Sql::list(plain.map(|selection| selection.sql.clone()), ", ");
        let is_grouped = selections.iter().any(|selection| selection.is_aggregate) && !groups.text.is_empty();
        let wanted = Sql::list(selections.into_iter().map(|selection| selection.sql), ", ");
        let groups = if is_grouped { Sql::from(" GROUP BY ").then(groups) } else { Sql::default() };
        self.statement(wanted, Sql::default(), groups)
    }

    fn select_sql(&mut self, wanted: Sql) -> Sql {
        self.statement(wanted, Sql::default(), Sql::default())
    }

    /// The whole query: what is wanted, further tables, and what rows are grouped by.
    fn statement(&mut self, wanted: Sql, joins: Sql, groups: Sql) -> Sql {
        let order = Sql::list(std::mem::take(&mut self.order).into_iter().map(|order| order.sql), ", ");
        let order = if order.text.is_empty() { order } else { Sql::from(" ORDER BY ").then(order) };
        let slice = self.slice.take().map_or_else(Sql::default, |slice| limit(&slice));
        Sql::from(if self.is_distinct { "SELECT DISTINCT " } else { "SELECT " })
            .then(wanted)
            .then(" FROM ")
            .then(Sql::name(M::TABLE))
            .then(joins)
            .then(self.take_conditions())
            .then(groups)
            .then(order)
            .then(slice)
    }

    /// Which rows are meant.
    fn take_conditions(&mut self) -> Sql {
        let conditions = std::mem::take(&mut self.conditions).into_iter();
        let all = Sql::list(conditions.map(|condition| condition.sql.bracketed()), " AND ");
        if all.text.is_empty() { all } else { Sql::from(" WHERE ").then(all) }
    }
}

fn columns<M: Model>() -> Sql {
    Sql::list(M::COLUMNS.iter().map(|column| Sql::column(M::TABLE, column)), ", ")
}

fn limit(slice: &Range<u64>) -> Sql {
    // No table has more rows than this.
    let number = |number: u64| Sql::value(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
    let length = number(slice.end.saturating_sub(slice.start));
    Sql::from(" LIMIT ").then(length).then(" OFFSET ").then(number(slice.start))
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
    on: Join<M, N>,
}

impl<M: Model, N: Model, E: Executor> Related<M, N, E> {
    /// The pairs. A row without a partner is left out.
    ///
    /// # Errors
    /// As [`QuerySet::fetch`].
    pub async fn fetch(mut self) -> Result<Vec<(M, N)>> {
        let wanted = columns::<M>().then(", ").then(columns::<N>());
        let join = Sql::from(" INNER JOIN ").then(Sql::name(N::TABLE)).then(" ON ").then(self.on.sql);
        let select = self.rows.statement(wanted, join, Sql::default());
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
