//! Tables as a database sees them.

use super::value::Value;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its indexes, apart from those that constraints bring.
    pub indexes: Vec<Index>,
    /// Its constraints, apart from primary and foreign keys, which stand at their columns.
    pub constraints: Vec<Constraint>,
    /// A remark kept in the schema.
    pub comment: Option<String>,
}

impl Table {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
    /// Its exact type as the database spells it, where that is not the kind's own.
    pub db_type: Option<String>,
    /// Whether NULL is allowed.
    pub null: bool,
    /// Whether it identifies the row.
    pub primary_key: bool,
    /// What new rows get from the database.
    pub default: Option<Default>,
    /// What rows that exist get when the column is added; not kept in the schema.
    pub fill: Option<Default>,
    /// How text is compared and sorted.
    pub collation: Option<String>,
    /// A remark kept in the schema.
    pub comment: Option<String>,
    /// The expression it is computed from.
    pub generated: Option<Generated>,
    /// The row it points to.
    pub foreign_key: Option<ForeignKey>,
}

/// What a column holds, by Django's kinds of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Django's names; each vendor's editor holds what each becomes")]
pub enum ColumnType {
    SmallAuto,
    Auto,
    BigAuto,
    SmallInteger,
    Integer,
    BigInteger,
    PositiveSmallInteger,
    PositiveInteger,
    PositiveBigInteger,
    Boolean,
    /// Text of at most so many characters.
    Char(u32),
    Text,
    Uuid,
    Date,
    Time,
    DateTime,
    Duration,
    Decimal {
        /// Digits in all.
        max_digits: u32,
        /// Digits after the point.
        decimal_places: u32,
    },
    Float,
    Binary,
    Json,
    IpAddress,
}

impl ColumnType {
    /// Whether the database counts it up by itself.
    pub fn is_auto(self) -> bool {
        matches!(self, Self::SmallAuto | Self::Auto | Self::BigAuto)
    }

    /// Whether negative numbers are refused.
    pub(crate) fn is_positive(self) -> bool {
        matches!(self, Self::PositiveSmallInteger | Self::PositiveInteger | Self::PositiveBigInteger)
    }

    /// The type of a column that points to a column of this type and does not count by itself.
    #[must_use]
    pub(crate) fn of_reference(self) -> Self {
        match self {
            Self::SmallAuto => Self::SmallInteger,
            Self::Auto => Self::Integer,
            Self::BigAuto => Self::BigInteger,
            other => other,
        }
    }
}

/// A value that the database gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Default {
    /// A constant.
    Value(Value),
    /// The present moment, day or time of day.
    Now,
    /// A UUID, another for each row.
    Uuid,
    /// An expression.
    Sql(String),
}

/// A column that is computed from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The expression.
    pub sql: String,
    /// Whether the value is kept in the row.
    pub stored: bool,
}

/// A foreign key of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name of the constraint.
    pub name: String,
    /// The table it points to.
    pub table: String,
    /// The column it points to.
    pub column: String,
    /// What SQL says happens on deletion: `CASCADE`, `SET NULL`; none: nothing, which refuses it.
    pub on_delete: Option<&'static str>,
    /// What SQL says happens when what it points to changes; none: nothing, which refuses it.
    pub on_update: Option<&'static str>,
    /// Whether it is checked at the end of the transaction.
    pub is_deferred: bool,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// What it is ordered by.
    pub parts: Vec<IndexPart>,
    /// Whether two rows may not share an entry.
    pub unique: bool,
    /// The rows it holds; none: all.
    pub condition: Option<String>,
    /// Columns kept in it without ordering it.
    pub include: Vec<String>,
    /// Access method, such as `gin`.
    pub method: Option<String>,
}

/// One thing an index is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexPart {
    /// A column.
    Column {
        /// Its name.
        name: String,
        /// From the greatest down.
        descending: bool,
        /// The operator class that orders it, where it is not the type's own.
        opclass: Option<String>,
    },
    /// An expression.
    Expression(String),
}

/// A rule that rows keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A condition that every row meets.
    Check(String),
    /// Columns that no two rows share.
    Unique {
        /// The columns.
        columns: Vec<String>,
        /// The rows for which it holds; none: all.
        condition: Option<String>,
        /// Checked at the end of the transaction.
        deferrable: bool,
        /// False: two NULLs count as equal.
        nulls_distinct: bool,
    },
    /// The body of an exclusion constraint.
    Exclude(String),
}

/// What sets a column whenever a row is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Name of the table.
    pub table: String,
    /// Name of the column by which rows are told apart.
    pub key: String,
    /// The column that is set.
    pub column: Column,
    /// What it is set to.
    pub source: Source,
}

/// What a trigger sets its column to.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// What the other column holds, and that one to what is written here: whoever knows only one of them has both.
    With(Column),
    /// What the other column holds, whatever is written here.
    From(Column),
    /// A value, where none is written.
    Value(Default),
}
