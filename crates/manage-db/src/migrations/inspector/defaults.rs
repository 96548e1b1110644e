//! What a column gets by itself, as a field says it.

use toml::Value;

use super::kinds::Kinds;
use crate::SqlText;
use crate::backends::base::tables::Default;
use crate::models::{DefaultValue, FieldType};

/// Names of generators, with what they make and the kinds that have them.
const GENERATORS: [(&str, Default, [FieldType; 3]); 2] = [
    ("now", Default::Now, [FieldType::DateTime, FieldType::Date, FieldType::Time]),
    ("uuid4", Default::Uuid, [FieldType::Uuid, FieldType::Uuid, FieldType::Uuid]),
];

/// A default as a literal or the name of a generator where it is one; else as it stands.
pub(super) fn default(kind: FieldType, sql: &str, kinds: &Kinds<'_>) -> DefaultValue {
    let plain = kinds.plain(sql);
    let generator = GENERATORS.iter().find(|(_, default, of)| {
        let own = || kinds.default(kind, default.clone());
        of.contains(&kind) && own().is_some_and(|own| kinds.plain(&own) == plain)
    });
    if let Some((name, ..)) = generator {
        return DefaultValue::Literal(Value::from(*name));
    }
    match literal(kind, sql) {
        Some(value) => DefaultValue::Literal(value),
        None => DefaultValue::Sql { sql: SqlText::from(sql) },
    }
}

fn literal(kind: FieldType, sql: &str) -> Option<Value> {
    use FieldType::{
        BigInteger, Boolean, Char, Integer, PositiveBigInteger, PositiveInteger, PositiveSmallInteger,
        SmallInteger, Text,
    };
    match kind {
        Boolean => match sql.to_lowercase().as_str() {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        SmallInteger | Integer | BigInteger | PositiveSmallInteger | PositiveInteger | PositiveBigInteger => {
            sql.parse::<i64>().ok().map(Value::from)
        }
        Char | Text => text(sql).map(Value::from),
        _ => None,
    }
}

/// The content of a text that is nothing else.
fn text(sql: &str) -> Option<String> {
    let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?;
    let is_one = !inner.replace("''", "").contains('\'') && !inner.contains('\\');
    is_one.then(|| inner.replace("''", "'"))
}
