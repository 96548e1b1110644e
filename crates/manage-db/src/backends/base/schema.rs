//! The editor that writes down what changes a schema, and what the editors of all vendors share.

use jiff::civil;

use super::changes::{Alter, TableChange};
use super::features::Features;
use super::tables::{Column, ColumnType, Constraint, Default, ForeignKey, Index, IndexPart, Rule, Table};
use super::value::Value;
use crate::error::{Error, Result};
use manage_leaves::crypto;

/// One thing to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A statement.
    Sql(String),
    /// Statements that are one step.
    Several(Box<Several>),
}

/// Statements that are one step, because what they are depends on what people or a broken run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several {
    /// A query whose rows are statements to run first.
    pub before: Option<String>,
    /// The statements.
    pub statements: Vec<String>,
    /// A query, asked before anything runs, whose rows are statements to run last.
    pub after: Option<String>,
}

impl Step {
    /// The statements as they stand in `sqlmigrate`.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Sql(sql) => std::slice::from_ref(sql).iter(),
            Self::Several(several) => several.statements.iter(),
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
    /// Writes down what brings the change about.
    ///
    /// # Errors
    /// [`Error::NotSupported`].
    fn change(&mut self, change: &TableChange) -> Result<()>;

    /// Whether the table has to be made anew for it. Changes of which one does are put together.
    fn rebuilds(&self, _alter: &Alter) -> bool {
        false
    }

    /// Is told that a function will change rows at this point.
    fn run_function(&mut self) {}

    /// The values of one type that do not fit another, as a condition; none: all do, or the database alone can tell.
    fn misfit(&self, value: &str, from: ColumnType, to: ColumnType) -> Option<String>;

    /// A constant.
    fn constant(&self, value: &Value) -> String;

    /// What rows get that lack a value, as a column of this type takes it.
    fn value(&self, default: &Default, kind: ColumnType) -> String;

    /// A value of one column as another takes it.
    fn converted(&self, value: &str, from: &Column, to: &Column) -> String;

    /// Whether two values differ, where NULL equals NULL.
    fn differ(&self, one: &str, other: &str) -> String;

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

    /// The type of a column.
    fn column_type(&self, column: &Column) -> String {
        column.db_type.clone().unwrap_or_else(|| self.type_name(column.kind))
    }

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

    /// Whether a computed column may say that it is never NULL.
    fn may_require_computed(&self) -> bool {
        true
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
        self.definition_sql(column, column.primary_key)
    }

    /// A column's definition; `is_key`: it says so, as only one that is made can.
    fn definition_sql(&self, column: &Column, is_key: bool) -> String {
        let mut sql = format!("{} {}", self.quote(&column.name), self.column_type(column));
        if let Some(collation) = &column.collation {
            sql.push_str(&format!(" COLLATE {}", self.quote(collation)));
        }
        if let Some(generated) = &column.generated {
            let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
            sql.push_str(&format!(" GENERATED ALWAYS AS ({}) {stored}", generated.sql));
        } else if let Some(default) = &column.default {
            sql.push_str(&format!(" DEFAULT {}", self.default_clause(default, column.kind)));
        }
        if is_key {
            sql.push_str(" NOT NULL PRIMARY KEY");
        } else if !column.null && (column.generated.is_none() || self.may_require_computed()) {
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
        if let Some(action) = key.on_update {
            sql.push_str(&format!(" ON UPDATE {action}"));
        }
        if key.is_deferred {
            sql.push_str(" DEFERRABLE INITIALLY DEFERRED");
        }
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
        let has_opclass = |part: &IndexPart| matches!(part, IndexPart::Column { opclass: Some(_), .. });
        if index.parts.iter().any(has_opclass) && !features.has_index_methods {
            return refuse("a choice of the index's operator classes");
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
            IndexPart::Column { name, descending, opclass } => {
                let opclass = opclass.as_ref().map(|opclass| format!(" {opclass}")).unwrap_or_default();
                format!("{}{opclass}{}", self.quote(name), if *descending { " DESC" } else { "" })
            }
            IndexPart::Expression(sql) => format!("({sql})"),
        }
    }
}

/// The unique index that stands for a unique constraint over some of the rows.
pub(in crate::backends) fn as_index(constraint: &Constraint) -> Option<Index> {
    unique_index(constraint).filter(|index| index.condition.is_some())
}

/// The index of a unique constraint.
pub(in crate::backends) fn unique_index(constraint: &Constraint) -> Option<Index> {
    let Rule::Unique { columns, condition, .. } = &constraint.rule else { return None };
    let part = |name: &String| IndexPart::Column { name: name.clone(), descending: false, opclass: None };
    Some(Index {
        name: constraint.name.clone(),
        parts: columns.iter().map(part).collect(),
        unique: true,
        condition: condition.clone(),
        include: Vec::new(),
        method: None,
    })
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
