//! What a kind of column takes: how long, how great, how exact.

use rust_decimal::Decimal;

use super::tables::ColumnType;
use super::value::{FromValue as _, Value};

/// Whether a value is one that a column of its kind takes: not every database looks at lengths and ranges.
///
/// # Errors
/// Why it is none.
pub(crate) fn check(kind: ColumnType, value: &Value, has_unsigned: bool) -> Result<(), String> {
    use ColumnType::{
        BigInteger, Char, Decimal as Exact, Integer, PositiveBigInteger, PositiveInteger,
        PositiveSmallInteger, SmallInteger,
    };
    match (kind.of_reference(), value) {
        (Char(most), Value::Text(text)) => short(text, most),
        (Exact { max_digits, decimal_places }, Value::Float(_) | Value::Int(_) | Value::Decimal(_)) => {
            let Ok(mut number) = Decimal::from_value(value.clone()) else { return Ok(()) };
            // A double is as exact as its field.
            if matches!(value, Value::Float(_)) {
                number = number.round_dp(decimal_places);
            }
            fitting(number, max_digits, decimal_places).map(drop)
        }
        (
            SmallInteger | Integer | BigInteger | PositiveSmallInteger | PositiveInteger | PositiveBigInteger,
            Value::Int(number),
        ) => within(kind, i128::from(*number), has_unsigned),
        _ => Ok(()),
    }
}

/// A text of so many characters at most.
pub(crate) fn short(text: &str, most: u32) -> Result<(), String> {
    let is_short = u32::try_from(text.len()).is_ok_and(|bytes| bytes <= most);
    let length = || text.chars().count();
    match is_short || length() <= most as usize {
        true => Ok(()),
        false => Err(format!("it has {} characters; at most {most} fit", length())),
    }
}

/// A decimal that its field takes with all its digits.
pub(crate) fn fitting(number: Decimal, max_digits: u32, places: u32) -> Result<Decimal, String> {
    let plain = number.normalize();
    let whole = max_digits.saturating_sub(places);
    let is_too_great = whole < 29 && plain.trunc().abs() >= Decimal::from(10_i128.pow(whole.min(28)));
    match () {
        () if plain.scale() > places => Err(format!("{number} has more than {places} decimal places")),
        () if is_too_great => Err(format!("{number} has more than {max_digits} digits")),
        () => Ok(number),
    }
}

/// A number that a kind of integers has.
pub(crate) fn within(kind: ColumnType, number: i128, has_unsigned: bool) -> Result<(), String> {
    let (least, most) = range(kind, has_unsigned);
    match (least..=most).contains(&number) {
        true => Ok(()),
        false => Err(format!("{number} is out of range: it takes {least} to {most}")),
    }
}

/// The smallest and the greatest number of a kind of integers.
fn range(kind: ColumnType, has_unsigned: bool) -> (i128, i128) {
    use ColumnType::{Auto, Integer, PositiveInteger, PositiveSmallInteger, SmallAuto, SmallInteger};
    let most = match kind {
        SmallAuto | SmallInteger | PositiveSmallInteger => i128::from(i16::MAX),
        Auto | Integer | PositiveInteger => i128::from(i32::MAX),
        _ => i128::from(i64::MAX),
    };
    match (kind.is_positive(), has_unsigned) {
        (true, true) => (0, 2 * most + 1),
        (true, false) => (0, most),
        _ => (-most - 1, most),
    }
}
