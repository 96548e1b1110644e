//! Columns of a model and what queries say about them. A thin typed face on sea-query.

use std::marker::PhantomData;

use sea_query::{Expr, ExprTrait as _, Func, Order, SimpleExpr};

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

/// What rows must meet.
#[derive(Debug, Clone)]
pub struct Condition(pub(super) SimpleExpr);

/// What rows are ordered by.
#[derive(Debug, Clone)]
pub struct Ordering(pub(super) SimpleExpr, pub(super) Order);

/// A column's new value.
#[derive(Debug, Clone)]
pub struct Assignment(pub(super) &'static str, pub(super) SimpleExpr);

/// Something to select: a column, or a figure over several rows.
#[derive(Debug, Clone)]
pub struct Selection {
    pub(super) expr: SimpleExpr,
    pub(super) is_aggregate: bool,
}

/// A figure over several rows.
#[derive(Debug, Clone)]
pub struct Aggregate(SimpleExpr);

impl<M, T> Column<M, T> {
    /// The column `name` of `table`. For `derive(Model)`.
    pub const fn new(table: &'static str, name: &'static str) -> Self {
        Self { table, name, types: PhantomData }
    }

    fn expr(self) -> Expr {
        Expr::col((self.table, self.name))
    }

    /// Rows without a value.
    pub fn is_null(self) -> Condition {
        Condition(self.expr().is_null())
    }

    /// Rows with a value.
    pub fn is_not_null(self) -> Condition {
        Condition(self.expr().is_not_null())
    }

    /// Rows whose value is that of another column, of this or another model.
    pub fn is<N>(self, other: Column<N, T>) -> Condition {
        Condition(self.expr().equals((other.table, other.name)))
    }

    /// Smallest first.
    pub fn asc(self) -> Ordering {
        Ordering(self.expr(), Order::Asc)
    }

    /// Largest first.
    pub fn desc(self) -> Ordering {
        Ordering(self.expr(), Order::Desc)
    }

    /// The values that are not NULL, counted.
    pub fn count(self) -> Aggregate {
        Aggregate(Func::count(self.expr()).into())
    }

    /// The sum of the values; NULL when there are none.
    pub fn sum(self) -> Aggregate {
        Aggregate(Func::sum(self.expr()).into())
    }

    /// The mean of the values; NULL when there are none.
    pub fn avg(self) -> Aggregate {
        Aggregate(Func::avg(self.expr()).into())
    }

    /// The smallest value.
    pub fn min(self) -> Aggregate {
        Aggregate(Func::min(self.expr()).into())
    }

    /// The largest value.
    pub fn max(self) -> Aggregate {
        Aggregate(Func::max(self.expr()).into())
    }
}

impl<M, T: ToValue> Column<M, T> {
    /// Rows whose value is this.
    pub fn eq(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().eq(bound(&value.into())))
    }

    /// Rows whose value is another.
    pub fn ne(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().ne(bound(&value.into())))
    }

    /// Rows whose value is smaller.
    pub fn lt(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().lt(bound(&value.into())))
    }

    /// Rows whose value is smaller or this.
    pub fn lte(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().lte(bound(&value.into())))
    }

    /// Rows whose value is larger.
    pub fn gt(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().gt(bound(&value.into())))
    }

    /// Rows whose value is larger or this.
    pub fn gte(self, value: impl Into<T>) -> Condition {
        Condition(self.expr().gte(bound(&value.into())))
    }

    /// Rows whose value is one of these; none when there are none.
    pub fn is_in(self, values: impl IntoIterator<Item = T>) -> Condition {
        Condition(self.expr().is_in(values.into_iter().map(|value| bound(&value))))
    }

    /// The value to write.
    pub fn set(self, value: impl Into<T>) -> Assignment {
        Assignment(self.name, bound(&value.into()))
    }
}

impl<M> Column<M, i64> {
    /// The value that is there and `step` more, counted by the database so that two at once are both counted.
    pub fn plus(self, step: i64) -> Assignment {
        Assignment(self.name, self.expr().add(step))
    }
}

impl<M> Column<M, String> {
    /// Rows whose text begins with this.
    pub fn starts_with(self, text: &str) -> Condition {
        self.like(text, "", "%")
    }

    /// Rows whose text holds this.
    pub fn contains(self, text: &str) -> Condition {
        self.like(text, "%", "%")
    }

    fn like(self, text: &str, before: &str, after: &str) -> Condition {
        let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
        let pattern = sea_query::LikeExpr::new(format!("{before}{escaped}{after}")).escape('|');
        Condition(self.expr().like(pattern))
    }
}

impl Condition {
    /// Rows that meet both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0))
    }

    /// Rows that meet either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0.not())
    }
}

impl<M, T> From<Column<M, T>> for Selection {
    fn from(column: Column<M, T>) -> Self {
        Self { expr: column.expr(), is_aggregate: false }
    }
}

impl From<Aggregate> for Selection {
    fn from(aggregate: Aggregate) -> Self {
        Self { expr: aggregate.0, is_aggregate: true }
    }
}

/// A value as sea-query binds it.
pub(super) fn bound(value: &impl ToValue) -> SimpleExpr {
    Expr::val(to_sea(value.to_value()))
}

pub(super) fn to_sea(value: Value) -> sea_query::Value {
    match value {
        Value::Null => sea_query::Value::String(None),
        Value::Bool(truth) => truth.into(),
        Value::Int(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Decimal(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::Uuid(uuid) => uuid.into(),
        Value::Timestamp(moment) => moment.into(),
        Value::Date(date) => date.into(),
        Value::Time(time) => time.into(),
        Value::Json(json) => json.into(),
    }
}

/// A value that sea-query collected, which is one of ours or the number of a LIMIT or OFFSET.
pub(super) fn from_sea(value: sea_query::Value) -> Value {
    use sea_query::Value as Sea;
    match value {
        Sea::Bool(Some(truth)) => Value::Bool(truth),
        Sea::BigInt(Some(number)) => Value::Int(number),
        Sea::BigUnsigned(Some(number)) => Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
        Sea::Double(Some(number)) => Value::Float(number),
        Sea::Decimal(Some(number)) => Value::Decimal(number),
        Sea::String(Some(text)) => Value::Text(text),
        Sea::Bytes(Some(bytes)) => Value::Bytes(bytes),
        Sea::Uuid(Some(uuid)) => Value::Uuid(uuid),
        Sea::JiffTimestamp(Some(moment)) => Value::Timestamp(*moment),
        Sea::JiffDate(Some(date)) => Value::Date(date),
        Sea::JiffTime(Some(time)) => Value::Time(time),
        Sea::Json(Some(json)) => Value::Json(*json),
        _ => Value::Null,
    }
}
