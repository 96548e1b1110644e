//! Columns of a model and what queries say about them.

use std::marker::PhantomData;

use super::sql::Sql;
use crate::{ToValue, Value};

/// The column of model `M` whose values are `T`.
pub struct Column<M, T> {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    types: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

/// What rows of the model `M` must meet. That of another model is another type, so a query cannot be asked about a
/// column that its table lacks:
///
/// ```
/// use manage_db::models::Column;
///
/// struct Book;
/// let (year, loans) = (Column::<Book, i64>::new("book", "year"), Column::<Book, i64>::new("book", "loans"));
/// year.gt(2000).and(loans.eq(0));
/// ```
///
/// ```compile_fail,E0308
/// use manage_db::models::Column;
///
/// struct Book;
/// struct Author;
/// let (year, born) = (Column::<Book, i64>::new("book", "year"), Column::<Author, i64>::new("author", "born"));
/// year.gt(2000).and(born.eq(1960));
/// ```
pub struct Condition<M> {
    pub(super) sql: Sql,
    model: PhantomData<fn() -> M>,
}

/// What rows of `M` are ordered by.
pub struct Ordering<M> {
    pub(super) sql: Sql,
    model: PhantomData<fn() -> M>,
}

/// A new value of a column of `M`.
pub struct Assignment<M> {
    pub(super) sql: Sql,
    model: PhantomData<fn() -> M>,
}

/// Something of `M` to select: a column, or a figure over several rows.
pub struct Selection<M> {
    pub(super) sql: Sql,
    pub(super) is_aggregate: bool,
    model: PhantomData<fn() -> M>,
}

/// A figure over several rows of `M`.
pub struct Aggregate<M> {
    sql: Sql,
    model: PhantomData<fn() -> M>,
}

/// Which rows of `M` and `N` belong together.
pub struct Join<M, N> {
    pub(super) sql: Sql,
    models: PhantomData<fn() -> (M, N)>,
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self { sql: self.sql.clone(), model: PhantomData }
    }
}

impl<M> Clone for Ordering<M> {
    fn clone(&self) -> Self {
        Self { sql: self.sql.clone(), model: PhantomData }
    }
}

/// Values that can be equal to those of `T`: its own, and with NULL among them or not.
pub trait Comparable<T> {}

impl<T> Comparable<T> for T {}

impl<T> Comparable<T> for Option<T> {}

impl<T> Comparable<Option<T>> for T {}

impl<M, T> Column<M, T> {
    /// The column `name` of `table`. For `derive(Model)`.
    pub const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name, types: PhantomData }
    }

    fn sql(self) -> Sql {
        Sql::column(self.table, self.name)
    }

    /// Rows without a value.
    pub fn is_null(self) -> Condition<M> {
        Condition::new(self.sql().then(" IS NULL"))
    }

    /// Rows with a value.
    pub fn is_not_null(self) -> Condition<M> {
        Condition::new(self.sql().then(" IS NOT NULL"))
    }

    /// Rows whose value is that of another column, of this or another model.
    pub fn is<N, U>(self, other: Column<N, U>) -> Join<M, N>
    where
        T: Comparable<U>,
    {
        Join { sql: self.sql().then(" = ").then(other.sql()), models: PhantomData }
    }

    /// Smallest first.
    pub fn asc(self) -> Ordering<M> {
        Ordering { sql: self.sql().then(" ASC"), model: PhantomData }
    }

    /// Largest first.
    pub fn desc(self) -> Ordering<M> {
        Ordering { sql: self.sql().then(" DESC"), model: PhantomData }
    }

    /// The values that are not NULL, counted.
    pub fn count(self) -> Aggregate<M> {
        self.figure("COUNT")
    }

    /// The sum of the values; NULL when there are none.
    pub fn sum(self) -> Aggregate<M> {
        self.figure("SUM")
    }

    /// The mean of the values; NULL when there are none.
    pub fn avg(self) -> Aggregate<M> {
        self.figure("AVG")
    }

    /// The smallest value.
    pub fn min(self) -> Aggregate<M> {
        self.figure("MIN")
    }

    /// The largest value.
    pub fn max(self) -> Aggregate<M> {
        self.figure("MAX")
    }

    fn figure(self, function: &str) -> Aggregate<M> {
        Aggregate { sql: Sql::from(function).then(self.sql().bracketed()), model: PhantomData }
    }
}

impl<M, T: ToValue> Column<M, T> {
    /// Rows whose value is this; without a value for `None`.
    pub fn eq(self, value: impl Into<T>) -> Condition<M> {
        match value.into().to_value() {
            Value::Null => self.is_null(),
            value => self.compared("=", value),
        }
    }

    /// Rows whose value is another; with a value for `None`.
    pub fn ne(self, value: impl Into<T>) -> Condition<M> {
        match value.into().to_value() {
            Value::Null => self.is_not_null(),
            value => self.compared("<>", value),
        }
    }

    /// Rows whose value is smaller.
    pub fn lt(self, value: impl Into<T>) -> Condition<M> {
        self.compared("<", value.into().to_value())
    }

    /// Rows whose value is smaller or this.
    pub fn lte(self, value: impl Into<T>) -> Condition<M> {
        self.compared("<=", value.into().to_value())
    }

    /// Rows whose value is larger.
    pub fn gt(self, value: impl Into<T>) -> Condition<M> {
        self.compared(">", value.into().to_value())
    }

    /// Rows whose value is larger or this.
    pub fn gte(self, value: impl Into<T>) -> Condition<M> {
        self.compared(">=", value.into().to_value())
    }

    fn compared(self, sign: &str, value: Value) -> Condition<M> {
        Condition::new(self.sql().then(" ").then(sign).then(" ").then(Sql::value(value)))
    }

    /// Rows whose value is one of these; none when there are none.
    pub fn is_in(self, values: impl IntoIterator<Item = T>) -> Condition<M> {
        let values = values.into_iter().map(|value| value.to_value());
        let (nulls, values): (Vec<Value>, Vec<Value>) = values.partition(|value| *value == Value::Null);
        let known = match values.is_empty() {
            true => Condition::new("1 = 0".into()),
            false => {
                let marks = Sql::list(values.into_iter().map(Sql::value), ", ").bracketed();
                Condition::new(self.sql().then(" IN ").then(marks))
            }
        };
        // In a list NULL would be equal to nothing, and make everything unequal to the others.
        if nulls.is_empty() { known } else { known.or(self.is_null()) }
    }

    /// The value to write.
    pub fn set(self, value: impl Into<T>) -> Assignment<M> {
        self.assigned(Sql::value(value.into().to_value()))
    }
}

impl<M, T> Column<M, T> {
    fn assigned(self, value: Sql) -> Assignment<M> {
        Assignment { sql: Sql::name(self.name).then(" = ").then(value), model: PhantomData }
    }
}

impl<M> Column<M, i64> {
    /// The value that is there and `step` more, counted by the database so that two at once are both counted.
    pub fn plus(self, step: i64) -> Assignment<M> {
        self.assigned(self.sql().then(" + ").then(Sql::value(Value::Int(step))))
    }
}

impl<M> Column<M, String> {
    /// Rows whose text begins with this.
    pub fn starts_with(self, text: &str) -> Condition<M> {
        self.like(text, "", "%")
    }

    /// Rows whose text holds this.
    pub fn contains(self, text: &str) -> Condition<M> {
        self.like(text, "%", "%")
    }

    fn like(self, text: &str, before: &str, after: &str) -> Condition<M> {
        let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
        let pattern = Sql::value(Value::Text(format!("{before}{escaped}{after}")));
        Condition::new(self.sql().then(" LIKE ").then(pattern).then(" ESCAPE '|'"))
    }
}

impl<M> Condition<M> {
    fn new(sql: Sql) -> Self {
        Self { sql, model: PhantomData }
    }

    /// Rows that meet both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sql.bracketed().then(" AND ").then(other.sql.bracketed()))
    }

    /// Rows that meet either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::new(self.sql.bracketed().then(" OR ").then(other.sql.bracketed()))
    }
}

impl<M> std::ops::Not for Condition<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Sql::from("NOT ").then(self.sql.bracketed()))
    }
}

/// Two columns of one model compared.
impl<M> From<Join<M, M>> for Condition<M> {
    fn from(join: Join<M, M>) -> Self {
        Self::new(join.sql)
    }
}

impl<M, T> From<Column<M, T>> for Selection<M> {
    fn from(column: Column<M, T>) -> Self {
        Self { sql: column.sql(), is_aggregate: false, model: PhantomData }
    }
}

impl<M> From<Aggregate<M>> for Selection<M> {
    fn from(aggregate: Aggregate<M>) -> Self {
        Self { sql: aggregate.sql, is_aggregate: true, model: PhantomData }
    }
}
