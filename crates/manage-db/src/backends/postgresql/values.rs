//! Values in PostgreSQL's binary forms. The server says which type it wants; the value is turned into that.

use std::error::Error;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::backends::base::{FromValue, Value};

type Failure = Box<dyn Error + Sync + Send>;

/// A value on its way into a statement.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            value => write(value, ty, out),
        }
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Converts the value to what a column of type `ty` holds and writes it.
fn write(value: &Value, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    let value = value.clone();
    match *ty {
        Type::BOOL => read::<bool>(value, ty)?.to_sql(ty, out),
        Type::INT2 => read::<i16>(number(value), ty)?.to_sql(ty, out),
        Type::INT4 => read::<i32>(number(value), ty)?.to_sql(ty, out),
        Type::INT8 => read::<i64>(number(value), ty)?.to_sql(ty, out),
        Type::OID => read::<u32>(number(value), ty)?.to_sql(ty, out),
        Type::FLOAT4 => (read::<f64>(value, ty)? as f32).to_sql(ty, out),
        Type::FLOAT8 => read::<f64>(value, ty)?.to_sql(ty, out),
        Type::NUMERIC => read::<Decimal>(value, ty)?.to_sql(ty, out),
        Type::BYTEA => read::<Vec<u8>>(value, ty)?.to_sql(ty, out),
        Type::UUID => read::<Uuid>(value, ty)?.to_sql(ty, out),
        Type::TIMESTAMPTZ => read::<Timestamp>(value, ty)?.to_sql(ty, out),
        Type::TIMESTAMP => read::<Timestamp>(value, ty)?.to_zoned(TimeZone::UTC).datetime().to_sql(ty, out),
        Type::DATE => read::<civil::Date>(value, ty)?.to_sql(ty, out),
        Type::TIME => read::<civil::Time>(value, ty)?.to_sql(ty, out),
        Type::JSON | Type::JSONB => write_json(value, ty, out),
        Type::INTERVAL => Ok(write_interval(read::<i64>(number(value), ty)?, out)),
        Type::INET => write_address(&read::<String>(value, ty)?, ty, out),
        _ => write_text(text(value), ty, out),
    }
}

fn write_text(value: Value, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    let text = read::<String>(value, ty)?;
    // Enumerations and types without a name here take their text form.
    out.extend_from_slice(text.as_bytes());
    Ok(IsNull::No)
}

/// JSON. What is text already goes as it is: a number of it may have more digits than the program's own.
fn write_json(value: Value, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    const BINARY_VERSION: u8 = 1;
    let Value::Text(text) = value else { return read::<serde_json::Value>(value, ty)?.to_sql(ty, out) };
    if *ty == Type::JSONB {
        out.extend_from_slice(&[BINARY_VERSION]);
    }
    out.extend_from_slice(text.as_bytes());
    Ok(IsNull::No)
}

/// Where an address of the server says how many bits of it are the network's.
const NETWORK: usize = 1;

/// An address, or a network such as `10.0.0.0/8`.
fn write_address(text: &str, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse()?;
    let start = out.len();
    address.to_sql(ty, out)?;
    if let Some(bits) = bits.map(str::parse::<u8>).transpose()? {
        out[start + NETWORK] = bits;
    }
    Ok(IsNull::No)
}

fn read_address(ty: &Type, raw: &[u8]) -> Result<String, Failure> {
    let address = IpAddr::from_sql(ty, raw)?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    Ok(match raw.get(NETWORK) {
        Some(bits) if *bits < all => format!("{address}/{bits}"),
        _ => address.to_string(),
    })
}

/// Microseconds in a day, as an interval of whole days counts it.
const DAY: i64 = 86_400_000_000;

/// Microseconds as days and the rest of one, the way Django's `timedelta` comes here.
fn write_interval(micros: i64, out: &mut BytesMut) -> IsNull {
    // An `i64` of microseconds has at most 106,751,991 days.
    let days = i32::try_from(micros.div_euclid(DAY)).unwrap_or_default();
    out.extend_from_slice(&micros.rem_euclid(DAY).to_be_bytes());
    out.extend_from_slice(&days.to_be_bytes());
    out.extend_from_slice(&0_i32.to_be_bytes());
    IsNull::No
}

/// An interval in microseconds. One of months has no length that is always the same, and its bytes stay as they are.
fn read_interval(raw: &[u8]) -> Value {
    let parts = raw.split_first_chunk::<8>().and_then(|(micros, rest)| {
        let (days, months) = rest.split_first_chunk::<4>()?;
        let days = i64::from(i32::from_be_bytes(*days)).checked_mul(DAY)?;
        let micros = i64::from_be_bytes(*micros).checked_add(days)?;
        (months == [0; 4]).then_some(micros)
    });
    parts.map_or_else(|| Value::Bytes(raw.to_vec()), Value::Int)
}

fn read<T: FromValue>(value: Value, ty: &Type) -> Result<T, Failure> {
    T::from_value(value).map_err(|value| format!("cannot bind {} as {ty}", value.type_name()).into())
}

fn number(value: Value) -> Value {
    match value {
        Value::Text(text) => text.parse().map_or(Value::Text(text), Value::Int),
        other => other,
    }
}

fn text(value: Value) -> Value {
    match value {
        Value::Int(number) => Value::Text(number.to_string()),
        Value::Float(number) => Value::Text(number.to_string()),
        Value::Decimal(number) => Value::Text(number.to_string()),
        Value::Bool(truth) => Value::Text(truth.to_string()),
        Value::Uuid(uuid) => Value::Text(uuid.to_string()),
        Value::Timestamp(moment) => Value::Text(moment.to_string()),
        Value::Date(date) => Value::Text(date.to_string()),
        Value::Time(time) => Value::Text(time.to_string()),
        Value::Json(json) => Value::Text(json.to_string()),
        other => other,
    }
}

/// Whether the binary form of a type is its text: so for text, enumerations and most types that the server does not bring
/// itself, such as `citext`. Of the server's own others, such as points, the bytes are kept as they are.
fn is_text(ty: &Type) -> bool {
    const TEXTS: [Type; 7] =
        [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::CHAR, Type::UNKNOWN, Type::XML];
    match ty.kind() {
        Kind::Enum(_) | Kind::Domain(_) => true,
        Kind::Simple => TEXTS.contains(ty) || Type::from_oid(ty.oid()).is_none(),
        _ => false,
    }
}

/// A value on its way out of a row.
pub(super) struct Read(pub Value);

impl<'a> FromSql<'a> for Read {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::OID => Value::Int(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT4 => Value::Float(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Float(f64::from_sql(ty, raw)?),
            Type::NUMERIC => Value::Decimal(Decimal::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::UUID => Value::Uuid(Uuid::from_sql(ty, raw)?),
            Type::TIMESTAMPTZ => Value::Timestamp(Timestamp::from_sql(ty, raw)?),
            Type::TIMESTAMP => {
                Value::Timestamp(civil::DateTime::from_sql(ty, raw)?.to_zoned(TimeZone::UTC)?.timestamp())
            }
            Type::DATE => Value::Date(civil::Date::from_sql(ty, raw)?),
            Type::TIME => Value::Time(civil::Time::from_sql(ty, raw)?),
            Type::JSON | Type::JSONB => Value::Json(serde_json::Value::from_sql(ty, raw)?),
            Type::INET => Value::Text(read_address(ty, raw)?),
            Type::INTERVAL => read_interval(raw),
            Type::VOID => Value::Null,
            _ => match std::str::from_utf8(raw) {
                Ok(text) if is_text(ty) => Value::Text(text.to_owned()),
                _ => Value::Bytes(raw.to_vec()),
            },
        }))
    }

    fn from_sql_null(_ty: &Type) -> Result<Self, Failure> {
        Ok(Self(Value::Null))
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }
}
