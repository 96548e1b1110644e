//! How much two models or fields look like one that was called otherwise.

use crate::models::{Field, FieldType, ModelState};

/// From here on it is worth a question.
pub(super) const ENOUGH: u32 = 50;

/// Of two models, from 0 to 100: the share of their fields that both have.
pub(super) fn of_models(before: &ModelState, after: &ModelState) -> u32 {
    let own = |model: &ModelState| model.fields.iter().filter(|field| !is_plain_key(field)).count();
    let all = own(before) + own(after);
    if all == 0 {
        return 100;
    }
    let has_same = |field: &&Field| {
        !is_plain_key(field) && after.field(&field.name).is_some_and(|other| other.kind == field.kind)
    };
    let common = before.fields.iter().filter(has_same).count();
    u32::try_from(200 * common / all).unwrap_or(100)
}

/// The key that every model has which names none.
fn is_plain_key(field: &Field) -> bool {
    field.primary_key && field.name == "id"
}

/// Of two fields, from 0 to 100: whether they are the same but for their names, of one kind, or of kinds whose values
/// become each other; of those that are alike in that, the names.
pub(super) fn of_fields(before: &Field, after: &Field) -> u32 {
    if (before.kind == FieldType::ManyToMany) != (after.kind == FieldType::ManyToMany) {
        return 0;
    }
    let same = Field { name: before.name.clone(), db_column: before.db_column.clone(), ..after.clone() };
    let keeps_column = after.db_column.as_ref() == Some(&before.column());
    let likeness = if same == *before || keeps_column {
        90
    } else if before.kind == after.kind && before.to == after.to {
        70
    } else if family(before.kind) == family(after.kind) && family(before.kind).is_some() {
        ENOUGH
    } else {
        0
    };
    likeness + if likeness > 0 { of_names(&before.name, &after.name) } else { 0 }
}

/// Kinds whose values become each other.
fn family(kind: FieldType) -> Option<u8> {
    use FieldType::{
        BigInteger, Char, Date, DateTime, Decimal, Email, Float, Integer, PositiveBigInteger,
        PositiveInteger, PositiveSmallInteger, Slug, SmallInteger, Text, Url,
    };
    match kind {
        Char | Text | Slug | Email | Url => Some(0),
        SmallInteger | Integer | BigInteger | PositiveSmallInteger | PositiveInteger | PositiveBigInteger => {
            Some(1)
        }
        Decimal | Float => Some(2),
        Date | DateTime => Some(3),
        _ => None,
    }
}

/// Of two names, from 0 to 10: the letters that they begin and end with.
fn of_names(before: &str, after: &str) -> u32 {
    let begin = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let end = before.chars().rev().zip(after.chars().rev()).take_while(|(a, b)| a == b).count();
    let longer = before.chars().count().max(after.chars().count()).max(1);
    u32::try_from(10 * (begin + end).min(longer) / longer).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_under_another_name_is_the_likeliest() {
        let field = |name: &str, kind: FieldType| Field::new(name, kind);
        let before = field("score", FieldType::Integer);
        let mut candidates = [
            field("rating", FieldType::Integer),
            field("scores", FieldType::Integer),
            field("score_text", FieldType::Text),
            field("points", FieldType::BigInteger),
        ];
        candidates.sort_by_key(|after| std::cmp::Reverse(of_fields(&before, after)));
        let names: Vec<&str> = candidates.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["scores", "rating", "points", "score_text"]);
        assert_eq!(of_fields(&before, &field("score_text", FieldType::Text)), 0);
    }
}
