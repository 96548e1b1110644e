//! Values in the forms that Django stores: UUIDs as 32 digits, moments as `datetime(6)` in UTC.

use jiff::civil;
use jiff::tz::TimeZone;
use mysql_async::Value as Raw;
use mysql_async::consts::{ColumnFlags, ColumnType};

use crate::backends::base::Value;

/// A value on its way into a statement.
pub(super) fn bound(value: &Value) -> Raw {
    match value {
        Value::Null => Raw::NULL,
        Value::Bool(truth) => Raw::Int(i64::from(*truth)),
        Value::Int(number) => Raw::Int(*number),
        Value::Float(number) => Raw::Double(*number),
        Value::Decimal(number) => Raw::Bytes(number.to_string().into_bytes()),
        Value::Text(text) => Raw::Bytes(text.clone().into_bytes()),
        Value::Bytes(bytes) => Raw::Bytes(bytes.clone()),
        Value::Uuid(uuid) => Raw::Bytes(uuid.simple().to_string().into_bytes()),
        Value::Timestamp(moment) => moment_of(moment.to_zoned(TimeZone::UTC).datetime()),
        Value::Date(date) => moment_of(date.to_datetime(civil::Time::midnight())),
        Value::Time(time) => Raw::Bytes(time.to_string().into_bytes()),
        Value::Json(json) => Raw::Bytes(json.to_string().into_bytes()),
    }
}

#[expect(clippy::cast_sign_loss, reason = "the fields of a date are not negative")]
fn moment_of(moment: civil::DateTime) -> Raw {
    // A year before the first is told as text, and the server refuses it.
    let Ok(year) = u16::try_from(moment.year()) else { return Raw::Bytes(moment.to_string().into_bytes()) };
    let small = |number: i8| number as u8;
    let micros = u32::try_from(moment.subsec_nanosecond() / 1_000).unwrap_or_default();
    let (hour, minute, second) = (small(moment.hour()), small(moment.minute()), small(moment.second()));
    Raw::Date(year, small(moment.month()), small(moment.day()), hour, minute, second, micros)
}

/// A value on its way out of a row; its column tells text from bytes and dates from moments.
pub(super) fn read(raw: Raw, column: &mysql_async::Column) -> Value {
    match raw {
        Raw::NULL => Value::Null,
        Raw::Int(number) => Value::Int(number),
        Raw::UInt(number) => i64::try_from(number).map_or_else(|_| Value::Decimal(number.into()), Value::Int),
        Raw::Float(number) => Value::Float(number.into()),
        Raw::Double(number) => Value::Float(number),
        Raw::Bytes(bytes) => read_bytes(bytes, column),
        Raw::Date(year, month, day, hour, minute, second, micros) => {
            read_moment(column, [i32::from(year), month.into(), day.into()], [hour, minute, second], micros)
        }
        Raw::Time(negative, days, hours, minutes, seconds, micros) => {
            let hours = days * 24 + u32::from(hours);
            let sign = if negative { "-" } else { "" };
            Value::Text(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}.{micros:06}"))
        }
    }
}

fn read_bytes(bytes: Vec<u8>, column: &mysql_async::Column) -> Value {
    const BINARY_CHARSET: u16 = 63;
    let is_blob =
        column.character_set() == BINARY_CHARSET && column.flags().contains(ColumnFlags::BINARY_FLAG);
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Value::Bytes(error.into_bytes()),
    };
    match column.column_type() {
        ColumnType::MYSQL_TYPE_NEWDECIMAL | ColumnType::MYSQL_TYPE_DECIMAL => {
            text.parse().map_or(Value::Text(text), Value::Decimal)
        }
        ColumnType::MYSQL_TYPE_LONGLONG | ColumnType::MYSQL_TYPE_LONG | ColumnType::MYSQL_TYPE_TINY => {
            text.parse().map_or(Value::Text(text), Value::Int)
        }
        ColumnType::MYSQL_TYPE_JSON => serde_json::from_str(&text).map_or(Value::Text(text), Value::Json),
        _ if is_blob => Value::Bytes(text.into_bytes()),
        _ => Value::Text(text),
    }
}

fn read_moment(column: &mysql_async::Column, date: [i32; 3], time: [u8; 3], micros: u32) -> Value {
    let [hour, minute, second] = time;
    // The server can hold dates that are none, such as 0000-00-00. They come as what they are, not as NULL.
    day_or_moment(column, date, time, micros).unwrap_or_else(|| {
        let [year, month, day] = date;
        Value::Text(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
    })
}

fn day_or_moment(column: &mysql_async::Column, date: [i32; 3], time: [u8; 3], micros: u32) -> Option<Value> {
    let small = |number: i32| i8::try_from(number).ok();
    let day = civil::Date::new(i16::try_from(date[0]).ok()?, small(date[1])?, small(date[2])?).ok()?;
    if column.column_type() == ColumnType::MYSQL_TYPE_DATE {
        return Some(Value::Date(day));
    }
    let [hour, minute, second] = time.map(i32::from);
    let nanos = i32::try_from(micros).ok()?.checked_mul(1_000)?;
    let time = civil::Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
    Some(Value::Timestamp(day.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp()))
}
