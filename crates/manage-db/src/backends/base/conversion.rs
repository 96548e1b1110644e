//! Which columns can become columns of another type with their rows.

use super::tables::ColumnType;

/// Types whose values are of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Number,
    Boolean,
    Text,
    Date,
    Time,
    DateTime,
    Duration,
    Uuid,
    Json,
    Binary,
    IpAddress,
}

impl ColumnType {
    /// The sort of its values.
    pub(crate) fn family(self) -> Family {
        match self {
            Self::SmallAuto
            | Self::Auto
            | Self::BigAuto
            | Self::SmallInteger
            | Self::Integer
            | Self::BigInteger
            | Self::PositiveSmallInteger
            | Self::PositiveInteger
            | Self::PositiveBigInteger
            | Self::Decimal { .. }
            | Self::Float => Family::Number,
            Self::Boolean => Family::Boolean,
            Self::Char(_) | Self::Text => Family::Text,
            Self::Uuid => Family::Uuid,
            Self::Date => Family::Date,
            Self::Time => Family::Time,
            Self::DateTime => Family::DateTime,
            Self::Duration => Family::Duration,
            Self::Binary => Family::Binary,
            Self::Json => Family::Json,
            Self::IpAddress => Family::IpAddress,
        }
    }

    /// Whether values of this type have a meaning as values of the other, and back again.
    pub(crate) fn converts_to(self, other: Self) -> bool {
        use Family::{Binary, Boolean, Date, DateTime, Number, Text};
        match (self.family(), other.family()) {
            (from, to) if from == to => true,
            (Text, kind) | (kind, Text) => kind != Binary,
            (Number, Boolean) | (Boolean, Number) | (Date, DateTime) | (DateTime, Date) => true,
            _ => false,
        }
    }
}
