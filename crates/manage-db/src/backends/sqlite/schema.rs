//! DDL of SQLite. What ALTER TABLE cannot do is done by making the table anew.

use crate::backends::base::schema::{
    Column, ColumnType, Constraint, Default, Guard, Index, Rule, SchemaEditor, Step, Table, Words, added,
    as_index, text_literal,
};
use crate::backends::base::{Features, Value};
use crate::error::{Error, Result};

/// While a table is made anew, keys of others point to nothing, and names in views and triggers must be left alone.
pub(super) static GUARD: Guard = Guard {
    before: &["PRAGMA foreign_keys=OFF", "PRAGMA legacy_alter_table=ON"],
    after: &["PRAGMA legacy_alter_table=OFF", "PRAGMA foreign_keys=ON"],
    orphans: "PRAGMA foreign_key_check",
};

struct Sqlite;

impl Words for Sqlite {
    fn features(&self) -> &'static Features {
        &super::features::FEATURES
    }

    fn type_name(&self, kind: ColumnType) -> String {
        match kind {
            ColumnType::SmallAuto | ColumnType::Auto | ColumnType::BigAuto | ColumnType::Integer => "integer",
            ColumnType::SmallInteger => "smallint",
            ColumnType::BigInteger | ColumnType::Duration => "bigint",
            ColumnType::PositiveSmallInteger => "smallint unsigned",
            ColumnType::PositiveInteger => "integer unsigned",
            ColumnType::PositiveBigInteger => "bigint unsigned",
            ColumnType::Boolean => "bool",
            ColumnType::Char(length) => return format!("varchar({length})"),
            ColumnType::Text | ColumnType::Json => "text",
            ColumnType::Uuid => "char(32)",
            ColumnType::Date => "date",
            ColumnType::Time => "time",
            ColumnType::DateTime => "datetime",
            ColumnType::Decimal { .. } => "decimal",
            ColumnType::Float => "real",
            ColumnType::Binary => "BLOB",
            ColumnType::IpAddress => "char(39)",
        }
        .to_owned()
    }

    fn auto_suffix(&self) -> &'static str {
        " AUTOINCREMENT"
    }

    fn type_check(&self, column: &Column) -> Option<String> {
        let name = self.quote(&column.name);
        match column.kind {
            ColumnType::Json => Some(format!("JSON_VALID({name}) OR {name} IS NULL")),
            kind if kind.is_positive() && column.foreign_key.is_none() => Some(format!("{name} >= 0")),
            _ => None,
        }
    }

    fn now(&self, kind: ColumnType) -> &'static str {
        match kind {
            ColumnType::Date => "CURRENT_DATE",
            ColumnType::Time => "STRFTIME('%H:%M:%f', 'NOW')",
            _ => "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')",
        }
    }

    fn uuid(&self) -> &'static str {
        "lower(hex(randomblob(16)))"
    }

    fn foreign_key_suffix(&self) -> &'static str {
        " DEFERRABLE INITIALLY DEFERRED"
    }

    fn check_rule(&self, constraint: &Constraint) -> Result<()> {
        let what = match &constraint.rule {
            Rule::Exclude(_) => "exclusion constraints",
            Rule::Unique { deferrable: true, .. } => "deferrable unique constraints",
            Rule::Unique { nulls_distinct: false, .. } => "unique constraints for which two NULLs are equal",
            _ => return Ok(()),
        };
        let vendor = self.features().display_name;
        Err(Error::NotSupported { what: format!("{what} (constraint {})", constraint.name), vendor })
    }
}

/// Writes SQLite's DDL.
#[derive(Default)]
pub(super) struct Editor {
    steps: Vec<Step>,
    is_guarded: bool,
}

impl Editor {
    fn push(&mut self, sql: String) {
        self.steps.push(Step::Sql(sql));
    }

    /// Makes `old` anew as `new`, as <https://www.sqlite.org/lang_altertable.html#otheralter> tells, without losing
    /// triggers, indexes made by hand, views and the numbers that were already given.
    fn rebuild(&mut self, old: &Table, new: &Table) -> Result<()> {
        self.is_guarded = true;
        let fresh = format!("new__{}", new.name);
        let kept: Vec<&Column> = new.columns.iter().filter(|column| column.generated.is_none()).collect();
        let sources: Vec<String> = kept.iter().map(|column| source(old, column)).collect();
        let names: Vec<&str> = kept.iter().map(|column| column.name.as_str()).collect();
        let (quoted, quoted_fresh) = (Sqlite.quote(&new.name), Sqlite.quote(&fresh));
        let mut statements = vec![
            Sqlite.create_table_sql(new, &fresh)?,
            format!(
                "INSERT INTO {quoted_fresh} ({}) SELECT {} FROM {quoted}",
                Sqlite.quote_all(&names),
                sources.join(", ")
            ),
        ];
        if new.columns.iter().any(|column| column.primary_key && column.kind.is_auto()) {
            let (name, fresh) = (text_literal(&new.name), text_literal(&fresh));
            statements.push(format!("DELETE FROM sqlite_sequence WHERE name = {fresh}"));
            statements.push(format!("UPDATE sqlite_sequence SET name = {fresh} WHERE name = {name}"));
        }
        statements.push(format!("DROP TABLE {quoted}"));
        statements.push(format!("ALTER TABLE {quoted_fresh} RENAME TO {quoted}"));
        statements.extend(indexes(new)?);
        let known: Vec<String> = all_indexes(old).iter().map(|index| text_literal(&index.name)).collect();
        let table = text_literal(&new.name);
        // Views are not touched, but one that names a column which is gone would break in silence: it is tried.
        let saved = format!(
            "SELECT sql FROM (SELECT rowid AS n, sql FROM sqlite_master WHERE tbl_name = {table} COLLATE NOCASE \
             AND type IN ('index', 'trigger') AND sql IS NOT NULL AND name NOT IN ({}) UNION ALL \
             SELECT rowid, 'SELECT 1 FROM \"' || replace(name, '\"', '\"\"') || '\" LIMIT 0' FROM sqlite_master \
             WHERE type = 'view' AND instr(lower(sql), lower({table})) > 0) ORDER BY n",
            known.join(", ")
        );
        self.steps.push(Step::Several { before: None, statements, after: Some(saved) });
        Ok(())
    }
}

/// Where the rows' value of `column` comes from.
fn source(old: &Table, column: &Column) -> String {
    let name = Sqlite.quote(&column.name);
    let fill = column.fill.as_ref().or(column.default.as_ref());
    let fill = fill.map(|fill| Sqlite.default_sql(fill, column.kind));
    match (old.column(&column.name), fill) {
        (Some(before), Some(fill)) if before.null && !column.null => format!("coalesce({name}, {fill})"),
        (Some(_), _) => name,
        (None, Some(fill)) => fill,
        (None, None) => "NULL".to_owned(),
    }
}

fn all_indexes(table: &Table) -> Vec<Index> {
    table.indexes.iter().cloned().chain(table.constraints.iter().filter_map(as_index)).collect()
}

fn indexes(table: &Table) -> Result<Vec<String>> {
    all_indexes(table).iter().map(|index| Sqlite.index_sql(&table.name, index, false)).collect()
}

impl SchemaEditor for Editor {
    fn create_table(&mut self, table: &Table) -> Result<()> {
        self.push(Sqlite.create_table_sql(table, &table.name)?);
        for sql in indexes(table)? {
            self.push(sql);
        }
        Ok(())
    }

    fn drop_table(&mut self, table: &Table) -> Result<()> {
        self.is_guarded = true;
        self.push(format!("DROP TABLE {}", Sqlite.quote(&table.name)));
        Ok(())
    }

    fn add_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()> {
        let constraints = added(&old.constraints, &new.constraints, |constraint| &constraint.name);
        let is_plain = constraints.is_empty()
            && !column.primary_key
            && column.fill.is_none()
            && match (&column.generated, &column.default) {
                (Some(generated), _) => !generated.stored,
                (None, Some(Default::Value(value))) => column.foreign_key.is_none() && *value != Value::Null,
                (None, Some(_)) => false,
                (None, None) => column.null,
            };
        if !is_plain {
            return self.rebuild(old, new);
        }
        let mut sql =
            format!("ALTER TABLE {} ADD COLUMN {}", Sqlite.quote(&new.name), Sqlite.column_sql(column));
        if let Some(key) = &column.foreign_key {
            sql.push_str(&format!(" CONSTRAINT {} {}", Sqlite.quote(&key.name), Sqlite.references_sql(key)));
        }
        self.push(sql);
        for index in added(&old.indexes, &new.indexes, |index| &index.name) {
            self.push(Sqlite.index_sql(&new.name, index, false)?);
        }
        Ok(())
    }

    fn drop_column(&mut self, old: &Table, new: &Table, column: &Column) -> Result<()> {
        let is_plain = old.constraints == new.constraints
            && old.indexes == new.indexes
            && !column.primary_key
            && column.foreign_key.is_none();
        if !is_plain {
            return self.rebuild(old, new);
        }
        let (table, name) = (Sqlite.quote(&new.name), Sqlite.quote(&column.name));
        self.push(format!("ALTER TABLE {table} DROP COLUMN {name}"));
        Ok(())
    }

    fn add_index(&mut self, table: &Table, index: &Index, concurrently: bool) -> Result<()> {
        self.push(Sqlite.index_sql(&table.name, index, concurrently)?);
        Ok(())
    }

    fn drop_index(&mut self, _table: &Table, index: &Index, _concurrently: bool) -> Result<()> {
        self.push(format!("DROP INDEX {}", Sqlite.quote(&index.name)));
        Ok(())
    }

    fn add_constraint(
        &mut self,
        old: &Table,
        new: &Table,
        constraint: &Constraint,
        _not_valid: bool,
    ) -> Result<()> {
        match as_index(constraint) {
            Some(index) => self.add_index(new, &index, false),
            None => self.rebuild(old, new),
        }
    }

    fn drop_constraint(&mut self, old: &Table, new: &Table, constraint: &Constraint) -> Result<()> {
        match as_index(constraint) {
            Some(index) => self.drop_index(old, &index, false),
            None => self.rebuild(old, new),
        }
    }

    fn run_sql(&mut self, sql: &str) {
        self.push(sql.to_owned());
    }

    fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    fn guard(&self) -> Option<&'static Guard> {
        self.is_guarded.then_some(&GUARD)
    }
}
