//! DDL of MariaDB and MySQL.

use crate::backends::base::schema::{
    Column, ColumnType, Constraint, Default, Index, Rule, SchemaEditor, Step, Table, Words, added, literal,
};
use crate::backends::base::{Features, Value};
use crate::error::{Error, Result};

struct Mysql;

impl Words for Mysql {
    fn features(&self) -> &'static Features {
        &super::features::FEATURES
    }

    fn type_name(&self, kind: ColumnType) -> String {
        match kind {
            ColumnType::SmallAuto | ColumnType::SmallInteger => "smallint",
            ColumnType::Auto | ColumnType::Integer => "integer",
            ColumnType::BigAuto | ColumnType::BigInteger | ColumnType::Duration => "bigint",
            ColumnType::PositiveSmallInteger => "smallint UNSIGNED",
            ColumnType::PositiveInteger => "integer UNSIGNED",
            ColumnType::PositiveBigInteger => "bigint UNSIGNED",
            ColumnType::Boolean => "bool",
            ColumnType::Char(length) => return format!("varchar({length})"),
            ColumnType::Text => "longtext",
            ColumnType::Uuid => "char(32)",
            ColumnType::Date => "date",
            ColumnType::Time => "time(6)",
            ColumnType::DateTime => "datetime(6)",
            ColumnType::Decimal { max_digits, decimal_places } => {
                return format!("numeric({max_digits}, {decimal_places})");
            }
            ColumnType::Float => "double precision",
            ColumnType::Binary => "longblob",
            ColumnType::Json => "json",
            ColumnType::IpAddress => "char(39)",
        }
        .to_owned()
    }

    fn auto_suffix(&self) -> &'static str {
        " AUTO_INCREMENT"
    }

    fn type_check(&self, _column: &Column) -> Option<String> {
        None
    }

    fn now(&self, kind: ColumnType) -> &'static str {
        match kind {
            ColumnType::Date => "CURRENT_DATE",
            ColumnType::Time => "CURRENT_TIME(6)",
            _ => "CURRENT_TIMESTAMP(6)",
        }
    }

    fn uuid(&self) -> &'static str {
        "REPLACE(UUID(), '-', '')"
    }

    fn literal(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => escaped(text),
            Value::Json(json) => escaped(&json.to_string()),
            other => literal(other),
        }
    }

    /// Longer texts take an expression only.
    fn default_clause(&self, default: &Default, kind: ColumnType) -> String {
        let sql = self.default_sql(default, kind);
        let is_long = matches!(kind, ColumnType::Text | ColumnType::Json | ColumnType::Binary);
        match default {
            Default::Value(_) if !is_long => sql,
            _ => format!("({sql})"),
        }
    }

    fn inline_comment(&self, comment: &str) -> Option<String> {
        Some(format!(" COMMENT {}", escaped(comment)))
    }

    fn check_rule(&self, constraint: &Constraint) -> Result<()> {
        let what = match &constraint.rule {
            Rule::Exclude(_) => "exclusion constraints",
            Rule::Unique { condition: Some(_), .. } => "unique constraints over some of the rows",
            Rule::Unique { deferrable: true, .. } => "deferrable constraints",
            Rule::Unique { nulls_distinct: false, .. } => "unique constraints for which two NULLs are equal",
            _ => return Ok(()),
        };
        Err(refused(format!("{what} (constraint {})", constraint.name)))
    }
}

fn refused(what: String) -> Error {
    Error::NotSupported { what, vendor: Mysql.features().display_name }
}

fn escaped(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Writes the DDL of both servers.
#[derive(Default)]
pub(super) struct Editor {
    steps: Vec<Step>,
}

impl Editor {
    fn push(&mut self, sql: String) {
        self.steps.push(Step::Sql(sql));
    }

    fn alter(&mut self, table: &Table, change: &str) {
        self.push(format!("ALTER TABLE {} {change}", Mysql.quote(&table.name)));
    }
}

fn check_column(column: &Column) -> Result<()> {
    match &column.foreign_key {
        Some(key) if key.on_delete == Some("SET DEFAULT") => {
            Err(refused(format!("ON DELETE SET DEFAULT (column {})", column.name)))
        }
        _ => Ok(()),
    }
}

impl SchemaEditor for Editor {
    fn create_table(&mut self, table: &Table) -> Result<()> {
        table.columns.iter().try_for_each(check_column)?;
        table.constraints.iter().try_for_each(|constraint| Mysql.check_rule(constraint))?;
        let mut sql = Mysql.create_table_sql(table, &table.name)?;
        // A database may have been made with another set of characters.
        sql.push_str(" DEFAULT CHARACTER SET utf8mb4");
        if let Some(comment) = &table.comment {
            sql.push_str(&Mysql.inline_comment(comment).unwrap_or_default());
        }
        self.push(sql);
        table.indexes.iter().try_for_each(|index| self.add_index(table, index, false))
    }

    fn drop_table(&mut self, table: &Table) -> Result<()> {
        self.push(format!("DROP TABLE {}", Mysql.quote(&table.name)));
        Ok(())
    }

    fn add_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()> {
        check_column(column)?;
        let name = Mysql.quote(&column.name);
        let fill = column.fill.as_ref().filter(|_| column.default.is_none() && column.generated.is_none());
        match fill {
            Some(fill @ Default::Value(_)) => {
                let filled = Column { default: Some(fill.clone()), ..column.clone() };
                self.alter(new, &format!("ADD COLUMN {}", Mysql.column_sql(&filled)));
                self.alter(new, &format!("ALTER COLUMN {name} DROP DEFAULT"));
            }
            Some(fill) => {
                // An expression may differ from row to row: it goes into the rows by UPDATE.
                let open = Column { null: true, ..column.clone() };
                self.alter(new, &format!("ADD COLUMN {}", Mysql.column_sql(&open)));
                let sql = Mysql.default_sql(fill, column.kind);
                self.push(format!("UPDATE {} SET {name} = {sql}", Mysql.quote(&new.name)));
                if !column.null {
                    self.alter(new, &format!("MODIFY COLUMN {}", Mysql.column_sql(column)));
                }
            }
            None => self.alter(new, &format!("ADD COLUMN {}", Mysql.column_sql(column))),
        }
        if let Some(key) = &column.foreign_key {
            self.alter(new, &format!("ADD {}", Mysql.foreign_key_sql(column, key)));
        }
        for constraint in added(&old.constraints, &new.constraints, |constraint| &constraint.name) {
            self.add_constraint(old, new, constraint, false)?;
        }
        for index in added(&old.indexes, &new.indexes, |index| &index.name) {
            self.add_index(new, index, false)?;
        }
        Ok(())
    }

    fn drop_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()> {
        if let Some(key) = &column.foreign_key {
            self.alter(new, &format!("DROP FOREIGN KEY {}", Mysql.quote(&key.name)));
        }
        for constraint in added(&new.constraints, &old.constraints, |constraint| &constraint.name) {
            self.drop_constraint(old, new, constraint)?;
        }
        self.alter(new, &format!("DROP COLUMN {}", Mysql.quote(&column.name)));
        Ok(())
    }

    fn add_index(&mut self, table: &Table, index: &Index, concurrently: bool) -> Result<()> {
        self.push(Mysql.index_sql(&table.name, index, concurrently)?);
        Ok(())
    }

    fn drop_index(&mut self, table: &Table, index: &Index, _concurrently: bool) -> Result<()> {
        self.push(format!("DROP INDEX {} ON {}", Mysql.quote(&index.name), Mysql.quote(&table.name)));
        Ok(())
    }

    fn add_constraint(
        &mut self,
        _old: &Table,
        new: &Table,
        constraint: &Constraint,
        _not_valid: bool,
    ) -> Result<()> {
        Mysql.check_rule(constraint)?;
        if let Some(sql) = Mysql.constraint_sql(constraint)? {
            self.alter(new, &format!("ADD {sql}"));
        }
        Ok(())
    }

    fn drop_constraint(&mut self, old: &Table, _new: &Table, constraint: &Constraint) -> Result<()> {
        // MariaDB and MySQL from 8.0.19 know DROP CONSTRAINT for all kinds; for unique ones the index is older.
        let kind = if matches!(constraint.rule, Rule::Check(_)) { "CONSTRAINT" } else { "INDEX" };
        self.alter(old, &format!("DROP {kind} {}", Mysql.quote(&constraint.name)));
        Ok(())
    }

    fn run_sql(&mut self, sql: &str) {
        self.push(sql.to_owned());
    }

    fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }
}
