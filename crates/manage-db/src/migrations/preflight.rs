//! The look at the rows that are there before a migration's first statement: those that it would stumble over are counted
//! and named, while nothing has run.
//!
//! What is asked follows from the changes of tables. Rows are asked for as the migration finds them, so tables and columns
//! go by the names that they have then. From the first script or function on nothing is asked: what those make of the rows
//! nobody knows.

use std::collections::BTreeMap;

use super::place::Place;
use super::program::Program;
use super::schema::{Copied, Noted};
use super::unit::Workplace;
use crate::backends::base::changes::{Alter, Alteration, TableChange};
use crate::backends::base::tables::{Column, ColumnType, Constraint, Default, ForeignKey, Rule, Table};
use crate::backends::base::{
    Backend, Connection, Features, LockWait, Reading, Row, SchemaEditor, Statement, Value, mentions,
    with_renamed,
};
use manage_leaves::text;

/// Most rows that are named.
const SHOWN: usize = 5;

/// What a program would stumble over on a database, in sentences with their places. A question that cannot be asked, or that
/// waits for a lock for too long, finds nothing and breaks nothing.
pub(super) async fn look(place: &mut Workplace<'_>, program: &Program) -> Vec<String> {
    let questions = questions(&**place.backend, program);
    if questions.is_empty() {
        return Vec::new();
    }
    let begin = place.backend.features().begin;
    let opening: &[&str] = match (place.is_in_transaction, place.lock_wait) {
        (true, _) => &["SAVEPOINT manage_look"],
        (false, LockWait::Transaction(sql)) => &[begin, sql],
        (false, LockWait::Session(sql)) => &[sql],
        (false, LockWait::Connection) => &[],
    };
    if place.connection.batch(opening).await.is_err() {
        return Vec::new();
    }
    let found = ask(place.connection, &questions).await;
    let closed = match (place.is_in_transaction, place.lock_wait) {
        (true, _) => place.connection.batch(&["ROLLBACK TO SAVEPOINT manage_look"]).await.is_ok(),
        (false, LockWait::Transaction(_)) => place.connection.rollback().await.is_ok(),
        (false, _) => true,
    };
    if closed { found } else { Vec::new() }
}

async fn ask(connection: &mut dyn Connection, questions: &[Question]) -> Vec<String> {
    let mut found = Vec::new();
    for (question, number) in questions.iter().zip(counts(connection, questions).await) {
        if number > 0 {
            let rows = match &question.rows {
                Some(sql) => connection.query(Statement { sql, params: &[] }).await.unwrap_or_default(),
                None => Vec::new(),
            };
            found.push(question.told(number, &rows));
        }
    }
    found
}

/// Whether the database reads texts as they were read here.
///
/// # Errors
/// Those of the query.
pub(super) async fn is_read_alike(reading: &Reading, connection: &mut dyn Connection) -> crate::Result<bool> {
    let rows = connection.query(Statement { sql: reading.query, params: &[] }).await?;
    rows.into_iter().next().map_or(Ok(true), |mut row| row.take(0))
}

/// How many rows each question finds. One that cannot be asked finds none: the statement that is to run says why.
async fn counts(connection: &mut dyn Connection, questions: &[Question]) -> Vec<i64> {
    if questions.is_empty() {
        return Vec::new();
    }
    let count = |rows: Vec<Row>| rows.into_iter().next().and_then(|mut row| row.take(0).ok()).unwrap_or(0);
    let statements: Vec<Statement<'_>> =
        questions.iter().map(|question| Statement { sql: &question.count, params: &[] }).collect();
    if let Ok(answers) = connection.query_all(&statements).await {
        return answers.into_iter().map(count).collect();
    }
    let mut counts = Vec::with_capacity(statements.len());
    for statement in statements {
        counts.push(connection.query(statement).await.map_or(0, count));
    }
    counts
}

/// What is asked about the rows of one table.
struct Question {
    place: Place,
    table: String,
    what: What,
    /// A query for the number of what does not fit.
    count: String,
    /// A query for some of the rows, by their key.
    rows: Option<String>,
    /// The name of the key.
    key: String,
}

/// What does not fit.
enum What {
    Empty(String),
    Unfilled(String),
    Misfit(String, ColumnType),
    Twice(String),
    Broken(String),
    Orphan(String, String),
}

impl Question {
    fn told(&self, number: i64, rows: &[Row]) -> String {
        let (rows_there, named) = (text::count(number, "row"), self.named(number, rows));
        let (what, way_out) = match &self.what {
            What::Empty(column) => (
                format!("{rows_there} without a value in `{column}`{named}"),
                "fill those in first, or give the field a `default`",
            ),
            What::Unfilled(column) => (
                format!("{rows_there}, and none would have a value in `{column}`"),
                "give the field a `default`, or let it be NULL",
            ),
            What::Misfit(column, kind) => (
                format!("{rows_there} whose `{column}` does not fit {}{named}", words(*kind)),
                "change those first, or choose a wider type",
            ),
            What::Twice(columns) => {
                let values = text::count(number, "value");
                let what = format!("{values} of `{columns}` more than once, which would be unique{named}");
                (what, "change or delete rows first")
            }
            What::Broken(name) => {
                (format!("{rows_there} against the constraint `{name}`{named}"), "correct those first")
            }
            What::Orphan(column, table) => (
                format!("{rows_there} whose `{column}` points to no row of {table}{named}"),
                "correct or delete those first",
            ),
        };
        format!("{}: {} has {what}: {way_out}", self.place, self.table)
    }

    /// Some of the rows, in brackets.
    fn named(&self, number: i64, rows: &[Row]) -> String {
        let keys: Vec<String> = rows.iter().filter_map(|row| row.values().first().map(shown)).collect();
        let is_cut = usize::try_from(number).is_ok_and(|number| number > keys.len());
        match keys.is_empty() {
            true => String::new(),
            false => format!(" ({} {}{})", self.key, keys.join(", "), if is_cut { ", ..." } else { "" }),
        }
    }
}

fn shown(key: &Value) -> String {
    match key {
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("`{}`", text::printable(text)),
        Value::Uuid(uuid) => uuid.to_string(),
        other => format!("{other:?}"),
    }
}

fn words(kind: ColumnType) -> String {
    match kind {
        ColumnType::Char(length) => {
            format!("Char of at most {}", text::count(i64::from(length), "character"))
        }
        ColumnType::Decimal { max_digits, decimal_places } => {
            format!("Decimal of {max_digits} digits, {decimal_places} of them behind the point")
        }
        other => format!("{other:?}"),
    }
}

/// What has to be asked before the program runs.
fn questions(backend: &dyn Backend, program: &Program) -> Vec<Question> {
    let mut asker = Asker {
        editor: backend.schema_editor(),
        features: backend.features(),
        tables: BTreeMap::new(),
        questions: Vec::new(),
        place: Place::default(),
    };
    for Noted { part, change, copied } in &program.changes {
        asker.place = program.parts.get(*part).map_or_else(Place::default, |part| part.place.clone());
        match (change, copied) {
            (Some(change), _) => asker.change(change),
            (None, Some(copied)) => asker.copied(copied),
            (None, None) => break,
        }
    }
    asker.questions
}

/// A table as it is before the program runs.
#[derive(Clone)]
struct Live {
    name: String,
    /// The table when it is changed for the first time.
    first: Table,
    /// For each column that it has by now, where the rows' value of it comes from.
    columns: BTreeMap<String, Source>,
}

/// Where the rows' value of a column comes from.
#[derive(Clone)]
enum Source {
    /// A column that the rows have.
    Column(String, ColumnType),
    /// An expression over such columns.
    Sql(String),
    /// Something that is not known before.
    Unknown,
}

/// What has become of a table so far.
enum Fate {
    /// Made by the program: it has no rows.
    Made,
    /// It has this name before.
    Called(String),
    Changed(Box<Live>),
}

struct Asker {
    editor: Box<dyn SchemaEditor>,
    features: &'static Features,
    /// By the names that tables have by now.
    tables: BTreeMap<String, Fate>,
    questions: Vec<Question>,
    place: Place,
}

impl Asker {
    fn change(&mut self, change: &TableChange) {
        match change {
            TableChange::Create(table) => {
                self.tables.insert(table.name.clone(), Fate::Made);
            }
            TableChange::Drop(table) => {
                self.tables.remove(&table.name);
            }
            TableChange::Rename { from, to } => {
                let fate = self.tables.remove(from).unwrap_or_else(|| Fate::Called(from.clone()));
                self.tables.insert(to.clone(), fate);
            }
            TableChange::Alter(alter) => self.alter(alter),
            TableChange::Validate { .. } | TableChange::Trigger { .. } | TableChange::Extension { .. } => {}
        }
    }

    /// The table as it is before the program runs, by the table as it is by now; none: the program makes it.
    fn live(&self, table: &Table) -> Option<Live> {
        match self.tables.get(&table.name) {
            Some(Fate::Made) => None,
            Some(Fate::Changed(live)) => Some(Live::clone(live)),
            Some(Fate::Called(before)) => Some(Live::new(before.clone(), table)),
            None => Some(Live::new(table.name.clone(), table)),
        }
    }

    /// Values that do not fit the column that is to get them.
    fn copied(&mut self, copied: &Copied) {
        let Copied { table, from, to } = copied;
        let Some(mut live) = self.live(table) else { return };
        if let Some(Source::Column(name, kind)) = live.columns.get(&from.name) {
            let misfit = self.editor.misfit(&self.features.quote_name(name), *kind, to.kind);
            if let Some(misfit) = misfit.filter(|_| *kind != to.kind) {
                self.ask_rows(&live, &misfit, What::Misfit(from.name.clone(), to.kind));
            }
        }
        live.columns.insert(to.name.clone(), Source::Unknown);
        self.tables.insert(table.name.clone(), Fate::Changed(Box::new(live)));
    }

    fn alter(&mut self, alter: &Alter) {
        let name = &alter.new.name;
        let Some(live) = self.live(&alter.old) else { return };
        let after = Live { columns: self.sources(&live, alter), ..live.clone() };
        let before = alter.before();
        for alteration in alter.alterations(&before) {
            match alteration {
                Alteration::AlterColumn { old, new } => {
                    self.alter_column(&live, alter, old, new);
                    if new.primary_key && !old.primary_key {
                        self.ask_for_twins(&after, std::slice::from_ref(&new.name), None, true);
                    }
                }
                Alteration::AddColumn(column) => {
                    self.add_column(&after, column);
                    self.ask_for_orphans(&after, column);
                }
                Alteration::AddConstraint(rule) => self.add_constraint(&after, alter, rule),
                Alteration::AddForeignKey(column) => self.ask_for_orphans(&after, column),
                _ => {}
            }
        }
        self.tables.insert(name.clone(), Fate::Changed(Box::new(after)));
    }

    /// Where values come from once the table is changed.
    fn sources(&self, live: &Live, alter: &Alter) -> BTreeMap<String, Source> {
        let source = |column: &Column| match alter.origins.get(&column.name) {
            _ if column.generated.is_some() => Source::Unknown,
            None => match column.fill.as_ref().or(column.default.as_ref()) {
                Some(Default::Value(value)) => Source::Sql(self.editor.constant(value)),
                Some(_) => Source::Unknown,
                None => Source::Sql("NULL".to_owned()),
            },
            Some(origin) => self.kept(live, alter.old.column(origin), column),
        };
        alter.new.columns.iter().map(|column| (column.name.clone(), source(column))).collect()
    }

    fn kept(&self, live: &Live, old: Option<&Column>, new: &Column) -> Source {
        let Some(old) = old else { return Source::Unknown };
        let Some(source) = live.columns.get(&old.name).filter(|_| old.kind.family() == new.kind.family())
        else {
            return Source::Unknown;
        };
        let fill = new.fill.as_ref().or(new.default.as_ref()).filter(|_| old.null && !new.null);
        match (source, fill) {
            (source, None) => source.clone(),
            (Source::Column(name, _), Some(Default::Value(value))) => {
                let name = self.features.quote_name(name);
                Source::Sql(format!("COALESCE({name}, {})", self.editor.constant(value)))
            }
            _ => Source::Unknown,
        }
    }

    fn alter_column(&mut self, live: &Live, alter: &Alter, old: &Column, new: &Column) {
        let origin = alter.origins.get(&new.name).and_then(|origin| live.columns.get(origin));
        let Some(Source::Column(name, kind)) = origin.filter(|_| new.generated.is_none()) else { return };
        let quoted = self.features.quote_name(name);
        let is_filled = new.fill.is_some() || new.default.is_some();
        if old.null && !new.null && !is_filled {
            self.ask_rows(live, &format!("{quoted} IS NULL"), What::Empty(new.name.clone()));
        }
        if let Some(misfit) = self.editor.misfit(&quoted, *kind, new.kind).filter(|_| old.kind != new.kind) {
            self.ask_rows(live, &misfit, What::Misfit(new.name.clone(), new.kind));
        }
    }

    fn add_column(&mut self, live: &Live, column: &Column) {
        let is_given = column.null
            || column.fill.is_some()
            || column.default.is_some()
            || column.generated.is_some()
            || column.kind.is_auto();
        if !is_given {
            self.ask_rows(live, "1 = 1", What::Unfilled(column.name.clone()));
        }
        if column.primary_key {
            self.ask_for_twins(live, std::slice::from_ref(&column.name), None, true);
        }
    }

    fn add_constraint(&mut self, live: &Live, alter: &Alter, constraint: &Constraint) {
        match &constraint.rule {
            Rule::Check(_) if alter.not_valid && self.features.can_validate_later => {}
            Rule::Check(sql) => {
                if let Some(condition) = live.with_live_names(sql) {
                    let what = What::Broken(constraint.name.clone());
                    self.ask_rows(live, &format!("NOT ({condition})"), what);
                }
            }
            Rule::Unique { columns, condition, nulls_distinct, .. } => {
                let condition = condition.as_ref().map(|sql| live.with_live_names(sql));
                if condition != Some(None) {
                    self.ask_for_twins(live, columns, condition.flatten(), *nulls_distinct);
                }
            }
            Rule::Exclude(_) => {}
        }
    }

    fn ask_rows(&mut self, live: &Live, condition: &str, what: What) {
        let (table, key) = (self.features.quote_name(&live.name), live.key());
        let matching = format!("FROM {table} WHERE {condition}");
        let rows = key.map(|key| {
            let key = self.features.quote_name(key);
            format!("SELECT {key} {matching} ORDER BY {key} LIMIT {SHOWN}")
        });
        self.ask(live, what, format!("SELECT COUNT(*) {matching}"), rows);
    }

    /// Values that are there more than once, as the database compares them.
    fn ask_for_twins(
        &mut self,
        live: &Live,
        columns: &[String],
        condition: Option<String>,
        nulls_distinct: bool,
    ) {
        let sources: Option<Vec<String>> = columns.iter().map(|name| live.sql(name, self.features)).collect();
        let Some(sources) = sources else { return };
        let quote = |name: &str| self.features.quote_name(name);
        let names: Vec<String> = (0..sources.len()).map(|number| format!("v{number}")).collect();
        let key = live.key().map(|key| format!("{} AS k, ", quote(key))).unwrap_or_default();
        let values: Vec<String> =
            sources.iter().zip(&names).map(|(sql, name)| format!("{sql} AS {name}")).collect();
        let narrowed = condition.map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
        let values = format!("(SELECT {key}{} FROM {}{narrowed})", values.join(", "), quote(&live.name));
        let listed = names.join(", ");
        let given: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
        let given = if nulls_distinct { format!(" WHERE {}", given.join(" AND ")) } else { String::new() };
        let twins =
            format!("SELECT {listed} FROM {values} AS r{given} GROUP BY {listed} HAVING COUNT(*) > 1");
        let is_same = if nulls_distinct { "=" } else { "IS NOT DISTINCT FROM" };
        let same: Vec<String> = names.iter().map(|name| format!("r.{name} {is_same} t.{name}")).collect();
        let rows = live.key().map(|_| {
            let twins = format!("({twins} LIMIT {SHOWN})");
            format!(
                "SELECT r.k FROM {values} AS r JOIN {twins} AS t ON {} ORDER BY r.k LIMIT {SHOWN}",
                same.join(" AND ")
            )
        });
        let what = What::Twice(columns.join(", "));
        self.ask(live, what, format!("SELECT COUNT(*) FROM ({twins}) AS t"), rows);
    }

    /// Rows that point to nothing, where they did not have to point to something before.
    fn ask_for_orphans(&mut self, live: &Live, column: &Column) {
        let Some(key) = &column.foreign_key else { return };
        let Some((target, pointed)) = self.target(key) else { return };
        let Some(sql) = live.sql(&column.name, self.features).filter(|sql| sql != "NULL") else { return };
        if let Some(Source::Column(name, kind)) = live.columns.get(&column.name) {
            let before = live.first.column(name).and_then(|column| column.foreign_key.as_ref());
            let is_pointing = before.is_some_and(|before| before.table == target && before.column == pointed);
            if is_pointing || kind.family() != column.kind.family() {
                return;
            }
        }
        let quote = |name: &str| self.features.quote_name(name);
        // Nothing but the key is to be seen of the target, whose columns may be called as those of the table itself.
        let keys = format!("SELECT {} AS target__key FROM {}", quote(&pointed), quote(&target));
        let found = format!("SELECT 1 FROM ({keys}) AS target WHERE target.target__key = {sql}");
        let what = What::Orphan(column.name.clone(), target);
        self.ask_rows(live, &format!("{sql} IS NOT NULL AND NOT EXISTS ({found})"), what);
    }

    /// The table and the column that a key points to, by the names that they have before.
    fn target(&self, key: &ForeignKey) -> Option<(String, String)> {
        match self.tables.get(&key.table) {
            None => Some((key.table.clone(), key.column.clone())),
            Some(Fate::Called(name)) => Some((name.clone(), key.column.clone())),
            Some(Fate::Changed(live)) => match live.columns.get(&key.column)? {
                Source::Column(column, _) => Some((live.name.clone(), column.clone())),
                _ => None,
            },
            Some(Fate::Made) => None,
        }
    }

    fn ask(&mut self, live: &Live, what: What, count: String, rows: Option<String>) {
        let key = live.key().unwrap_or_default().to_owned();
        let (place, table) = (self.place.clone(), live.name.clone());
        self.questions.push(Question { place, table, what, count, rows, key });
    }
}

impl Live {
    fn new(name: String, first: &Table) -> Self {
        let column = |column: &Column| match &column.generated {
            Some(_) => Source::Unknown,
            None => Source::Column(column.name.clone(), column.kind),
        };
        let columns = first.columns.iter().map(|one| (one.name.clone(), column(one))).collect();
        Self { name, columns, first: first.clone() }
    }

    /// The column that identifies the rows.
    fn key(&self) -> Option<&str> {
        self.first.columns.iter().find(|column| column.primary_key).map(|column| column.name.as_str())
    }

    /// The rows' value of a column, if it is known.
    fn sql(&self, column: &str, features: &Features) -> Option<String> {
        match self.columns.get(column)? {
            Source::Column(name, _) => Some(features.quote_name(name)),
            Source::Sql(sql) => Some(sql.clone()),
            Source::Unknown => None,
        }
    }

    /// SQL about the columns that the table has by now, with the names that they have before; none where one of them is
    /// no column yet.
    fn with_live_names(&self, sql: &str) -> Option<String> {
        let mut names = BTreeMap::new();
        for (name, source) in self.columns.iter().filter(|(name, _)| mentions(sql, name)) {
            let Source::Column(before, _) = source else { return None };
            names.insert(name.clone(), before.clone());
        }
        Some(with_renamed(sql, &names))
    }
}
