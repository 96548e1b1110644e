//! In what two tables differ.

use std::fmt;

use crate::backends::base::definition::plain_sql;
use crate::backends::base::live::{LiveColumn, LiveKey, LiveTable};
use crate::backends::base::tables::{Constraint, Index, IndexPart, Rule};
use crate::backends::base::{Backend, Features, Syntax};

/// One thing that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the table.
    pub table: String,
    /// What differs.
    pub part: Part,
    /// Its name: of a column, an index or a constraint; of a key, its columns.
    pub name: String,
    /// What is expected; none: nothing.
    pub expected: Option<String>,
    /// What is there; none: nothing.
    pub found: Option<String>,
}

/// What can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Table,
    Column,
    PrimaryKey,
    ForeignKey,
    Constraint,
    Index,
    /// What else a table's definition says.
    Definition,
    Comment,
}

impl Part {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Column => "column",
            Self::PrimaryKey => "primary key",
            Self::ForeignKey => "foreign key",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Definition => "definition",
            Self::Comment => "comment",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { String::new() } else { format!(" {}", self.name) };
        let what = self.part.word();
        match (&self.expected, &self.found) {
            (Some(expected), None) => write!(f, "- {what}{name} is missing: {expected}"),
            (None, Some(found)) => write!(f, "+ {what}{name} is in no model: {found}"),
            (expected, found) => {
                let word = |side: &Option<String>| side.clone().unwrap_or_default();
                write!(f, "~ {what}{name}: {} -> {}", word(expected), word(found))
            }
        }
    }
}

/// In what the tables that are `found` differ from those that are `expected`, by table.
///
/// Not compared are the names of keys and the order of columns.
pub fn differences(backend: &dyn Backend, expected: &[LiveTable], found: &[LiveTable]) -> Vec<Difference> {
    let mut all = Vec::new();
    for table in expected {
        match found.iter().find(|other| other.name == table.name) {
            Some(other) => all.extend(of_table(backend, table, other)),
            None => all.push(whole(table, true)),
        }
    }
    let unknown = found.iter().filter(|table| !expected.iter().any(|other| other.name == table.name));
    all.extend(unknown.map(|table| whole(table, false)));
    all
}

fn whole(table: &LiveTable, is_expected: bool) -> Difference {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let text = Some(format!("{} ({})", table.relation.word(), columns.join(", ")));
    let (expected, found) = if is_expected { (text, None) } else { (None, text) };
    Difference { table: table.name.clone(), part: Part::Table, name: String::new(), expected, found }
}

/// In what one table differs.
fn of_table(backend: &dyn Backend, expected: &LiveTable, found: &LiveTable) -> Vec<Difference> {
    let (syntax, features) = (backend.script_rules().syntax, backend.features());
    let mut compared = Compared { table: &expected.name, syntax, features, all: Vec::new() };
    compared.columns(expected, found);
    let key = |table: &LiveTable| table.primary_key.join(", ");
    compared.pair(Part::PrimaryKey, "", Some(key(expected)), Some(key(found)));
    compared.keys(&expected.keys, &found.keys);
    compared.constraints(&expected.constraints, &found.constraints);
    compared.indexes(&expected.indexes, &found.indexes);
    let rest = |table: &LiveTable| {
        let rest: Vec<&str> = table.unsaid.iter().chain(&table.options).map(String::as_str).collect();
        Some(rest.join("; ")).filter(|rest| !rest.is_empty())
    };
    compared.pair(Part::Definition, "", rest(expected), rest(found));
    let comment = |table: &LiveTable| table.comment.clone().map(|text| format!("`{text}`"));
    compared.pair(Part::Comment, "", comment(expected), comment(found));
    compared.all
}

struct Compared<'a> {
    table: &'a str,
    syntax: Syntax,
    features: &'static Features,
    all: Vec<Difference>,
}

impl Compared<'_> {
    fn pair(&mut self, part: Part, name: &str, expected: Option<String>, found: Option<String>) {
        if expected != found {
            let (table, name) = (self.table.to_owned(), name.to_owned());
            self.all.push(Difference { table, part, name, expected, found });
        }
    }

    fn columns(&mut self, expected: &LiveTable, found: &LiveTable) {
        for column in &expected.columns {
            let other = found.column(&column.name);
            let words = Some(column_words(column));
            match other {
                Some(other) if self.is_same_column(column, other) => {}
                other => self.pair(Part::Column, &column.name, words, other.map(column_words)),
            }
        }
        for column in found.columns.iter().filter(|column| expected.column(&column.name).is_none()) {
            self.pair(Part::Column, &column.name, None, Some(column_words(column)));
        }
    }

    fn is_same_column(&self, one: &LiveColumn, two: &LiveColumn) -> bool {
        let sql = |text: &String| plain_sql(text, self.syntax);
        let generated = |column: &LiveColumn| {
            column.generated.as_ref().map(|generated| (sql(&generated.sql), generated.stored))
        };
        (&one.type_name, one.null, one.is_auto) == (&two.type_name, two.null, two.is_auto)
            && (&one.collation, &one.comment) == (&two.collation, &two.comment)
            && one.default.as_ref().map(sql) == two.default.as_ref().map(sql)
            && generated(one) == generated(two)
    }

    fn keys(&mut self, expected: &[LiveKey], found: &[LiveKey]) {
        let is_same = |one: &LiveKey, two: &LiveKey| {
            (&one.columns, &one.table, &one.targets) == (&two.columns, &two.table, &two.targets)
                && (&one.on_delete, &one.on_update) == (&two.on_delete, &two.on_update)
                && (one.is_deferred, &one.unsaid) == (two.is_deferred, &two.unsaid)
        };
        let (missing, more) = unmatched(expected, found, is_same, |one, two| one.columns == two.columns);
        for (one, two) in missing {
            self.pair(Part::ForeignKey, &one.columns.join(", "), Some(key_words(one)), two.map(key_words));
        }
        for key in more {
            self.pair(Part::ForeignKey, &key.columns.join(", "), None, Some(key_words(key)));
        }
    }

    fn constraints(&mut self, expected: &[Constraint], found: &[Constraint]) {
        let is_same = |one: &Constraint, two: &Constraint| {
            // A name that the database does not keep fits any.
            (one.name == two.name
                || one.name.is_empty()
                || two.name.is_empty()
                || is_type_check(one, two)
                || (!self.features.knows_unique_names && matches!(one.rule, Rule::Unique { .. })))
                && self.rule(&one.rule) == self.rule(&two.rule)
        };
        let is_meant = |one: &Constraint, two: &Constraint| !one.name.is_empty() && one.name == two.name;
        let (missing, more) = unmatched(expected, found, is_same, is_meant);
        for (one, two) in missing {
            let found = two.map(|two| rule_words(&two.rule));
            self.pair(Part::Constraint, &one.name, Some(rule_words(&one.rule)), found);
        }
        for one in more {
            self.pair(Part::Constraint, &one.name, None, Some(rule_words(&one.rule)));
        }
    }

    /// A rule in a form in which it is equal to another that says the same.
    fn rule(&self, rule: &Rule) -> Rule {
        let sql = |text: &String| plain_sql(text, self.syntax);
        match rule {
            Rule::Check(text) => Rule::Check(sql(text)),
            Rule::Exclude(text) => Rule::Exclude(sql(text)),
            Rule::Unique { columns, condition, deferrable, nulls_distinct } => Rule::Unique {
                columns: columns.clone(),
                condition: condition.as_ref().map(sql),
                deferrable: *deferrable,
                nulls_distinct: *nulls_distinct,
            },
        }
    }

    fn indexes(&mut self, expected: &[Index], found: &[Index]) {
        let plain = |index: &Index| {
            let mut index = index.clone();
            for part in &mut index.parts {
                if let IndexPart::Expression(sql) = part {
                    *sql = plain_sql(sql, self.syntax);
                }
            }
            index.condition = index.condition.map(|sql| plain_sql(&sql, self.syntax));
            index
        };
        let is_same = |one: &Index, two: &Index| plain(one) == plain(two);
        let (missing, more) = unmatched(expected, found, is_same, |one, two| one.name == two.name);
        for (one, two) in missing {
            self.pair(Part::Index, &one.name, Some(index_words(one)), two.map(index_words));
        }
        for index in more {
            self.pair(Part::Index, &index.name, None, Some(index_words(index)));
        }
    }
}

/// A check that comes with a type has a name that the server made up.
fn is_type_check(one: &Constraint, two: &Constraint) -> bool {
    let is_made_up = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_check");
    matches!(one.rule, Rule::Check(_)) && is_made_up(&one.name) && is_made_up(&two.name)
}

/// What is expected with what is there of the same name, if anything is.
type Missing<'a, T> = Vec<(&'a T, Option<&'a T>)>;

/// What is expected and not there, with what is meant by it and differs; and what is there besides.
fn unmatched<'a, T>(
    expected: &'a [T],
    found: &'a [T],
    is_same: impl Fn(&T, &T) -> bool,
    is_meant: impl Fn(&T, &T) -> bool,
) -> (Missing<'a, T>, Vec<&'a T>) {
    let mut more: Vec<&T> = found.iter().collect();
    let mut missing: Missing<'a, T> = Vec::new();
    for one in expected {
        match more.iter().position(|two| is_same(one, two)) {
            Some(at) => drop(more.remove(at)),
            None => missing.push((one, None)),
        }
    }
    for (one, two) in &mut missing {
        let at = more.iter().position(|other| is_meant(one, other));
        *two = at.map(|at| more.remove(at));
    }
    (missing, more)
}

fn column_words(column: &LiveColumn) -> String {
    let mut words = vec![column.type_name.clone()];
    words.extend(column.collation.as_ref().map(|name| format!("COLLATE {name}")));
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
        words.push(format!("GENERATED ALWAYS AS ({}) {stored}", generated.sql));
    }
    words.extend(column.default.as_ref().map(|sql| format!("DEFAULT {sql}")));
    words.extend((!column.null).then(|| "NOT NULL".to_owned()));
    words.extend(column.is_auto.then(|| "AUTO".to_owned()));
    words.extend(column.comment.as_ref().map(|text| format!("COMMENT `{text}`")));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn key_words(key: &LiveKey) -> String {
    let mut words = vec![format!("{} ({})", key.table, key.targets.join(", "))];
    words.extend(key.on_delete.as_ref().map(|action| format!("ON DELETE {action}")));
    words.extend(key.on_update.as_ref().map(|action| format!("ON UPDATE {action}")));
    words.extend(Some(key.unsaid.clone()).filter(|unsaid| !unsaid.is_empty()));
    words.extend(key.is_deferred.then(|| "DEFERRABLE INITIALLY DEFERRED".to_owned()));
    words.join(" ")
}

fn rule_words(rule: &Rule) -> String {
    match rule {
        Rule::Check(sql) => format!("CHECK ({sql})"),
        Rule::Exclude(sql) => format!("EXCLUDE {sql}"),
        Rule::Unique { columns, condition, deferrable, nulls_distinct } => {
            let nulls = if *nulls_distinct { "" } else { " NULLS NOT DISTINCT" };
            let condition = condition.as_ref().map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
            let deferrable = if *deferrable { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
            format!("UNIQUE{nulls} ({}){condition}{deferrable}", columns.join(", "))
        }
    }
}

fn index_words(index: &Index) -> String {
    let part = |part: &IndexPart| match part {
        IndexPart::Column { name, descending, opclass } => {
            let opclass = opclass.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            format!("{name}{opclass}{}", if *descending { " DESC" } else { "" })
        }
        IndexPart::Expression(sql) => format!("({sql})"),
    };
    let parts: Vec<String> = index.parts.iter().map(part).collect();
    let method = index.method.as_ref().map(|method| format!("USING {method} ")).unwrap_or_default();
    let include = match index.include.as_slice() {
        [] => String::new(),
        names => format!(" INCLUDE ({})", names.join(", ")),
    };
    let condition = index.condition.as_ref().map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
    format!("{method}({}){include}{condition}", parts.join(", "))
}
