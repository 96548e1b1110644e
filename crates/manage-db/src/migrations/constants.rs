//! Types of columns, and what files say as values of them.

use crate::backends::base::Value;
use crate::backends::base::limits::check;
use crate::backends::base::tables::{ColumnType, Default};
use crate::models::{DefaultValue, Field, FieldType};

/// A sentence about what makes no sense.
pub type Problem = String;

/// The type of a field's column; none where that depends on another model, or there is no column.
pub(super) fn column_type(field: &Field) -> Option<ColumnType> {
    let kind = if field.kind == FieldType::Generated { field.output } else { Some(field.kind) };
    Some(match kind.unwrap_or(FieldType::Text) {
        FieldType::SmallAuto => ColumnType::SmallAuto,
        FieldType::Auto => ColumnType::Auto,
        FieldType::BigAuto => ColumnType::BigAuto,
        FieldType::SmallInteger => ColumnType::SmallInteger,
        FieldType::Integer => ColumnType::Integer,
        FieldType::BigInteger => ColumnType::BigInteger,
        FieldType::PositiveSmallInteger => ColumnType::PositiveSmallInteger,
        FieldType::PositiveInteger => ColumnType::PositiveInteger,
        FieldType::PositiveBigInteger => ColumnType::PositiveBigInteger,
        FieldType::Boolean => ColumnType::Boolean,
        FieldType::Char
        | FieldType::Slug
        | FieldType::Email
        | FieldType::Url
        | FieldType::File
        | FieldType::Image => ColumnType::Char(field.text_length().unwrap_or(255)),
        FieldType::Text => ColumnType::Text,
        FieldType::Uuid => ColumnType::Uuid,
        FieldType::Date => ColumnType::Date,
        FieldType::Time => ColumnType::Time,
        FieldType::DateTime => ColumnType::DateTime,
        FieldType::Duration => ColumnType::Duration,
        FieldType::Decimal => ColumnType::Decimal {
            max_digits: field.max_digits.unwrap_or(10),
            decimal_places: field.decimal_places.unwrap_or(0),
        },
        FieldType::Float => ColumnType::Float,
        FieldType::Binary => ColumnType::Binary,
        FieldType::Json => ColumnType::Json,
        FieldType::GenericIpAddress => ColumnType::IpAddress,
        FieldType::ForeignKey | FieldType::OneToOne | FieldType::ManyToMany | FieldType::Generated => {
            return None;
        }
    })
}

/// Whether rows can get this value for a field.
///
/// # Errors
/// Why they cannot, in a sentence.
pub fn check_default(field: &Field, default: &DefaultValue) -> Result<(), Problem> {
    use FieldType::{
        Auto, BigAuto, BigInteger, Char, Email, File, ForeignKey, Generated, Image, Integer, ManyToMany,
        OneToOne, PositiveBigInteger, PositiveInteger, PositiveSmallInteger, Slug, SmallAuto, SmallInteger,
        Text, Url,
    };
    let DefaultValue::Literal(literal) = default else { return Ok(()) };
    let wrong = || Err(format!("the value {literal} does not fit the {:?} `{}`", field.kind, field.name));
    let constant = constant(field.kind, literal)?;
    let text = literal.as_str();
    match field.kind {
        SmallAuto | Auto | BigAuto | SmallInteger | Integer | BigInteger
            if literal.as_integer().is_none() =>
        {
            wrong()
        }
        PositiveSmallInteger | PositiveInteger | PositiveBigInteger
            if literal.as_integer().is_none_or(|number| number < 0) =>
        {
            wrong()
        }
        Char | Text | Slug | Email | Url | File | Image if text.is_none() => wrong(),
        Generated | ManyToMany => wrong(),
        ForeignKey | OneToOne => Ok(()),
        _ => match (text, field.text_length()) {
            (Some(text), Some(most)) if field.kind != Text && text.chars().count() > most as usize => {
                Err(format!("the value has more than the {most} characters that `{}` takes", field.name))
            }
            _ if !field.choices.is_empty() && !field.choices.iter().any(|(value, _)| value == literal) => {
                Err(format!("the value {literal} is none of the choices of `{}`", field.name))
            }
            _ => fits(field, &constant),
        },
    }
}

/// Whether a value is as exact and no greater than a field takes, on the database that takes the greatest.
fn fits(field: &Field, constant: &Default) -> Result<(), Problem> {
    let (Some(kind), Default::Value(value)) = (column_type(field), constant) else { return Ok(()) };
    check(kind, value, true).map_err(|why| format!("`{}`: {why}", field.name))
}

/// A literal of a file as a value of a field's kind.
pub(super) fn constant(kind: FieldType, literal: &toml::Value) -> Result<Default, Problem> {
    let wrong = || format!("the default {literal} does not fit a {kind:?}");
    let text = literal.as_str();
    let value = match kind {
        FieldType::Date | FieldType::Time | FieldType::DateTime if text == Some("now") => {
            return Ok(Default::Now);
        }
        FieldType::Uuid if matches!(text, Some("uuid4" | "uuid7")) => return Ok(Default::Uuid),
        FieldType::Json => serde_json::to_value(literal).map(Value::Json).map_err(|_| wrong())?,
        FieldType::Boolean => Value::Bool(literal.as_bool().ok_or_else(wrong)?),
        FieldType::Float => {
            let number = literal.as_float().or_else(|| literal.as_integer().map(|number| number as f64));
            Value::Float(number.ok_or_else(wrong)?)
        }
        FieldType::Decimal => {
            let text = text.map_or_else(|| literal.to_string(), str::to_owned);
            Value::Decimal(text.parse().map_err(|_| wrong())?)
        }
        FieldType::Uuid => Value::Uuid(text.and_then(|text| text.parse().ok()).ok_or_else(wrong)?),
        FieldType::Date => Value::Date(written(literal).parse().map_err(|_| wrong())?),
        FieldType::Time => Value::Time(written(literal).parse().map_err(|_| wrong())?),
        FieldType::DateTime => Value::Timestamp(written(literal).parse().map_err(|_| wrong())?),
        FieldType::Binary => Value::Bytes(text.ok_or_else(wrong)?.as_bytes().to_vec()),
        _ => match literal {
            toml::Value::String(text) => Value::Text(text.clone()),
            toml::Value::Integer(number) => Value::Int(*number),
            toml::Value::Boolean(truth) => Value::Bool(*truth),
            _ => return Err(wrong()),
        },
    };
    Ok(Default::Value(value))
}

fn written(literal: &toml::Value) -> String {
    match literal {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
