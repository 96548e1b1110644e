//! Values as they cross between the program and any database.

use jiff::Timestamp;
use jiff::civil;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::error::{Error, Result};

/// One value of a statement or a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// SQL NULL.
    #[default]
    Null,
    /// A truth value; 0 or 1 where the database has none.
    Bool(bool),
    /// Any integer up to 64 bits.
    Int(i64),
    /// A double.
    Float(f64),
    /// An exact number.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID; 32 hex digits where the database has no such type, as Django writes it.
    Uuid(Uuid),
    /// A moment in UTC, to the microsecond.
    Timestamp(Timestamp),
    /// A day.
    Date(civil::Date),
    /// A time of day.
    Time(civil::Time),
    /// JSON.
    Json(serde_json::Value),
}

impl Value {
    /// What the value is, in words for an error.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Decimal(_) => "a decimal",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Uuid(_) => "a UUID",
            Self::Timestamp(_) => "a moment",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::Json(_) => "JSON",
        }
    }

    /// `2026-03-04 15:04:05.000678`: a moment in the form that SQLite stores and Django reads.
    pub(crate) fn timestamp_text(moment: Timestamp) -> String {
        let civil = jiff::tz::Offset::UTC.to_datetime(moment);
        let seconds =
            format!("{} {:02}:{:02}:{:02}", civil.date(), civil.hour(), civil.minute(), civil.second());
        match moment.subsec_microsecond() {
            0 => seconds,
            fraction => format!("{seconds}.{fraction:06}"),
        }
    }
}

/// What can be bound to a `?` mark.
pub trait ToValue {
    /// The value to bind.
    fn to_value(&self) -> Value;
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// What is expected, in words for an error.
    const EXPECTED: &'static str;

    /// Reads the value; the value itself comes back when it is something else.
    ///
    /// # Errors
    /// The value that could not be read.
    fn from_value(value: Value) -> std::result::Result<Self, Value>;
}

/// Reads a value of a column, naming the column when it holds something else.
pub(crate) fn decode<T: FromValue>(value: Value, column: impl FnOnce() -> String) -> Result<T> {
    T::from_value(value).map_err(|value| Error::Decode {
        column: column(),
        expected: T::EXPECTED,
        found: value.type_name().to_owned(),
    })
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
        }
        impl FromValue for $type {
            const EXPECTED: &'static str = "an integer";
            fn from_value(value: Value) -> std::result::Result<Self, Value> {
                match value {
                    Value::Int(number) => Self::try_from(number).map_err(|_| value),
                    Value::Bool(truth) => Ok(Self::from(truth)),
                    Value::Decimal(number) => {
                        use rust_decimal::prelude::ToPrimitive as _;
                        number.to_i64().and_then(|number| Self::try_from(number).ok()).ok_or(value)
                    }
                    other => Err(other),
                }
            }
        }
    )*};
}
integers!(i16, i32, i64, u8, u16, u32);

macro_rules! values {
    ($($type:ty, $expected:literal, $variant:ident, $to:expr, { $($pattern:pat => $result:expr),* $(,)? };)*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value {
                let to: fn(&$type) -> _ = $to;
                Value::$variant(to(self))
            }
        }
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;
            fn from_value(value: Value) -> std::result::Result<Self, Value> {
                match value {
                    Value::$variant(found) => Ok(found),
                    $($pattern => $result,)*
                    other => Err(other),
                }
            }
        }
    )*};
}

fn parsed<T: std::str::FromStr>(text: String) -> std::result::Result<T, Value> {
    text.parse().map_err(|_| Value::Text(text))
}

/// `2026-03-04 15:04:05` with up to six further digits, as [`Value::timestamp_text`] writes it: by far the most frequent
/// form, read here without a parser for all the others.
fn plain_moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if bytes.len() < 19 || marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = bytes.get(from..to)?;
        digits
            .iter()
            .try_fold(0_i32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')))
    };
    let small = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let nanoseconds = match bytes.get(19..) {
        None | Some([]) => 0,
        Some([b'.', digits @ ..]) if digits.len() == 6 => number(20, 26)? * 1_000,
        Some(_) => return None,
    };
    let year = i16::try_from(number(0, 4)?).ok()?;
    let civil =
        civil::DateTime::new(year, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, nanoseconds)
            .ok()?;
    jiff::tz::Offset::UTC.to_timestamp(civil).ok()
}

fn moment_from_text(text: String) -> std::result::Result<Timestamp, Value> {
    if let Some(moment) = plain_moment(&text) {
        return Ok(moment);
    }
    let parsed = text.parse::<Timestamp>().ok().or_else(|| {
        let civil: civil::DateTime = text.trim_end_matches("+00:00").parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    parsed.ok_or(Value::Text(text))
}

values! {
    bool, "a truth value", Bool, |truth| *truth, { Value::Int(0) => Ok(false), Value::Int(1) => Ok(true) };
    f64, "a number", Float, |number| *number, {
        Value::Int(number) => Ok(number as f64),
        Value::Decimal(number) => {
            use rust_decimal::prelude::ToPrimitive as _;
            number.to_f64().ok_or(Value::Decimal(number))
        },
    };
    Decimal, "a decimal", Decimal, |number| *number, {
        Value::Int(number) => Ok(Self::from(number)),
        Value::Float(number) => Self::try_from(number).map_err(|_| Value::Float(number)),
        Value::Text(text) => parsed(text),
    };
    Vec<u8>, "bytes", Bytes, Clone::clone, { Value::Text(text) => Ok(text.into_bytes()) };
    Uuid, "a UUID", Uuid, |uuid| *uuid, {
        Value::Text(text) => parsed(text),
        Value::Bytes(bytes) => Self::from_slice(&bytes).map_err(|_| Value::Bytes(bytes)),
    };
    Timestamp, "a moment", Timestamp, |moment| *moment, { Value::Text(text) => moment_from_text(text) };
    civil::Date, "a date", Date, |date| *date, {
        Value::Text(text) => parsed(text),
        Value::Timestamp(moment) => Ok(moment.to_zoned(jiff::tz::TimeZone::UTC).date()),
    };
    civil::Time, "a time", Time, |time| *time, { Value::Text(text) => parsed(text) };
    serde_json::Value, "JSON", Json, Clone::clone, {
        Value::Text(text) => serde_json::from_str(&text).map_err(|_| Value::Text(text)),
        Value::Bytes(bytes) => serde_json::from_slice(&bytes).map_err(|_| Value::Bytes(bytes)),
    };
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";
    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Bytes(bytes) => Self::from_utf8(bytes).map_err(|error| Value::Bytes(error.into_bytes())),
            other => Err(other),
        }
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "any value";
    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        Ok(value)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_the_form_that_a_plainer_database_stores() {
        let moment: Timestamp = "2026-03-04T15:04:05.000678Z".parse().unwrap();
        let stored = Value::Text(Value::timestamp_text(moment));
        assert_eq!(stored, Value::Text("2026-03-04 15:04:05.000678".into()));
        assert_eq!(Timestamp::from_value(stored), Ok(moment));
        for (text, read) in [
            ("2026-03-04 15:04:05", Some("2026-03-04T15:04:05Z")),
            ("2026-02-30 00:00:00", None),
            ("2026-03-04 15:04:05.5", Some("2026-03-04T15:04:05.5Z")),
        ] {
            let read: Option<Timestamp> = read.map(|text| text.parse().unwrap());
            assert_eq!(Timestamp::from_value(Value::Text(text.into())).ok(), read, "{text}");
        }
        assert_eq!(bool::from_value(Value::Int(1)), Ok(true));
        assert_eq!(Decimal::from_value(Value::Text("1.50".into())), Ok("1.50".parse().unwrap()));
        let uuid = Uuid::from_u128(7);
        assert_eq!(Uuid::from_value(Value::Text(uuid.simple().to_string())), Ok(uuid));
    }

    #[test]
    fn null_is_none_and_nothing_else() {
        assert_eq!(Option::<i64>::from_value(Value::Null), Ok(None));
        assert_eq!(i64::from_value(Value::Null), Err(Value::Null));
        assert_eq!(Value::Null, None::<String>.to_value());
    }

    #[test]
    fn an_integer_that_does_not_fit_is_refused() {
        assert_eq!(i16::from_value(Value::Int(70_000)), Err(Value::Int(70_000)));
        assert_eq!(bool::from_value(Value::Int(2)), Err(Value::Int(2)));
    }
}
