//! Which kind of field has a column's type: the kinds are tried, in the words of the database itself.

use std::collections::BTreeMap;

use crate::backends::base::Backend;
use crate::backends::base::definition::plain_sql;
use crate::backends::base::tables::{Column, ColumnType, Constraint, Default, Rule, Table};
use crate::error::Result;
use crate::introspection::{LiveColumn, LiveTable, expected};
use crate::models::{Field, FieldType};

/// Name of the column in which a kind is tried. Checks that come with the type name it.
const TRIED: &str = "tried";

/// Kinds, those first of which a table says more or that people mean more often by their type.
const KINDS: [(FieldType, ColumnType); 22] = [
    (FieldType::BigAuto, ColumnType::BigAuto),
    (FieldType::Auto, ColumnType::Auto),
    (FieldType::SmallAuto, ColumnType::SmallAuto),
    (FieldType::PositiveBigInteger, ColumnType::PositiveBigInteger),
    (FieldType::PositiveInteger, ColumnType::PositiveInteger),
    (FieldType::PositiveSmallInteger, ColumnType::PositiveSmallInteger),
    (FieldType::Json, ColumnType::Json),
    (FieldType::Boolean, ColumnType::Boolean),
    (FieldType::BigInteger, ColumnType::BigInteger),
    (FieldType::Integer, ColumnType::Integer),
    (FieldType::SmallInteger, ColumnType::SmallInteger),
    (FieldType::Text, ColumnType::Text),
    (FieldType::Uuid, ColumnType::Uuid),
    (FieldType::Date, ColumnType::Date),
    (FieldType::Time, ColumnType::Time),
    (FieldType::DateTime, ColumnType::DateTime),
    (FieldType::Duration, ColumnType::Duration),
    (FieldType::Float, ColumnType::Float),
    (FieldType::Binary, ColumnType::Binary),
    (FieldType::GenericIpAddress, ColumnType::IpAddress),
    (FieldType::Char, ColumnType::Char(1)),
    (FieldType::Decimal, ColumnType::Decimal { max_digits: 10, decimal_places: 5 }),
];

/// By what a type's name holds, the nearest kind where none has the type: the first that fits.
const NEAREST: [(&str, FieldType); 28] = [
    ("[]", FieldType::Text),
    ("range", FieldType::Text),
    ("interval", FieldType::Duration),
    ("smallserial", FieldType::SmallAuto),
    ("bigserial", FieldType::BigAuto),
    ("serial", FieldType::Auto),
    ("smallint", FieldType::SmallInteger),
    ("tinyint", FieldType::SmallInteger),
    ("bigint", FieldType::BigInteger),
    ("int8", FieldType::BigInteger),
    ("bool", FieldType::Boolean),
    ("point", FieldType::Text),
    ("int", FieldType::Integer),
    ("year", FieldType::SmallInteger),
    ("numeric", FieldType::Decimal),
    ("decimal", FieldType::Decimal),
    ("money", FieldType::Text),
    ("double", FieldType::Float),
    ("float", FieldType::Float),
    ("real", FieldType::Float),
    ("datetime", FieldType::DateTime),
    ("timestamp", FieldType::DateTime),
    ("date", FieldType::Date),
    ("time", FieldType::Time),
    ("blob", FieldType::Binary),
    ("binary", FieldType::Binary),
    ("json", FieldType::Json),
    ("char", FieldType::Char),
];

/// A kind as a database would tell a column of it.
#[derive(Clone)]
struct Tried {
    kind: FieldType,
    column: LiveColumn,
    checks: Vec<String>,
}

/// The kinds in the words of one database.
pub(super) struct Kinds<'a> {
    backend: &'a dyn Backend,
    /// Those that depend on numbers in the type's name, by the numbers.
    tried: BTreeMap<Vec<u32>, Vec<Tried>>,
}

/// What was found for a column.
pub(super) struct Found {
    /// The kind with the facts of its type.
    pub field: Field,
    /// Checks of the table that come with the type.
    pub checks: Vec<usize>,
}

impl<'a> Kinds<'a> {
    /// Tries none yet.
    pub(super) fn new(backend: &'a dyn Backend) -> Self {
        Self { backend, tried: BTreeMap::new() }
    }

    /// The database.
    pub(super) fn backend(&self) -> &'a dyn Backend {
        self.backend
    }

    /// The kind of a column, with what its type says.
    pub(super) fn find(&mut self, table: &LiveTable, column: &LiveColumn) -> Result<Found> {
        let numbers = numbers(&column.type_name);
        self.tried(&numbers)?;
        let is_key = table.primary_key == [column.name.clone()];
        let checks: Vec<(usize, String)> = table
            .constraints
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, self.tried_check(one, &column.name)?)))
            .collect();
        let fits = |tried: &&Tried| {
            tried.column.type_name == column.type_name
                && tried.column.is_auto == (column.is_auto && is_key)
                && (is_key || !tried.kind.is_auto())
                && tried.checks.iter().all(|check| checks.iter().any(|(_, own)| own == check))
        };
        let found = self.tried[&numbers].iter().find(fits);
        let kind = found.map_or_else(|| nearest(&column.type_name, column.is_auto && is_key), |one| one.kind);
        let kind = if is_key { kind } else { without_count(kind) };
        let taken = found.map_or_else(Vec::new, |one| one.checks.clone());
        let checks = checks.into_iter().filter(|(_, sql)| taken.contains(sql)).map(|(at, _)| at).collect();
        Ok(Found { field: with_numbers(Field::new(&column.name, kind), &numbers), checks })
    }

    /// All kinds, with these numbers.
    fn tried(&mut self, numbers: &[u32]) -> Result<&[Tried]> {
        if !self.tried.contains_key(numbers) {
            let tried = tried(self.backend, numbers)?;
            self.tried.insert(numbers.to_vec(), tried);
        }
        Ok(self.tried.get(numbers).map_or(&[], Vec::as_slice))
    }

    /// Whether the database tells columns of two kinds in the same words.
    pub(super) fn are_same(&mut self, one: FieldType, other: FieldType) -> Result<bool> {
        let tried = self.tried(&[])?;
        let words = |kind: FieldType| {
            tried.iter().find(|tried| tried.kind == kind).map(|tried| tried.column.type_name.clone())
        };
        Ok(words(one) == words(other))
    }

    /// A check as it would stand at the column that is tried.
    fn tried_check(&self, constraint: &Constraint, column: &str) -> Option<String> {
        let Rule::Check(sql) = &constraint.rule else { return None };
        let own = plain_sql(&format!("\"{column}\""), self.backend.script_rules().syntax);
        let plain = plain_sql(sql, self.backend.script_rules().syntax);
        let words = plain.split(' ').map(|word| if word == own { TRIED } else { word });
        Some(words.collect::<Vec<_>>().join(" "))
    }

    /// How the database would tell a default of a kind of column.
    pub(super) fn default(&self, kind: FieldType, default: Default) -> Option<String> {
        let (_, kind) = KINDS.iter().find(|(one, _)| *one == kind)?;
        let column = Column { default: Some(default), ..column(*kind) };
        expected(self.backend, &table(vec![column])).ok()?.columns.pop()?.default
    }

    /// SQL in a form in which it is equal to other that says the same.
    pub(super) fn plain(&self, sql: &str) -> String {
        plain_sql(sql, self.backend.script_rules().syntax)
    }
}

fn tried(backend: &dyn Backend, numbers: &[u32]) -> Result<Vec<Tried>> {
    let mut all = Vec::with_capacity(KINDS.len());
    for (kind, column_type) in KINDS {
        let column_type = match (column_type, numbers) {
            (ColumnType::Char(_), [length]) => ColumnType::Char(*length),
            (ColumnType::Decimal { .. }, [max_digits, decimal_places]) => {
                ColumnType::Decimal { max_digits: *max_digits, decimal_places: *decimal_places }
            }
            (ColumnType::Char(_), _) => continue,
            (other, _) => other,
        };
        let made = expected(backend, &table(vec![column(column_type)]))?;
        let syntax = backend.script_rules().syntax;
        let checks = made.constraints.iter().filter_map(|one| match &one.rule {
            Rule::Check(sql) => Some(plain_sql(sql, syntax)),
            _ => None,
        });
        let checks = checks.collect();
        all.extend(made.columns.into_iter().next().map(|column| Tried { kind, column, checks }));
    }
    Ok(all)
}

fn table(columns: Vec<Column>) -> Table {
    Table { name: TRIED.to_owned(), columns, indexes: Vec::new(), constraints: Vec::new(), comment: None }
}

fn column(kind: ColumnType) -> Column {
    Column {
        name: TRIED.to_owned(),
        kind,
        db_type: None,
        null: false,
        primary_key: kind.is_auto(),
        default: None,
        fill: None,
        collation: None,
        comment: None,
        generated: None,
        foreign_key: None,
    }
}

/// The numbers in the brackets of a type's name.
fn numbers(type_name: &str) -> Vec<u32> {
    let inner = type_name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
    let numbers = inner.map(|inner| inner.split(',').map(|number| number.trim().parse()).collect());
    numbers.and_then(std::result::Result::ok).unwrap_or_default()
}

fn nearest(type_name: &str, is_auto: bool) -> FieldType {
    let lower = type_name.to_lowercase();
    let found = NEAREST.iter().find(|(word, _)| lower.contains(word)).map(|(_, kind)| *kind);
    let counts = is_auto || lower.contains("identity");
    match found.unwrap_or(FieldType::Text) {
        FieldType::SmallInteger if counts => FieldType::SmallAuto,
        FieldType::Integer if counts => FieldType::Auto,
        FieldType::BigInteger if counts => FieldType::BigAuto,
        // One that is as long as it likes, and lists of words.
        FieldType::Char if numbers(&lower).len() != 1 => FieldType::Text,
        found => found,
    }
}

fn without_count(kind: FieldType) -> FieldType {
    match kind {
        FieldType::SmallAuto => FieldType::SmallInteger,
        FieldType::Auto => FieldType::Integer,
        FieldType::BigAuto => FieldType::BigInteger,
        other => other,
    }
}

fn with_numbers(mut field: Field, numbers: &[u32]) -> Field {
    match (field.kind, numbers) {
        (FieldType::Char, [length]) => field.max_length = Some(*length),
        (FieldType::Decimal, [digits, places]) => {
            (field.max_digits, field.decimal_places) = (Some(*digits), Some(*places));
        }
        (FieldType::Decimal, [digits]) => {
            (field.max_digits, field.decimal_places) = (Some(*digits), Some(0));
        }
        (FieldType::Decimal, _) => (field.max_digits, field.decimal_places) = (Some(10), Some(5)),
        _ => {}
    }
    field
}
