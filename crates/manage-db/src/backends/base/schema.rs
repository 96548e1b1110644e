//! Tables as a database sees them, and the editor that writes down what changes them.

use jiff::civil;

use super::features::Features;
use super::value::Value;
use crate::error::{Error, Result};
use manage_leaves::crypto;

/// Longest name that is made up for an index or constraint, whatever the database would allow.
const MAX_GENERATED_BYTES: usize = 63;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its indexes, apart from those that constraints bring.
    pub indexes: Vec<Index>,
    /// Its constraints, apart from primary and foreign keys, which stand at their columns.
    pub constraints: Vec<Constraint>,
    /// A remark kept in the schema.
    pub comment: Option<String>,
}

impl Table {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether NULL is allowed.
    pub null: bool,
    /// Whether it identifies the row.
    pub primary_key: bool,
    /// What new rows get from the database.
    pub default: Option<Default>,
    /// What rows that exist get when the column is added; not kept in the schema.
    pub fill: Option<Default>,
    /// How text is compared and sorted.
    pub collation: Option<String>,
    /// A remark kept in the schema.
    pub comment: Option<String>,
    /// The expression it is computed from.
    pub generated: Option<Generated>,
    /// The row it points to.
    pub foreign_key: Option<ForeignKey>,
}

/// What a column holds, by Django's kinds of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Django's names; each vendor's editor holds what each becomes")]
pub enum ColumnType {
    SmallAuto,
    Auto,
    BigAuto,
    SmallInteger,
    Integer,
    BigInteger,
    PositiveSmallInteger,
    PositiveInteger,
    PositiveBigInteger,
    Boolean,
    /// Text of at most so many characters.
    Char(u32),
    Text,
    Uuid,
    Date,
    Time,
    DateTime,
    Duration,
    Decimal {
        /// Digits in all.
        max_digits: u32,
        /// Digits after the point.
        decimal_places: u32,
    },
    Float,
    Binary,
    Json,
    IpAddress,
}

impl ColumnType {
    /// Whether the database counts it up by itself.
    pub fn is_auto(self) -> bool {
        matches!(self, Self::SmallAuto | Self::Auto | Self::BigAuto)
    }

    /// Whether negative numbers are refused.
    pub(crate) fn is_positive(self) -> bool {
        matches!(self, Self::PositiveSmallInteger | Self::PositiveInteger | Self::PositiveBigInteger)
    }

    /// The type of a column that points to a column of this type and does not count by itself.
    #[must_use]
    pub(crate) fn of_reference(self) -> Self {
        match self {
            Self::SmallAuto => Self::SmallInteger,
            Self::Auto => Self::Integer,
            Self::BigAuto => Self::BigInteger,
            other => other,
        }
    }
}

/// A value that the database gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Default {
    /// A constant.
    Value(Value),
    /// The present moment, day or time of day.
    Now,
    /// A UUID, another for each row.
    Uuid,
    /// An expression.
    Sql(String),
}

/// A column that is computed from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The expression.
    pub sql: String,
    /// Whether the value is kept in the row.
    pub stored: bool,
}

/// A foreign key of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name of the constraint.
    pub name: String,
    /// The table it points to.
    pub table: String,
    /// The column it points to.
    pub column: String,
    /// What SQL says happens on deletion: `CASCADE`, `SET NULL`; none: nothing, which refuses it.
    pub on_delete: Option<&'static str>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// What it is ordered by.
    pub parts: Vec<IndexPart>,
    /// Whether two rows may not share an entry.
    pub unique: bool,
    /// The rows it holds; none: all.
    pub condition: Option<String>,
    /// Columns kept in it without ordering it.
    pub include: Vec<String>,
    /// Access method, such as `gin`.
    pub method: Option<String>,
}

/// One thing an index is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexPart {
    /// A column.
    Column {
        /// Its name.
        name: String,
        /// From the greatest down.
        descending: bool,
    },
    /// An expression.
    Expression(String),
}

/// A rule that rows keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A condition that every row meets.
    Check(String),
    /// Columns that no two rows share.
    Unique {
        /// The columns.
        columns: Vec<String>,
        /// The rows for which it holds; none: all.
        condition: Option<String>,
        /// Checked at the end of the transaction.
        deferrable: bool,
        /// False: two NULLs count as equal.
        nulls_distinct: bool,
    },
    /// The body of an exclusion constraint.
    Exclude(String),
}

/// One thing to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A statement.
    Sql(String),
    /// Statements that are one step, because what they are depends on what people or a broken run left behind.
    Several {
        /// A query whose rows are statements to run first.
        before: Option<String>,
        /// The statements.
        statements: Vec<String>,
        /// A query, asked before anything runs, whose rows are statements to run last.
        after: Option<String>,
    },
}

impl Step {
    /// The statements as they stand in `sqlmigrate`.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Sql(sql) => std::slice::from_ref(sql).iter(),
            Self::Several { statements, .. } => statements.iter(),
        }
        .map(String::as_str)
    }
}

/// What surrounds a transaction that rebuilds tables.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Run before the transaction begins.
    pub before: &'static [&'static str],
    /// Run after its end, whatever that was.
    pub after: &'static [&'static str],
    /// Rows that break a foreign key: `(table, parent)` in the columns 0 and 2. Run before and after the steps.
    pub orphans: &'static str,
}

/// Writes down the statements that change a schema. It never runs one.
pub trait SchemaEditor: Send {
    /// Makes a table with its indexes and constraints.
    ///
    /// # Errors
    /// [`Error::NotSupported`], as every method of this trait.
    fn create_table(&mut self, table: &Table) -> Result<()>;

    /// Drops a table.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn drop_table(&mut self, table: &Table) -> Result<()>;

    /// Adds `column`, and every index and constraint that `new` has and `old` has not.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn add_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()>;

    /// Drops `column`, and every index and constraint that `old` has and `new` has not.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn drop_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()>;

    /// Makes an index; `concurrently`: without blocking writers, where the database can.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn add_index(&mut self, table: &Table, index: &Index, concurrently: bool) -> Result<()>;

    /// Drops an index.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn drop_index(&mut self, table: &Table, index: &Index, concurrently: bool) -> Result<()>;

    /// Adds the constraint that turns `old` into `new`; `not_valid`: for new rows only, where the database can.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn add_constraint(
        &mut self,
        old: &Table,
        new: &Table,
        constraint: &Constraint,
        not_valid: bool,
    ) -> Result<()>;

    /// Drops the constraint whose absence turns `old` into `new`.
    ///
    /// # Errors
    /// As [`SchemaEditor::create_table`].
    fn drop_constraint(&mut self, old: &Table, new: &Table, constraint: &Constraint) -> Result<()>;

    /// Takes a statement that somebody wrote.
    fn run_sql(&mut self, sql: &str);

    /// Is told that a function will change rows at this point.
    fn run_function(&mut self) {}

    /// Gives the steps written so far and forgets them.
    fn take(&mut self) -> Vec<Step>;

    /// What has to surround the transaction, if anything written so far asks for it.
    fn guard(&self) -> Option<&'static Guard> {
        None
    }
}

/// The words of a vendor in DDL. The functions of this module put them together.
pub(in crate::backends) trait Words {
    /// Facts about the vendor.
    fn features(&self) -> &'static Features;

    /// The type's name.
    fn type_name(&self, kind: ColumnType) -> String;

    /// What stands behind `PRIMARY KEY` or the type of a column that counts by itself.
    fn auto_suffix(&self) -> &'static str {
        ""
    }

    /// A condition that the type itself asks for.
    fn type_check(&self, column: &Column) -> Option<String>;

    /// The present moment, as a column of this type stores it.
    fn now(&self, kind: ColumnType) -> &'static str;

    /// A new UUID, as a column stores it.
    fn uuid(&self) -> &'static str;

    /// A constant.
    fn literal(&self, value: &Value) -> String {
        literal(value)
    }

    /// What stands behind a foreign key.
    fn foreign_key_suffix(&self) -> &'static str {
        ""
    }

    /// A remark at a column, where it stands in the column's definition.
    fn inline_comment(&self, _comment: &str) -> Option<String> {
        None
    }

    /// The name between quotation marks.
    fn quote(&self, name: &str) -> String {
        self.features().quote_name(name)
    }

    /// Names between quotation marks, separated by commas.
    fn quote_all<S: AsRef<str>>(&self, names: &[S]) -> String
    where
        Self: Sized,
    {
        names.iter().map(|name| self.quote(name.as_ref())).collect::<Vec<_>>().join(", ")
    }

    /// An expression of a default.
    fn default_sql(&self, default: &Default, kind: ColumnType) -> String {
        match default {
            Default::Value(value) => self.literal(value),
            Default::Now => self.now(kind).to_owned(),
            Default::Uuid => self.uuid().to_owned(),
            Default::Sql(sql) => sql.clone(),
        }
    }

    /// An expression of a default as it stands behind `DEFAULT`.
    fn default_clause(&self, default: &Default, kind: ColumnType) -> String {
        let sql = self.default_sql(default, kind);
        if matches!(default, Default::Value(_)) { sql } else { format!("({sql})") }
    }

    /// A column's definition without its foreign key.
    fn column_sql(&self, column: &Column) -> String {
        let mut sql = format!("{} {}", self.quote(&column.name), self.type_name(column.kind));
        if let Some(collation) = &column.collation {
            sql.push_str(&format!(" COLLATE {}", self.quote(collation)));
        }
        if let Some(generated) = &column.generated {
            let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
            sql.push_str(&format!(" GENERATED ALWAYS AS ({}) {stored}", generated.sql));
        } else if let Some(default) = &column.default {
            sql.push_str(&format!(" DEFAULT {}", self.default_clause(default, column.kind)));
        }
        if column.primary_key {
            sql.push_str(" NOT NULL PRIMARY KEY");
        } else if !column.null {
            sql.push_str(" NOT NULL");
        } else if column.generated.is_none() {
            sql.push_str(" NULL");
        }
        if column.kind.is_auto() && column.primary_key {
            sql.push_str(self.auto_suffix());
        }
        if let Some(check) = self.type_check(column) {
            sql.push_str(&format!(" CHECK ({check})"));
        }
        if let Some(comment) = column.comment.as_deref().and_then(|comment| self.inline_comment(comment)) {
            sql.push_str(&comment);
        }
        sql
    }

    /// What a foreign key points to and what it does.
    fn references_sql(&self, key: &ForeignKey) -> String {
        let mut sql = format!("REFERENCES {} ({})", self.quote(&key.table), self.quote(&key.column));
        if let Some(action) = key.on_delete {
            sql.push_str(&format!(" ON DELETE {action}"));
        }
        sql.push_str(self.foreign_key_suffix());
        sql
    }

    /// A foreign key as it stands in a table's definition or behind `ADD`.
    fn foreign_key_sql(&self, column: &Column, key: &ForeignKey) -> String {
        format!(
            "CONSTRAINT {} FOREIGN KEY ({}) {}",
            self.quote(&key.name),
            self.quote(&column.name),
            self.references_sql(key)
        )
    }

    /// A constraint as it stands in a table's definition or behind `ADD`; none for those that are indexes.
    fn constraint_sql(&self, constraint: &Constraint) -> Result<Option<String>>
    where
        Self: Sized,
    {
        let name = self.quote(&constraint.name);
        let rule = match &constraint.rule {
            Rule::Check(sql) => format!("CHECK ({sql})"),
            Rule::Unique { condition: Some(_), .. } => return Ok(None),
            Rule::Unique { columns, condition: None, deferrable, nulls_distinct } => {
                let nulls = if *nulls_distinct { "" } else { " NULLS NOT DISTINCT" };
                let deferrable = if *deferrable { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
                format!("UNIQUE{nulls} ({}){deferrable}", self.quote_all(columns))
            }
            Rule::Exclude(sql) => format!("EXCLUDE {sql}"),
        };
        self.check_rule(constraint)?;
        Ok(Some(format!("CONSTRAINT {name} {rule}")))
    }

    /// Refuses a rule that the vendor does not know.
    fn check_rule(&self, constraint: &Constraint) -> Result<()>;

    /// The statement that makes a table, without its indexes.
    fn create_table_sql(&self, table: &Table, name: &str) -> Result<String>
    where
        Self: Sized,
    {
        let mut lines: Vec<String> = table.columns.iter().map(|column| self.column_sql(column)).collect();
        for constraint in &table.constraints {
            lines.extend(self.constraint_sql(constraint)?);
        }
        for column in &table.columns {
            lines.extend(column.foreign_key.as_ref().map(|key| self.foreign_key_sql(column, key)));
        }
        Ok(format!("CREATE TABLE {} ({})", self.quote(name), lines.join(", ")))
    }

    /// The statement that makes an index.
    fn index_sql(&self, table: &str, index: &Index, concurrently: bool) -> Result<String>
    where
        Self: Sized,
    {
        let features = self.features();
        let refuse = |what: &str| {
            let what = format!("{what} (index {})", index.name);
            Err(Error::NotSupported { what, vendor: features.display_name })
        };
        if index.condition.is_some() && !features.has_partial_index {
            return refuse("an index over some of the rows");
        }
        let has_expression = index.parts.iter().any(|part| matches!(part, IndexPart::Expression(_)));
        if has_expression && !features.has_expression_index {
            return refuse("an index over an expression");
        }
        if !index.include.is_empty() && !features.has_covering_index {
            return refuse("an index that includes further columns");
        }
        if index.method.is_some() && !features.has_index_methods {
            return refuse("a choice of the index's method");
        }
        let parts: Vec<String> = index.parts.iter().map(|part| self.index_part_sql(part)).collect();
        let mut sql = String::from(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        if concurrently && features.has_concurrent_index {
            sql.push_str("CONCURRENTLY ");
        }
        sql.push_str(&format!("{} ON {}", self.quote(&index.name), self.quote(table)));
        if let Some(method) = &index.method {
            sql.push_str(&format!(" USING {method}"));
        }
        sql.push_str(&format!(" ({})", parts.join(", ")));
        if !index.include.is_empty() {
            sql.push_str(&format!(" INCLUDE ({})", self.quote_all(&index.include)));
        }
        if let Some(condition) = &index.condition {
            sql.push_str(&format!(" WHERE {condition}"));
        }
        Ok(sql)
    }

    /// One thing an index is ordered by.
    fn index_part_sql(&self, part: &IndexPart) -> String {
        match part {
            IndexPart::Column { name, descending: false } => self.quote(name),
            IndexPart::Column { name, descending: true } => format!("{} DESC", self.quote(name)),
            IndexPart::Expression(sql) => format!("({sql})"),
        }
    }
}

/// The unique index that stands for a unique constraint over some of the rows.
pub(in crate::backends) fn as_index(constraint: &Constraint) -> Option<Index> {
    let Rule::Unique { columns, condition: Some(condition), .. } = &constraint.rule else { return None };
    let part = |name: &String| IndexPart::Column { name: name.clone(), descending: false };
    Some(Index {
        name: constraint.name.clone(),
        parts: columns.iter().map(part).collect(),
        unique: true,
        condition: Some(condition.clone()),
        include: Vec::new(),
        method: None,
    })
}

/// What `new` has and `old` has not, by name.
pub(in crate::backends) fn added<'a, T>(old: &'a [T], new: &'a [T], name: impl Fn(&T) -> &str) -> Vec<&'a T> {
    new.iter().filter(|item| !old.iter().any(|other| name(other) == name(item))).collect()
}

/// A constant in the form that all vendors read.
pub(in crate::backends) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => u8::from(*truth).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text_literal(text),
        Value::Bytes(bytes) => format!("X'{}'", crypto::hex(bytes)),
        Value::Uuid(uuid) => text_literal(&uuid.simple().to_string()),
        Value::Timestamp(moment) => text_literal(&Value::timestamp_text(*moment)),
        Value::Date(date) => text_literal(&date.to_string()),
        Value::Time(time) => text_literal(&civil::Time::to_string(time)),
        Value::Json(json) => text_literal(&json.to_string()),
    }
}

/// Text between quotation marks.
pub(in crate::backends) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name for an index or constraint that nobody gave, shaped as Django's: `<table>_<columns>_<8 hex><suffix>`.
///
/// It depends on its arguments alone, so that it never has to be looked up.
pub(crate) fn generated_name<S: AsRef<str>>(table: &str, columns: &[S], suffix: &str) -> String {
    let columns: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
    let digest = crypto::sha256_hex(format!("{table}\0{}", columns.join("\0")).as_bytes());
    let end = format!("{}{suffix}", &digest[..8]);
    let columns = columns.join("_");
    let name = format!("{table}_{columns}_{end}");
    let name = if name.len() <= MAX_GENERATED_BYTES {
        name
    } else {
        // The name of a referenced table may make the ending itself too long.
        let end = cut(&end, MAX_GENERATED_BYTES - 12);
        let share = (MAX_GENERATED_BYTES - end.len()) / 2 - 1;
        format!("{}_{}_{end}", cut(table, share), cut(&columns, share))
    };
    if name.starts_with(['_', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        format!("D{}", cut(&name, MAX_GENERATED_BYTES - 1))
    } else {
        name
    }
}

/// `name`, or where it is longer than `max_bytes` its beginning and a hash of the whole.
pub fn shortened(name: &str, max_bytes: usize) -> String {
    if name.len() <= max_bytes {
        return name.to_owned();
    }
    let digest = crypto::sha256_hex(name.as_bytes());
    format!("{}_{}", cut(name, max_bytes.saturating_sub(9)), &digest[..8])
}

/// The longest beginning of `text` of at most `max_bytes`.
fn cut(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_is_stable_and_fits() {
        let name = generated_name("blog_article", &["author_id"], "_fk_auth_user_id");
        assert!(name.starts_with("blog_article_author_id_") && name.ends_with("_fk_auth_user_id"), "{name}");
        assert_eq!(name, generated_name("blog_article", &["author_id"], "_fk_auth_user_id"));
        assert_ne!(name, generated_name("blog_article", &["author"], "_fk_auth_user_id"));
        let long = generated_name(&"t".repeat(90), &["c".repeat(90)], &format!("_fk_{}", "é".repeat(90)));
        assert!(long.len() <= 63, "{long}");
        assert!(generated_name("1st", &["a"], "").starts_with('D'));
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_differs_from_its_neighbours() {
        assert_eq!(shortened("short", 64), "short");
        let (one, two) = (shortened(&format!("{}1", "n".repeat(70)), 63), shortened(&"n".repeat(71), 63));
        assert_eq!(one.len(), 63);
        assert_ne!(one, two);
    }
}
