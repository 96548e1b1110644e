//! Names of columns inside of SQL that somebody wrote.

use std::collections::BTreeMap;

/// The text with columns called otherwise: bare or quoted, outside of strings and names of functions.
pub(crate) fn with_renamed(sql: &str, names: &BTreeMap<String, String>) -> String {
    let renamed = |name: &str| {
        names.iter().find(|(old, _)| old.eq_ignore_ascii_case(name)).map(|(_, new)| new.as_str())
    };
    let mut out = String::with_capacity(sql.len());
    for piece in pieces(sql) {
        match piece {
            Piece::Name { text, name } => match renamed(name) {
                Some(new) => out.push_str(&text.replace(name, new)),
                None => out.push_str(text),
            },
            Piece::Other(text) => out.push_str(text),
        }
    }
    out
}

/// Whether the text names the column.
pub(crate) fn mentions(sql: &str, column: &str) -> bool {
    pieces(sql)
        .iter()
        .any(|piece| matches!(piece, Piece::Name { name, .. } if name.eq_ignore_ascii_case(column)))
}

/// A part of a text: something that may be a column, or anything else.
enum Piece<'a> {
    Name {
        /// With its signs.
        text: &'a str,
        /// Without.
        name: &'a str,
    },
    Other(&'a str),
}

fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' | '"' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (text, after) = rest.split_at(end);
        let is_function = after.trim_start().starts_with('(') && is_word(first);
        pieces.push(match first {
            '"' | '`' => Piece::Name { text, name: text.trim_matches(first) },
            c if is_word(c) && !c.is_ascii_digit() && !is_function => Piece::Name { text, name: text },
            _ => Piece::Other(text),
        });
        rest = after;
    }
    pieces
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_and_texts_and_functions_are_not() {
        let names = BTreeMap::from([("total".to_owned(), "sum".to_owned())]);
        assert_eq!(
            with_renamed("Total >= 0 AND \"total\" <> 'total' AND total(subtotal, total2) > 1", &names),
            "sum >= 0 AND \"sum\" <> 'total' AND total(subtotal, total2) > 1"
        );
        assert!(mentions("lower(name)", "NAME") && !mentions("lower('name')", "name"));
    }

    #[test]
    fn two_names_can_be_exchanged() {
        let names = BTreeMap::from([("a".to_owned(), "b".to_owned()), ("b".to_owned(), "a".to_owned())]);
        assert_eq!(with_renamed("a < b", &names), "b < a");
    }
}
