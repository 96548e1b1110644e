//! Statements put together out of pieces, each with the values of its own marks.

use crate::Value;

/// A piece of a statement: text with `?` marks and their values, in order. It is the same for every kind of database:
/// names stand between double quotes, which every session takes, and the marks are those of hand-written statements.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sql {
    /// The text.
    pub text: String,
    /// The values of its marks.
    pub params: Vec<Value>,
}

impl Sql {
    /// A name between quotes.
    pub(super) fn name(name: &str) -> Self {
        format!("\"{}\"", name.replace('"', "\"\"")).as_str().into()
    }

    /// A column of a table.
    pub(super) fn column(table: &str, name: &str) -> Self {
        Self::name(table).then(".").then(Self::name(name))
    }

    /// A mark with its value.
    pub(super) fn value(value: Value) -> Self {
        Self { text: "?".to_owned(), params: vec![value] }
    }

    /// The pieces with `separator` between them.
    pub(super) fn list(pieces: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_default();
        pieces.fold(first, |list, piece| list.then(separator).then(piece))
    }

    /// The piece between brackets.
    #[must_use]
    pub(crate) fn bracketed(self) -> Self {
        Self::from("(").then(self).then(")")
    }

    /// The piece with another behind it.
    #[must_use]
    pub(super) fn then(mut self, piece: impl Into<Self>) -> Self {
        let piece = piece.into();
        self.text.push_str(&piece.text);
        self.params.extend(piece.params);
        self
    }
}

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), params: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_order_of_their_marks() {
        let pair = |name: &str, value: i64| Sql::name(name).then(" = ").then(Sql::value(Value::Int(value)));
        let both = Sql::list([pair("a", 1), pair("b\"", 2)], " AND ").bracketed();
        let sql = Sql::from("SELECT 1 WHERE ").then(both).then(" LIMIT ").then(Sql::value(Value::Int(3)));
        assert_eq!(sql.text, "SELECT 1 WHERE (\"a\" = ? AND \"b\"\"\" = ?) LIMIT ?");
        assert_eq!(sql.params, [1, 2, 3].map(Value::Int));
    }
}
