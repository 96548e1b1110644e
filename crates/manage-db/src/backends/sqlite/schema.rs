//! DDL of SQLite. What ALTER TABLE cannot do is done by making the table anew.

use crate::backends::base::changes::{Alter, Alteration, TableChange};
use crate::backends::base::conversion::Family;
use crate::backends::base::misfit::Misfit;
use crate::backends::base::names::generated_name;
use crate::backends::base::schema::{Guard, SchemaEditor, Several, Step, Words, as_index, text_literal};
use crate::backends::base::tables::{Column, ColumnType, Constraint, Default, Index, Rule, Table, Trigger};
use crate::backends::base::trigger::{EVENTS, Event, TriggerWords};
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
            _ if column.db_type.is_some() => None,
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

/// The database takes any value for any type, but for what a type's own check refuses and a conversion cannot read.
impl Misfit for Sqlite {
    fn range(&self, kind: ColumnType) -> Option<(i128, i128)> {
        kind.is_positive().then_some((0, i128::from(i64::MAX)))
    }

    fn is_longer(&self, _value: &str, _length: u32) -> Option<String> {
        None
    }

    fn keeps_digits(&self) -> bool {
        false
    }

    fn is_number(&self, value: &str, _is_whole: bool) -> String {
        format!("({value} GLOB '*[0-9]*' AND NOT {value} GLOB '*[^-+0-9.eE]*')")
    }

    fn number(&self, value: &str) -> String {
        format!("CAST({value} AS NUMERIC)")
    }

    fn is_no_value(&self, value: &str, kind: ColumnType) -> Option<String> {
        match kind {
            ColumnType::Boolean => {
                Some(format!("({value} IS NOT NULL AND NOT {})", self.is_number(value, true)))
            }
            ColumnType::Uuid => Some(format!("length(replace({value}, '-', '')) <> 32")),
            ColumnType::Date => Some(format!("({value} IS NOT NULL AND date({value}) IS NULL)")),
            ColumnType::DateTime => Some(format!("({value} IS NOT NULL AND datetime({value}) IS NULL)")),
            ColumnType::Json => Some(format!("({value} IS NOT NULL AND NOT json_valid({value}))")),
            _ => None,
        }
    }
}

impl TriggerWords for Sqlite {
    fn converted(&self, value: &str, from: &Column, to: &Column) -> String {
        converted(value, from.kind, to.kind)
    }

    fn differ(&self, one: &str, other: &str) -> String {
        format!("{one} IS NOT {other}")
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

    /// Statements that views and triggers follow, which a guarded migration else leaves alone.
    fn rename(&mut self, sql: String) {
        self.is_guarded = true;
        self.push("PRAGMA legacy_alter_table=OFF".to_owned());
        self.push(sql);
        self.push("PRAGMA legacy_alter_table=ON".to_owned());
    }

    /// Triggers cannot change the row that is about to be written, so each changes it once it is.
    fn add_trigger(&mut self, trigger: &Trigger) {
        let (table, key) = (Sqlite.quote(&trigger.table), Sqlite.quote(&trigger.key));
        for (name, event, number) in triggers(trigger) {
            let mut assignments = Sqlite.assignments(trigger, event);
            let mut conditions: Vec<String> = assignments[..number]
                .iter()
                .flat_map(|earlier| &earlier.condition)
                .map(|earlier| format!("NOT ({earlier})"))
                .collect();
            let one = assignments.swap_remove(number);
            conditions.extend(one.condition);
            // One that has the value already is left alone, else two would call each other for ever.
            let column = Sqlite.quote(&one.column.name);
            conditions.push(Sqlite.differ(&format!("NEW.{column}"), &one.value));
            let (event, conditions, value) = (event.word(), conditions.join(" AND "), one.value);
            self.push(format!(
                "CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {conditions} BEGIN UPDATE {table} SET {column} = {value} \
                 WHERE {key} = NEW.{key}; END"
            ));
        }
    }

    fn create_table(&mut self, table: &Table) -> Result<()> {
        self.push(Sqlite.create_table_sql(table, &table.name)?);
        for sql in indexes(table)? {
            self.push(sql);
        }
        Ok(())
    }

    fn alter_table(&mut self, alter: &Alter) -> Result<()> {
        let table = Sqlite.quote(&alter.new.name);
        let renames: Vec<String> = alter
            .renames()
            .into_iter()
            .map(|(from, to)| (Sqlite.quote(&from), Sqlite.quote(&to)))
            .map(|(from, to)| format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"))
            .collect();
        if alter.swaps() {
            self.swap(&alter.new.name, renames);
        } else {
            renames.into_iter().for_each(|sql| self.rename(sql));
        }
        let before = alter.before();
        let alterations = alter.alterations(&before);
        if !alterations.iter().all(|one| in_place(alter, *one)) {
            return self.rebuild(alter, &before);
        }
        // Two may take each other's name.
        let renamed = alterations.iter().filter_map(|one| match one {
            Alteration::RenameIndex { old, .. } => Some(&old.name),
            Alteration::RenameConstraint { old, .. } if as_index(old).is_some() => Some(&old.name),
            _ => None,
        });
        for name in renamed {
            self.push(format!("DROP INDEX {}", Sqlite.quote(name)));
        }
        alterations.into_iter().try_for_each(|one| self.alter_in_place(&alter.new, one))
    }

    /// Columns that take each other's name. Triggers and views go on to name what they name, as on other databases: they would
    /// follow the columns here.
    fn swap(&mut self, table: &str, renames: Vec<String>) {
        self.is_guarded = true;
        let table = text_literal(table);
        let views = format!(
            "SELECT name FROM sqlite_master WHERE type = 'view' AND instr(lower(sql), lower({table})) > 0"
        );
        let own = format!(
            "FROM sqlite_master WHERE name IN ({views}) OR (type = 'trigger' AND (tbl_name = {table} COLLATE NOCASE OR \
             tbl_name IN ({views})))"
        );
        let mut statements = vec!["PRAGMA legacy_alter_table=OFF".to_owned()];
        statements.extend(renames);
        statements.push("PRAGMA legacy_alter_table=ON".to_owned());
        let before = format!(
            "SELECT 'DROP ' || type || ' \"' || replace(name, '\"', '\"\"') || '\"' {own} ORDER BY type"
        );
        let after = format!("SELECT sql {own} ORDER BY type DESC, rowid");
        let several = Several { before: Some(before), statements, after: Some(after) };
        self.steps.push(Step::Several(Box::new(several)));
    }

    fn alter_in_place(&mut self, table: &Table, alteration: Alteration<'_>) -> Result<()> {
        let quoted = Sqlite.quote(&table.name);
        match alteration {
            Alteration::DropIndex(Index { name, .. })
            | Alteration::DropConstraint(Constraint { name, .. }) => {
                self.push(format!("DROP INDEX {}", Sqlite.quote(name)));
            }
            Alteration::DropColumn(column) => {
                self.push(format!("ALTER TABLE {quoted} DROP COLUMN {}", Sqlite.quote(&column.name)));
            }
            Alteration::AddColumn(column) => {
                let mut sql = format!("ALTER TABLE {quoted} ADD COLUMN {}", Sqlite.column_sql(column));
                if let Some(key) = &column.foreign_key {
                    let (name, references) = (Sqlite.quote(&key.name), Sqlite.references_sql(key));
                    sql.push_str(&format!(" CONSTRAINT {name} {references}"));
                }
                self.push(sql);
            }
            Alteration::RenameIndex { new, .. } => {
                self.push(Sqlite.index_sql(&table.name, new, false)?);
            }
            Alteration::AddIndex(index) => self.push(Sqlite.index_sql(&table.name, index, false)?),
            Alteration::RenameConstraint { new, .. } => {
                if let Some(index) = as_index(new) {
                    self.push(Sqlite.index_sql(&table.name, &index, false)?);
                }
            }
            Alteration::AddConstraint(constraint) => {
                if let Some(index) = as_index(constraint) {
                    self.push(Sqlite.index_sql(&table.name, &index, false)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes a table anew, as <https://www.sqlite.org/lang_altertable.html#otheralter> tells, without losing
    /// triggers, indexes made by hand, views and the numbers that were already given.
    fn rebuild(&mut self, alter: &Alter, before: &Table) -> Result<()> {
        self.is_guarded = true;
        let (old, new) = (&alter.old, &alter.new);
        let fresh = format!("new__{}", new.name);
        let kept: Vec<&Column> = new.columns.iter().filter(|column| column.generated.is_none()).collect();
        let sources: Vec<String> = kept.iter().map(|column| source(&new.name, before, column)).collect();
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
        // A statement that cannot be run, and says why.
        let known_columns = old.columns.iter().chain(&before.columns).chain(&new.columns);
        let columns: Vec<String> = known_columns.map(|column| text_literal(&column.name)).collect();
        let unknown = format!(
            "SELECT 'SELECT [column ' || replace(name, ']', ' ') || ' of table ' || {table} || \
             ', which no migration knows, would be lost] FROM sqlite_master' \
             FROM pragma_table_xinfo({table}) WHERE hidden <> 1 AND name COLLATE NOCASE NOT IN ({})",
            columns.join(", ")
        );
        let several = Several { before: Some(unknown), statements, after: Some(saved) };
        self.steps.push(Step::Several(Box::new(several)));
        Ok(())
    }
}

/// Where the rows' value of `column` comes from.
fn source(table: &str, before: &Table, column: &Column) -> String {
    // With its table: a name alone that is no column's would be taken for a text.
    let name = format!("{}.{}", Sqlite.quote(table), Sqlite.quote(&column.name));
    let fill = column.fill.as_ref().or(column.default.as_ref());
    let fill = fill.map(|fill| Sqlite.default_sql(fill, column.kind));
    let Some(old) = before.column(&column.name) else { return fill.unwrap_or_else(|| "NULL".to_owned()) };
    let value = converted(&name, old.kind, column.kind);
    match fill {
        Some(fill) if old.null && !column.null => format!("coalesce({value}, {fill})"),
        _ => value,
    }
}

/// A value of one type as one of another. The database takes any text for a number: what is none is refused here, by
/// a value that no JSON can be.
fn converted(name: &str, from: ColumnType, to: ColumnType) -> String {
    let refused = |condition: &str, value: &str| {
        format!("CASE WHEN {name} IS NULL OR {condition} THEN {value} ELSE json('not convertible') END")
    };
    match (from.family(), to.family()) {
        (Family::Text, Family::Number | Family::Boolean) => refused(
            &format!("({name} GLOB '*[0-9]*' AND NOT {name} GLOB '*[^-+0-9.eE]*')"),
            &format!("CAST({name} AS NUMERIC)"),
        ),
        (Family::Text, Family::Uuid) => {
            let bare = format!("replace({name}, '-', '')");
            refused(&format!("length({bare}) = 32"), &bare)
        }
        (Family::Text, Family::Date) => refused(&format!("date({name}) IS NOT NULL"), name),
        (Family::Text, Family::DateTime) => refused(&format!("datetime({name}) IS NOT NULL"), name),
        (Family::Number, Family::Boolean) => format!("{name} <> 0"),
        (Family::DateTime, Family::Date) => format!("date({name})"),
        (Family::Date, Family::DateTime) => format!("{name} || ' 00:00:00'"),
        _ => name.to_owned(),
    }
}

/// Whether a part of a change can be done without making the table anew.
fn in_place(alter: &Alter, alteration: Alteration<'_>) -> bool {
    match alteration {
        Alteration::DropIndex(index) => !alter.drops(|column| index.uses(column)),
        Alteration::DropColumn(column) => !column.primary_key && column.foreign_key.is_none(),
        Alteration::AlterColumn { old, new } => Sqlite.column_sql(old) == Sqlite.column_sql(new),
        Alteration::AddColumn(column) => is_added_in_place(column),
        Alteration::DropConstraint(constraint) | Alteration::AddConstraint(constraint) => {
            as_index(constraint).is_some()
        }
        // The name of a unique constraint is nowhere but in the table's text.
        Alteration::RenameConstraint { new, .. } => !matches!(new.rule, Rule::Check(_)),
        Alteration::DropForeignKey(_) | Alteration::AddForeignKey(_) => false,
        _ => true,
    }
}

fn is_added_in_place(column: &Column) -> bool {
    !column.primary_key
        && column.fill.is_none()
        && match (&column.generated, &column.default) {
            (Some(generated), _) => !generated.stored,
            (None, Some(Default::Value(value))) => column.foreign_key.is_none() && *value != Value::Null,
            (None, Some(_)) => false,
            (None, None) => column.null,
        }
}

/// The triggers that it takes: each with its name, the event, and the number of the assignment that it does.
fn triggers(trigger: &Trigger) -> Vec<(String, Event, usize)> {
    let numbered =
        |event: Event| (0..Sqlite.assignments(trigger, event).len()).map(move |number| (event, number));
    let named = |(event, number): (Event, usize)| {
        let suffix = format!("_sync_{}_{}", event.word().to_lowercase(), number + 1);
        (Sqlite.quote(&generated_name(&trigger.table, &[&trigger.column.name], &suffix)), event, number)
    };
    EVENTS.into_iter().flat_map(numbered).map(named).collect()
}

fn all_indexes(table: &Table) -> Vec<Index> {
    table.indexes.iter().cloned().chain(table.constraints.iter().filter_map(as_index)).collect()
}

fn indexes(table: &Table) -> Result<Vec<String>> {
    all_indexes(table).iter().map(|index| Sqlite.index_sql(&table.name, index, false)).collect()
}

impl SchemaEditor for Editor {
    fn change(&mut self, change: &TableChange) -> Result<()> {
        match change {
            TableChange::Create(table) => self.create_table(table)?,
            TableChange::Drop(table) => {
                self.is_guarded = true;
                self.push(format!("DROP TABLE {}", Sqlite.quote(&table.name)));
            }
            TableChange::Rename { from, to } => {
                let (from, to) = (Sqlite.quote(from), Sqlite.quote(to));
                self.rename(format!("ALTER TABLE {from} RENAME TO {to}"));
            }
            TableChange::Alter(alter) => self.alter_table(alter)?,
            TableChange::Trigger { trigger, is_wanted: true } => self.add_trigger(trigger),
            TableChange::Trigger { trigger, is_wanted: false } => {
                for (name, ..) in triggers(trigger) {
                    self.push(format!("DROP TRIGGER IF EXISTS {name}"));
                }
            }
            TableChange::Validate { .. } | TableChange::Extension { .. } => {}
        }
        Ok(())
    }

    fn rebuilds(&self, alter: &Alter) -> bool {
        let before = alter.before();
        !alter.alterations(&before).into_iter().all(|one| in_place(alter, one))
    }

    fn misfit(&self, value: &str, from: ColumnType, to: ColumnType) -> Option<String> {
        Sqlite.misfit(value, from, to)
    }

    fn constant(&self, value: &Value) -> String {
        Sqlite.literal(value)
    }

    fn value(&self, default: &Default, kind: ColumnType) -> String {
        Sqlite.default_sql(default, kind)
    }

    fn converted(&self, value: &str, from: &Column, to: &Column) -> String {
        Sqlite.converted(value, from, to)
    }

    fn differ(&self, one: &str, other: &str) -> String {
        Sqlite.differ(one, other)
    }

    fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    fn guard(&self) -> Option<&'static Guard> {
        self.is_guarded.then_some(&GUARD)
    }
}
