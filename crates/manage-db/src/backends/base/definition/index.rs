//! `CREATE INDEX`, and indexes within the definition of a table.

use super::reader::Reader;
use crate::backends::base::tables::{Index, IndexPart};
use crate::backends::base::tokens::TokenKind;

/// Reads what stands behind `CREATE INDEX`: the table, and the index if others could say it.
pub(super) fn statement(mut reader: Reader<'_, '_>, unique: bool) -> Option<(String, Option<Index>)> {
    reader.eat(&["CONCURRENTLY"]);
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let name = reader.qualified()?;
    reader.eat(&["ON"]).then_some(())?;
    reader.eat(&["ONLY"]);
    let table = reader.qualified()?;
    Some((table, index(reader, name, unique)))
}

/// Reads what stands behind the table's name, or behind the index's name within a table.
pub(super) fn index(mut reader: Reader<'_, '_>, name: String, unique: bool) -> Option<Index> {
    let mut method = None;
    if reader.eat(&["USING"]) {
        method = reader.name().filter(|method| !method.eq_ignore_ascii_case("btree"));
    }
    let parts = reader.group()?.items().into_iter().map(part).collect::<Option<Vec<_>>>()?;
    // A model says columns first; behind an expression it has but their names.
    let is_named = |part: &IndexPart| match part {
        IndexPart::Column { descending, opclass, .. } => !descending && opclass.is_none(),
        IndexPart::Expression(_) => true,
    };
    let is_expression = |part: &&IndexPart| matches!(part, IndexPart::Expression(_));
    if !parts.iter().skip_while(|part| !is_expression(part)).all(is_named) {
        return None;
    }
    let include = if reader.eat(&["INCLUDE"]) { reader.names()? } else { Vec::new() };
    let condition = reader.eat(&["WHERE"]).then(|| {
        let condition = reader.unwrapped().text().to_owned();
        while reader.next().is_some() {}
        condition
    });
    if !reader.eat(&["USING", "BTREE"]) && !reader.is_empty() {
        return None;
    }
    Some(Index { name, parts, unique, condition, include, method })
}

/// One thing that an index is ordered by; none: it says more than a model can.
fn part(mut reader: Reader<'_, '_>) -> Option<IndexPart> {
    let whole = reader.clone();
    let first = reader.tokens().first()?;
    let is_name = matches!(first.kind, TokenKind::Name | TokenKind::Word | TokenKind::Text);
    let is_call = reader.tokens().get(1).is_some_and(|token| token.is_sign("(") || token.is_sign("."));
    if !is_name || is_call {
        return expression(&whole);
    }
    let name = reader.name()?;
    let is_over = |reader: &Reader<'_, '_>| {
        reader.is_empty() || ["ASC", "DESC", "COLLATE", "NULLS"].iter().any(|word| reader.is_at(&[word]))
    };
    let opclass = match is_over(&reader) {
        true => None,
        false => Some(reader.qualified()?),
    };
    let descending = reader.eat(&["DESC"]);
    if !descending {
        reader.eat(&["ASC"]);
    }
    reader.is_empty().then_some(IndexPart::Column { name, descending, opclass })
}

/// An expression in brackets, or the call of a function, with nothing behind it.
fn expression(whole: &Reader<'_, '_>) -> Option<IndexPart> {
    let mut reader = whole.clone();
    if !reader.tokens().first()?.is_sign("(") {
        reader.qualified()?;
    }
    // The beginning of a text, so many signs long, is no call.
    let inner = reader.group()?;
    let is_length = matches!(inner.tokens(), [length] if length.kind == TokenKind::Number);
    (reader.is_empty() && !is_length).then(|| IndexPart::Expression(whole.unwrapped().text().to_owned()))
}
