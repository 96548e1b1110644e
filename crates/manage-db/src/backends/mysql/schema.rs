//! DDL of MariaDB and MySQL.

use crate::backends::base::changes::{Alter, Alteration, TableChange};
use crate::backends::base::conversion::Family;
use crate::backends::base::misfit::{Misfit, signed_range};
use crate::backends::base::names::generated_name;
use crate::backends::base::schema::{SchemaEditor, Several, Step, Words, literal};
use crate::backends::base::tables::{
    Column, ColumnType, Constraint, Default, ForeignKey, Index, IndexPart, Rule, Table, Trigger,
};
use crate::backends::base::trigger::{EVENTS, Event, TriggerWords};
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

    /// MariaDB takes it for a mistake, MySQL does not.
    fn may_require_computed(&self) -> bool {
        false
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

impl Misfit for Mysql {
    fn range(&self, kind: ColumnType) -> Option<(i128, i128)> {
        match kind {
            ColumnType::Boolean => Some((i128::from(i8::MIN), i128::from(i8::MAX))),
            _ => {
                signed_range(kind).map(|(least, most)| (least, if least == 0 { most * 2 + 1 } else { most }))
            }
        }
    }

    fn is_longer(&self, value: &str, length: u32) -> Option<String> {
        Some(format!("CHAR_LENGTH({value}) > {length}"))
    }

    fn is_number(&self, value: &str, is_whole: bool) -> String {
        let digits = if is_whole { "[0-9]+" } else { "([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?" };
        format!("{value} REGEXP '^[[:space:]]*[-+]?{digits}$'")
    }

    fn number(&self, value: &str) -> String {
        format!("CAST({value} AS DECIMAL(65, 20))")
    }

    fn is_no_value(&self, value: &str, kind: ColumnType) -> Option<String> {
        match kind {
            ColumnType::Boolean => {
                let number = self.whole_misfit(&self.number(value), kind)?;
                let is_number = self.is_number(value, true);
                Some(format!("CASE WHEN {is_number} THEN {number} ELSE {value} IS NOT NULL END"))
            }
            ColumnType::Uuid => Some(format!("CHAR_LENGTH(REPLACE({value}, '-', '')) <> 32")),
            ColumnType::Json => Some(format!("NOT JSON_VALID({value})")),
            _ => None,
        }
    }
}

impl TriggerWords for Mysql {
    fn converted(&self, value: &str, from: &Column, to: &Column) -> String {
        match (from.kind.family(), to.kind.family()) {
            (Family::Text, Family::Uuid) => format!("REPLACE({value}, '-', '')"),
            _ => value.to_owned(),
        }
    }

    fn differ(&self, one: &str, other: &str) -> String {
        format!("NOT ({one} <=> {other})")
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

    /// What may stand together in one statement, which both servers do whole or not at all.
    fn alter_all(&mut self, table: &Table, changes: &[String]) {
        if !changes.is_empty() {
            self.alter(table, &changes.join(", "));
        }
    }

    fn add_trigger(&mut self, trigger: &Trigger) {
        let words: (fn(&str, &str) -> String, &str) =
            (|column, value| format!("SET NEW.{column} = {value};"), "ELSEIF");
        for event in EVENTS {
            let (name, table) = (trigger_name(trigger, event), Mysql.quote(&trigger.table));
            let body = Mysql.branches(trigger, event, words);
            let event = event.word();
            self.push(format!(
                "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW BEGIN {body} END"
            ));
        }
    }

    fn drop_trigger(&mut self, trigger: &Trigger) {
        for event in EVENTS {
            self.push(format!("DROP TRIGGER IF EXISTS {}", trigger_name(trigger, event)));
        }
    }

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
        table.indexes.iter().try_for_each(|index| self.add_index(table, index))
    }

    fn alter_table(&mut self, alter: &Alter) -> Result<()> {
        let before = alter.before();
        let alterations = alter.alterations(&before);
        let table = &alter.new;
        let borrowed = keys_without_index(&before, table, &alterations);
        if let ([Alteration::DropIndex(index)], true) = (&alterations[..], borrowed.is_empty()) {
            self.push(format!("DROP INDEX {} ON {}", Mysql.quote(&index.name), Mysql.quote(&table.name)));
            return Ok(());
        }
        let checks = checks_of_renamed(alter, &before);
        let mut drops: Vec<String> = borrowed.iter().filter_map(|column| drop_key(column)).collect();
        drops.extend(checks.iter().map(|check| drop_constraint(check)));
        drops.extend(alterations.iter().flat_map(|one| drop_sql(alter, &before, *one)));
        self.alter_all(table, &drops);
        let name = |name: &String| Mysql.quote(name);
        let renames = alter.origins.iter().filter(|(new, old)| new != old);
        let renames = renames.map(|(new, old)| format!("RENAME COLUMN {} TO {}", name(old), name(new)));
        self.alter_all(table, &renames.collect::<Vec<_>>());
        self.alter_columns(table, &alterations)?;
        let renames: Vec<String> = alterations.iter().filter_map(|one| rename_sql(*one)).collect();
        self.alter_all(table, &renames);
        checks.into_iter().try_for_each(|check| self.add_constraint(table, check))?;
        for alteration in alterations {
            self.alter_otherwise(alter, alteration)?;
        }
        for column in borrowed {
            self.add_key(table, column, alter.concurrently);
        }
        Ok(())
    }

    fn alter_columns(&mut self, table: &Table, alterations: &[Alteration<'_>]) -> Result<()> {
        let mut changes = Vec::new();
        for alteration in alterations {
            let Alteration::AlterColumn { old, new } = alteration else { continue };
            check_column(new)?;
            if Mysql.column_sql(old) == Mysql.column_sql(new) {
                continue;
            }
            let name = Mysql.quote(&new.name);
            if old.kind.family() == Family::Text && new.kind.family() == Family::Uuid {
                let bare = format!("REPLACE({name}, '-', '')");
                self.push(format!("UPDATE {} SET {name} = {bare}", Mysql.quote(&table.name)));
            }
            let fill = new.fill.as_ref().or(new.default.as_ref()).filter(|_| old.null && !new.null);
            if let Some(fill) = fill {
                // First the type, so that the value fits; then the value; then the rule.
                let open = Column { null: true, ..(*new).clone() };
                if Mysql.column_sql(&open) != Mysql.column_sql(old) {
                    self.alter(table, &format!("MODIFY COLUMN {}", Mysql.definition_sql(&open, false)));
                }
                let (table, sql) = (Mysql.quote(&table.name), Mysql.default_sql(fill, new.kind));
                self.push(format!("UPDATE {table} SET {name} = {sql} WHERE {name} IS NULL"));
            }
            changes.push(format!("MODIFY COLUMN {}", Mysql.definition_sql(new, false)));
            match (old.primary_key, new.primary_key) {
                (true, false) => changes.push("DROP PRIMARY KEY".to_owned()),
                (false, true) => changes.push(format!("ADD PRIMARY KEY ({name})")),
                _ => {}
            }
        }
        let needs_copy = |one: &Alteration<'_>| match one {
            Alteration::AlterColumn { old, new } => needs_copy(table, old, new),
            _ => false,
        };
        if alterations.iter().any(needs_copy) {
            changes.push("ALGORITHM = COPY".to_owned());
        }
        self.alter_all(table, &changes);
        Ok(())
    }

    fn alter_otherwise(&mut self, alter: &Alter, alteration: Alteration<'_>) -> Result<()> {
        let table = &alter.new;
        match alteration {
            Alteration::AddColumn(column) => self.add_column(table, column)?,
            Alteration::RenameConstraint { new, .. } if is_check(new) => self.add_constraint(table, new)?,
            Alteration::AddConstraint(constraint) => self.add_constraint(table, constraint)?,
            Alteration::RenameForeignKey { new, .. } | Alteration::AddForeignKey(new) => {
                check_column(new)?;
                self.add_key(table, new, alter.concurrently);
            }
            Alteration::AddIndex(index) => self.add_index(table, index)?,
            Alteration::Comment(comment) => {
                self.alter(table, &format!("COMMENT = {}", escaped(comment.unwrap_or_default())));
            }
            _ => {}
        }
        Ok(())
    }

    fn add_column(&mut self, table: &Table, column: &Column) -> Result<()> {
        check_column(column)?;
        let name = Mysql.quote(&column.name);
        let fill = column.fill.as_ref().filter(|_| column.default.is_none() && column.generated.is_none());
        match fill {
            Some(fill @ Default::Value(_)) => {
                let filled = Column { default: Some(fill.clone()), ..column.clone() };
                self.alter(table, &format!("ADD COLUMN {}", Mysql.column_sql(&filled)));
                self.alter(table, &format!("ALTER COLUMN {name} DROP DEFAULT"));
            }
            Some(fill) => {
                // An expression may differ from row to row: it goes into the rows by UPDATE.
                let open = Column { null: true, ..column.clone() };
                self.alter(table, &format!("ADD COLUMN {}", Mysql.column_sql(&open)));
                let sql = Mysql.default_sql(fill, column.kind);
                self.push(format!("UPDATE {} SET {name} = {sql}", Mysql.quote(&table.name)));
                if !column.null {
                    self.alter(table, &format!("MODIFY COLUMN {}", Mysql.column_sql(column)));
                }
            }
            None => self.alter(table, &format!("ADD COLUMN {}", Mysql.column_sql(column))),
        }
        self.add_key(table, column, false);
        Ok(())
    }

    fn add_key(&mut self, table: &Table, column: &Column, concurrently: bool) {
        let Some(key) = &column.foreign_key else { return };
        let sql = Mysql.foreign_key_sql(column, key);
        if concurrently {
            self.add_key_beside(table, column, key, &sql);
        } else {
            self.alter(table, &format!("ADD {sql}"));
        }
    }

    /// Without looking at rows the servers add a key while others write, and hold those to it. The rows that are there are
    /// compared afterwards, by a statement that cannot be run where one of them points to nothing.
    fn add_key_beside(&mut self, table: &Table, column: &Column, key: &ForeignKey, sql: &str) {
        let [own, name, target, pointed] =
            [&table.name, &column.name, &key.table, &key.column].map(|name| Mysql.quote(name));
        let mut problem = format!("a row of {}.{} points to nothing", table.name, column.name);
        while problem.len() > super::features::FEATURES.max_identifier_bytes {
            problem.pop();
        }
        let problem = Mysql.quote(problem.trim_end());
        let left = format!(
            "SELECT CONCAT('ALTER TABLE ', {quoted}, ' DROP FOREIGN KEY ', {key}) FROM information_schema.TABLE_CONSTRAINTS WHERE \
             TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {table} AND CONSTRAINT_NAME = {name} AND CONSTRAINT_TYPE = 'FOREIGN KEY'",
            quoted = escaped(&own),
            key = escaped(&Mysql.quote(&key.name)),
            table = escaped(&table.name),
            name = escaped(&key.name),
        );
        let compared = format!(
            "SET @orphans = (SELECT n FROM (SELECT 1 AS n UNION ALL SELECT 2) AS {problem} WHERE EXISTS (SELECT 1 FROM {own} AS \
             child LEFT JOIN {target} AS parent ON parent.{pointed} = child.{name} WHERE child.{name} IS NOT NULL AND \
             parent.{pointed} IS NULL))"
        );
        let statements = vec![
            "SET SESSION foreign_key_checks = 0".to_owned(),
            format!("ALTER TABLE {own} ADD {sql}, ALGORITHM = INPLACE, LOCK = NONE"),
            "SET SESSION foreign_key_checks = 1".to_owned(),
            compared,
        ];
        let several = Several { before: Some(left), statements, after: None };
        self.steps.push(Step::Several(Box::new(several)));
    }

    fn add_index(&mut self, table: &Table, index: &Index) -> Result<()> {
        self.push(Mysql.index_sql(&table.name, index, false)?);
        Ok(())
    }

    fn add_constraint(&mut self, table: &Table, constraint: &Constraint) -> Result<()> {
        Mysql.check_rule(constraint)?;
        if let Some(sql) = Mysql.constraint_sql(constraint)? {
            self.alter(table, &format!("ADD {sql}"));
        }
        Ok(())
    }
}

impl SchemaEditor for Editor {
    fn change(&mut self, change: &TableChange) -> Result<()> {
        match change {
            TableChange::Create(table) => self.create_table(table)?,
            TableChange::Drop(table) => self.push(format!("DROP TABLE {}", Mysql.quote(&table.name))),
            TableChange::Rename { from, to } => {
                self.push(format!("ALTER TABLE {} RENAME TO {}", Mysql.quote(from), Mysql.quote(to)));
            }
            TableChange::Alter(alter) => self.alter_table(alter)?,
            TableChange::Trigger { trigger, is_wanted: true } => self.add_trigger(trigger),
            TableChange::Trigger { trigger, is_wanted: false } => self.drop_trigger(trigger),
            TableChange::Validate { .. } | TableChange::Extension { .. } => {}
        }
        Ok(())
    }

    fn misfit(&self, value: &str, from: ColumnType, to: ColumnType) -> Option<String> {
        Mysql.misfit(value, from, to)
    }

    fn constant(&self, value: &Value) -> String {
        Mysql.literal(value)
    }

    fn value(&self, default: &Default, kind: ColumnType) -> String {
        Mysql.default_sql(default, kind)
    }

    fn converted(&self, value: &str, from: &Column, to: &Column) -> String {
        Mysql.converted(value, from, to)
    }

    fn differ(&self, one: &str, other: &str) -> String {
        Mysql.differ(one, other)
    }

    fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }
}

/// Whether the server is to write the table anew although it need not. MariaDB (10.11) makes a text longer in place, counts the
/// columns wrongly where one before it is computed and stored, and refuses because of the key of another column.
fn needs_copy(table: &Table, old: &Column, new: &Column) -> bool {
    let is_stored = |column: &Column| column.generated.as_ref().is_some_and(|generated| generated.stored);
    let is_text = old.kind.family() == Family::Text && new.kind.family() == Family::Text;
    is_text && old.kind != new.kind && table.columns.iter().any(is_stored)
}

fn trigger_name(trigger: &Trigger, event: Event) -> String {
    let suffix = format!("_sync_{}", event.word().to_lowercase());
    Mysql.quote(&generated_name(&trigger.table, &[&trigger.column.name], &suffix))
}

fn is_check(constraint: &Constraint) -> bool {
    matches!(constraint.rule, Rule::Check(_))
}

/// What goes as parts of ALTER TABLE. An index goes with its columns.
fn drop_sql(alter: &Alter, before: &Table, alteration: Alteration<'_>) -> Vec<String> {
    match alteration {
        Alteration::DropForeignKey(column) | Alteration::RenameForeignKey { old: column, .. } => {
            let own = (!alter.drops(|name| name == column.name) && !has_index(before, column)).then(|| {
                column.foreign_key.as_ref().map(|key| format!("DROP INDEX {}", Mysql.quote(&key.name)))
            });
            drop_key(column).into_iter().chain(own.flatten()).collect()
        }
        Alteration::RenameConstraint { old, .. } if is_check(old) => vec![drop_constraint(old)],
        Alteration::DropConstraint(constraint) => vec![drop_constraint(constraint)],
        Alteration::DropIndex(index) if !alter.drops(|column| index.uses(column)) => {
            vec![format!("DROP INDEX {}", Mysql.quote(&index.name))]
        }
        Alteration::DropColumn(column) => vec![format!("DROP COLUMN {}", Mysql.quote(&column.name))],
        _ => Vec::new(),
    }
}

fn drop_key(column: &Column) -> Option<String> {
    let key = column.foreign_key.as_ref()?;
    Some(format!("DROP FOREIGN KEY {}", Mysql.quote(&key.name)))
}

fn drop_constraint(constraint: &Constraint) -> String {
    // MariaDB and MySQL from 8.0.19 know DROP CONSTRAINT for all kinds; for unique ones the index is older.
    let kind = if is_check(constraint) { "CONSTRAINT" } else { "INDEX" };
    format!("DROP {kind} {}", Mysql.quote(&constraint.name))
}

fn rename_sql(alteration: Alteration<'_>) -> Option<String> {
    let (old, new) = match alteration {
        Alteration::RenameIndex { old, new } => (&old.name, &new.name),
        Alteration::RenameConstraint { old, new } if !is_check(new) => (&old.name, &new.name),
        _ => return None,
    };
    Some(format!("RENAME INDEX {} TO {}", Mysql.quote(old), Mysql.quote(new)))
}

/// Whether an index of the table begins with the column, so that a key made none of its own.
fn has_index(table: &Table, column: &Column) -> bool {
    let indexed = table.indexes.iter().filter_map(|index| match index.parts.first() {
        Some(IndexPart::Column { name, .. }) => Some(name),
        _ => None,
    });
    let unique = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Unique { columns, .. } => columns.first(),
        _ => None,
    });
    indexed.chain(unique).any(|name| *name == column.name)
}

/// Kept keys whose last index goes: the servers hold on to it as long as the key is there.
fn keys_without_index<'a>(before: &Table, new: &'a Table, alterations: &[Alteration<'_>]) -> Vec<&'a Column> {
    let mut left = before.clone();
    for alteration in alterations {
        match alteration {
            Alteration::DropIndex(gone) => left.indexes.retain(|index| index.name != gone.name),
            Alteration::DropConstraint(gone) => left.constraints.retain(|rule| rule.name != gone.name),
            _ => {}
        }
    }
    let is_without = |column: &&Column| {
        let old = before.column(&column.name).map(|old| &old.foreign_key);
        let is_kept = column.foreign_key.is_some() && old == Some(&column.foreign_key);
        is_kept && has_index(before, column) && !has_index(&left, column)
    };
    new.columns.iter().filter(is_without).collect()
}

/// Checks that name a renamed column, as they are after: the servers do not follow.
fn checks_of_renamed<'a>(alter: &Alter, before: &'a Table) -> Vec<&'a Constraint> {
    let pairs = alter.old.constraints.iter().zip(&before.constraints);
    let changed = pairs.filter(|(old, renamed)| is_check(old) && old != renamed);
    changed.map(|(_, renamed)| renamed).filter(|check| alter.new.constraints.contains(check)).collect()
}

fn check_column(column: &Column) -> Result<()> {
    match &column.foreign_key {
        Some(key) if [key.on_delete, key.on_update].contains(&Some("SET DEFAULT")) => {
            Err(refused(format!("a foreign key with SET DEFAULT (column {})", column.name)))
        }
        _ => Ok(()),
    }
}
