//! Which values a column of another type would refuse or cut.

use super::conversion::Family;
use super::tables::ColumnType;

/// How a vendor tells values that do not fit a type. Each gives a condition that holds for NULL no more than for what fits.
pub(in crate::backends) trait Misfit {
    /// The smallest and the greatest number of a type of whole numbers; none: the vendor takes any.
    fn range(&self, kind: ColumnType) -> Option<(i128, i128)>;

    /// Texts of more characters; none: the vendor takes them.
    fn is_longer(&self, value: &str, length: u32) -> Option<String>;

    /// Whether the vendor keeps to the digits of a decimal.
    fn keeps_digits(&self) -> bool {
        true
    }

    /// Texts that are a number, a whole one or any.
    fn is_number(&self, value: &str, is_whole: bool) -> String;

    /// The number that a text is.
    fn number(&self, value: &str) -> String;

    /// Texts that are no value of a type that is neither text nor number; none: the database finds out by itself.
    fn is_no_value(&self, value: &str, kind: ColumnType) -> Option<String>;

    /// The values of one type that do not fit another.
    fn misfit(&self, value: &str, from: ColumnType, to: ColumnType) -> Option<String> {
        match (from.family(), to.family()) {
            (Family::Text, Family::Text) => match (from, to) {
                (ColumnType::Char(before), ColumnType::Char(after)) if before <= after => None,
                (_, ColumnType::Char(length)) => self.is_longer(value, length),
                _ => None,
            },
            (Family::Number, Family::Number) => self.number_misfit(value, from, to),
            (Family::Text, Family::Number) => {
                let is_whole = self.range(to).is_some();
                let is_number = self.is_number(value, is_whole);
                let number = self.number(value);
                let from = if is_whole { ColumnType::BigInteger } else { ColumnType::Float };
                let misfit = self.whole_misfit(&number, to).or_else(|| self.number_misfit(&number, from, to));
                let misfit = misfit.unwrap_or_else(|| "1 = 0".to_owned());
                // What is none is not looked at as one.
                Some(format!("CASE WHEN {is_number} THEN {misfit} ELSE {value} IS NOT NULL END"))
            }
            (Family::Text, _) => self.is_no_value(value, to),
            _ => None,
        }
    }

    /// Numbers beyond the range of a type of whole numbers.
    fn whole_misfit(&self, value: &str, to: ColumnType) -> Option<String> {
        let (least, most) = self.range(to)?;
        Some(format!("({value} < {least} OR {value} > {most})"))
    }

    /// Numbers that another type of numbers would refuse, or whose last digits it would cut.
    fn number_misfit(&self, value: &str, from: ColumnType, to: ColumnType) -> Option<String> {
        let mut conditions = Vec::new();
        if let ColumnType::Decimal { max_digits, decimal_places } = to {
            if !self.keeps_digits() {
                return None;
            }
            let whole = max_digits - decimal_places.min(max_digits);
            let (digits, places) = digits(from);
            if digits > whole {
                conditions.push(format!("ABS({value}) >= 1{}", "0".repeat(whole as usize)));
            }
            if places > decimal_places && from != ColumnType::Float {
                conditions.push(format!("{value} <> ROUND({value}, {decimal_places})"));
            }
        } else if let Some((least, most)) = self.range(to) {
            let is_within = self.range(from).is_some_and(|(low, high)| low >= least && high <= most);
            if !is_within {
                conditions.extend(self.whole_misfit(value, to));
            }
            if digits(from).1 > 0 && self.keeps_digits() {
                conditions.push(format!("{value} <> ROUND({value})"));
            }
        }
        (!conditions.is_empty()).then(|| format!("({})", conditions.join(" OR ")))
    }
}

/// Most digits of a type before the point and behind it.
fn digits(kind: ColumnType) -> (u32, u32) {
    match kind.of_reference() {
        ColumnType::SmallInteger | ColumnType::PositiveSmallInteger => (5, 0),
        ColumnType::Integer | ColumnType::PositiveInteger => (10, 0),
        ColumnType::BigInteger | ColumnType::PositiveBigInteger => (20, 0),
        ColumnType::Decimal { max_digits, decimal_places } => {
            (max_digits - decimal_places.min(max_digits), decimal_places)
        }
        _ => (u32::MAX, u32::MAX),
    }
}

/// The range of a type of whole numbers with this many bits, of which the positive ones use half.
pub(in crate::backends) fn signed_range(kind: ColumnType) -> Option<(i128, i128)> {
    let most = match kind.of_reference() {
        ColumnType::SmallInteger | ColumnType::PositiveSmallInteger => i128::from(i16::MAX),
        ColumnType::Integer | ColumnType::PositiveInteger => i128::from(i32::MAX),
        ColumnType::BigInteger | ColumnType::PositiveBigInteger => i128::from(i64::MAX),
        _ => return None,
    };
    Some((if kind.is_positive() { 0 } else { -most - 1 }, most))
}
