//! Settings files as a tree that remembers where each value was written.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::error::{Origin, Problem};

/// The keys of one table.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The value.
    pub value: Content,
    /// Where it was written.
    pub origin: Origin,
}

/// What can be written in a settings file.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A string of a file; may hold `${NAME}`.
    Text(String),
    /// Text of a variable, whose type is decided by the setting.
    Untyped(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A truth value.
    Boolean(bool),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
    /// Something that no setting takes, such as a date.
    Other(&'static str),
}

impl Content {
    /// What a JSON value is here; its parts have no place of their own.
    pub(super) fn of_json(value: serde_json::Value) -> Self {
        use serde_json::Value;
        let node = |value| Node { value: Self::of_json(value), origin: Origin::Default };
        match value {
            Value::Null => Self::Other("nothing"),
            Value::Bool(truth) => Self::Boolean(truth),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Self::Integer(number),
                None => number.as_f64().map_or(Self::Other("a huge number"), Self::Float),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(node).collect()),
            Value::Object(table) => {
                Self::Table(table.into_iter().map(|(key, value)| (key, node(value))).collect())
            }
        }
    }

    /// What it is, in words for an error.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Untyped(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "a truth value",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

/// Reads the text of a settings file; `file` is its name for people.
///
/// # Errors
/// One problem, where the text stops being TOML.
pub(super) fn parse(file: &str, text: &str) -> Result<Table, Problem> {
    let place = |position: usize| place(file, text, position);
    match DeTable::parse(text) {
        Ok(table) => Ok(convert(table.into_inner(), &place)),
        Err(error) => Err(Problem {
            origin: place(error.span().map_or(0, |span| span.start)),
            key: String::new(),
            message: format!("not TOML: {}", error.message()),
        }),
    }
}

fn convert(table: DeTable<'_>, place: &dyn Fn(usize) -> Origin) -> Table {
    table
        .into_iter()
        .map(|(key, value)| {
            let origin = place(key.span().start);
            (key.into_inner().into_owned(), Node { value: content(value.into_inner(), place), origin })
        })
        .collect()
}

fn content(value: DeValue<'_>, place: &dyn Fn(usize) -> Origin) -> Content {
    match value {
        DeValue::String(text) => Content::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Content::Other("a huge number"), Content::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Content::Other("a number"), Content::Float),
        DeValue::Boolean(truth) => Content::Boolean(truth),
        DeValue::Datetime(_) => Content::Other("a date"),
        DeValue::Array(items) => Content::List(
            items
                .into_iter()
                .map(|item| Node {
                    origin: place(item.span().start),
                    value: content(item.into_inner(), place),
                })
                .collect(),
        ),
        DeValue::Table(table) => Content::Table(convert(table, place)),
    }
}

fn place(file: &str, text: &str, position: usize) -> Origin {
    let before = &text[..text.floor_char_boundary(position)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Origin::File { file: file.to_owned(), line, column }
}

/// Lays `upper` over `lower`: tables are joined key by key, anything else is replaced.
pub(super) fn merge(lower: &mut Table, upper: Table) {
    for (key, node) in upper {
        match (lower.get_mut(&key), node) {
            (Some(Node { value: Content::Table(below), .. }), Node { value: Content::Table(above), .. }) => {
                merge(below, above);
            }
            (_, node) => {
                lower.insert(key, node);
            }
        }
    }
}

/// Sets the value at `path`, making the tables on the way.
pub(super) fn set(table: &mut Table, path: &[String], node: Node) {
    let Some((key, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.insert(key.clone(), node);
        return;
    }
    let origin = node.origin.clone();
    let below =
        table.entry(key.clone()).or_insert_with(|| Node { value: Content::Table(Table::new()), origin });
    if !matches!(below.value, Content::Table(_)) {
        below.value = Content::Table(Table::new());
    }
    if let Content::Table(inner) = &mut below.value {
        set(inner, rest, node);
    }
}
