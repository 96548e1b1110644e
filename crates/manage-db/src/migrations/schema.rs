//! The notes that operations take about what has to run.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{Action, Filling, ScriptStep};
use super::differ::changes;
use super::hints::Hints;
use super::place::Place;
use super::script::{self, Setting};
use super::sql_source::SqlSource;
use super::state::{ProjectState, no_field};
use super::tables::Tables;
use crate::backends::base::changes::{Alter, TableChange};
use crate::backends::base::schema::Guard;
use crate::backends::base::tables::{self, Column, Default as ColumnDefault, Table, Trigger};
use crate::backends::base::{Backend, SchemaEditor};
use crate::models::document::Mistake;
use crate::models::{DefaultValue, Field, ModelState};

pub use super::constants::Problem;

/// Where operations write down what has to run on one database.
pub struct Schema<'a> {
    tables: Tables<'a>,
    file: MigrationFile<'a>,
    notes: Vec<Note>,
    part: usize,
    /// Operations that are done together with another one.
    joined: BTreeSet<usize>,
    guard: Option<&'static Guard>,
    left_out: Vec<String>,
    assumed: Option<Place>,
    /// What is wrong in a script, with a place of its own.
    mistake: Option<Mistake>,
}

/// What a script has to know of the file that it stands in.
#[derive(Debug, Clone, Copy)]
pub struct MigrationFile<'a> {
    /// Its path, relative to the project's root.
    pub path: &'a str,
    /// Whether the migration is one transaction.
    pub is_atomic: bool,
}

/// What one operation wants.
struct Note {
    /// The number of the operation.
    part: usize,
    wish: Wish,
}

impl Note {
    fn noted(&self) -> Noted {
        let (change, copied) = match &self.wish {
            Wish::Change(change) => (Some(change.clone()), None),
            Wish::Fill(wanted) => (None, wanted.copied()),
            Wish::Script(_) | Wish::Function { .. } => (None, None),
        };
        Noted { part: self.part, change, copied }
    }
}

enum Wish {
    Change(TableChange),
    Script(Vec<Action>),
    Fill(Box<Wanted>),
    Function { name: String, state: Box<ProjectState> },
}

/// What a field is set to.
pub(crate) enum Source<'a> {
    /// What another field has, and that one what this has.
    With(&'a Field),
    /// What another field has.
    From(&'a Field),
    /// A value.
    Value(&'a DefaultValue),
}

/// Which rows get a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those that have none.
    Missing,
    /// All that have another.
    All,
}

/// Rows that are to get a value. Names stand as they are.
struct Wanted {
    table: Table,
    key: String,
    column: Column,
    value: Given,
    rows: Rows,
    batch: u32,
}

/// What rows are to get.
enum Given {
    /// A value.
    Value(ColumnDefault),
    /// What another column holds.
    Column(Box<Column>),
}

impl Wanted {
    fn copied(&self) -> Option<Box<Copied>> {
        let Given::Column(from) = &self.value else { return None };
        let (table, to) = (self.table.clone(), self.column.clone());
        Some(Box::new(Copied { table, from: Column::clone(from), to }))
    }

    fn written(&self, quote: &dyn Fn(&str) -> String, editor: &dyn SchemaEditor) -> Filling {
        let [table, key, column] = [&self.table.name, &self.key, &self.column.name].map(|name| quote(name));
        let (value, is_there) = match &self.value {
            Given::Value(value) => (editor.value(value, self.column.kind), String::new()),
            Given::Column(other) => {
                let name = quote(&other.name);
                (editor.converted(&name, other, &self.column), format!(" AND {name} IS NOT NULL"))
            }
        };
        let condition = match self.rows {
            Rows::Missing => format!("{column} IS NULL{is_there}"),
            Rows::All => editor.differ(&column, &value),
        };
        let whole = format!("UPDATE {table} SET {column} = {value} WHERE {condition}");
        Filling { table, key, column, value, condition, batch: self.batch, whole }
    }
}

/// A change of a table that an operation wants; none: something that may change rows in whatever way.
#[derive(Debug)]
pub struct Noted {
    /// The number of the operation.
    pub(super) part: usize,
    /// The change.
    pub(super) change: Option<TableChange>,
    /// A column that gets the values of another one, where that is all that happens to rows.
    pub(super) copied: Option<Box<Copied>>,
}

/// A column that gets the values of another one.
#[derive(Debug)]
pub struct Copied {
    /// The table.
    pub(super) table: Table,
    /// The column that has them.
    pub(super) from: Column,
    /// The column that gets them.
    pub(super) to: Column,
}

/// What a migration runs.
pub(crate) struct Written {
    /// By operation.
    pub parts: Vec<Vec<Action>>,
    /// Operations that are done together with another one.
    pub joined: BTreeSet<usize>,
    /// What has to surround the transaction.
    pub guard: Option<&'static Guard>,
    /// What is left out of scripts, in sentences.
    pub left_out: Vec<String>,
    /// What becomes of the tables, in order.
    pub changes: Vec<Noted>,
    /// The first text whose end depends on how the database reads texts.
    pub assumed: Option<Place>,
}

/// Tables and columns that a migration makes, for `--fake-initial`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Created {
    /// Names of tables.
    pub tables: BTreeSet<String>,
    /// Names of columns with those of their tables.
    pub columns: BTreeSet<(String, String)>,
}

impl<'a> Schema<'a> {
    /// Notes for `backend`; `is_here` tells whether an app's tables live on this database.
    pub fn new(backend: &'a dyn Backend, is_here: &'a dyn Fn(&str) -> bool, file: MigrationFile<'a>) -> Self {
        let tables = Tables { backend, is_here };
        Self {
            tables,
            file,
            notes: Vec::new(),
            part: 0,
            joined: BTreeSet::new(),
            guard: None,
            left_out: Vec::new(),
            assumed: None,
            mistake: None,
        }
    }

    /// Notes what the tables need to get from one state to the other.
    ///
    /// # Errors
    /// What makes no sense, or rows that cannot come along.
    pub(crate) fn change(
        &mut self,
        states: (&ProjectState, &ProjectState),
        hints: &Hints,
    ) -> Result<(), Problem> {
        for change in changes(self.tables, states, hints)? {
            self.note(Wish::Change(change));
        }
        Ok(())
    }

    /// Notes a change of one table.
    pub(crate) fn apply(&mut self, change: TableChange) {
        self.note(Wish::Change(change));
    }

    /// Notes what a script comes to on this database.
    ///
    /// # Errors
    /// What would not run as it is written; [`Schema::mistake`] has its place.
    pub(crate) fn run_script(&mut self, source: &SqlSource) -> Result<(), Problem> {
        let Some(parts) = source.parts(self.dialect()) else { return Err(self.no_variant()) };
        let MigrationFile { path, is_atomic } = self.file;
        let setting = Setting { rules: self.tables.backend.script_rules(), path, is_atomic };
        match script::compile(parts, setting) {
            Ok(script) => {
                self.guard = self.guard.or(script.guard);
                self.left_out.extend(script.notes);
                self.assumed = self.assumed.take().or(script.assumed);
                let backend = self.tables.backend;
                let actions = script.actions.into_iter().flat_map(|action| whole_or_apart(backend, action));
                self.note(Wish::Script(actions.collect()));
                Ok(())
            }
            Err(mistake) => {
                let problem = mistake.message.clone();
                self.mistake = Some(mistake);
                Err(problem)
            }
        }
    }

    fn no_variant(&self) -> Problem {
        let features = self.tables.backend.features();
        let (vendor, dialect) = (features.display_name, features.dialect);
        let alias = self.tables.backend.alias();
        let stem = self.file.path.rsplit('/').next().and_then(|name| name.split('.').next());
        let way_out = match stem.filter(|_| self.file.path.ends_with(".sql")) {
            Some(stem) => {
                format!("write {stem}.{dialect}.sql; an empty one says that there is nothing to do")
            }
            None => format!("add `{dialect}`; an empty text says that there is nothing to do"),
        };
        format!("there is no SQL for {vendor}, and its app lives on database `{alias}`: {way_out}")
    }

    /// What is wrong in a script, with its place, if anything is.
    pub(crate) fn mistake(&mut self) -> Option<Mistake> {
        self.mistake.take()
    }

    /// Notes that rows get a value in a field of a model, so many at once.
    ///
    /// # Errors
    /// What makes no sense about the model or the value.
    pub(crate) fn fill(
        &mut self,
        (state, model): (&ProjectState, &ModelState),
        field: &Field,
        source: &Source<'_>,
        (rows, batch): (Rows, u32),
    ) -> Result<(), Problem> {
        let table = self.tables.table(state, model)?;
        let value = match source {
            Source::Value(value) => Given::Value(self.tables.value(field, value)?),
            Source::With(other) | Source::From(other) => {
                Given::Column(Box::new(column_of(model, &table, other)?))
            }
        };
        let (column, key) = (column_of(model, &table, field)?, key_of(model, &table)?);
        self.note(Wish::Fill(Box::new(Wanted { table, key, column, value, rows, batch })));
        Ok(())
    }

    /// Notes that a field of a model is kept in step from here on, or no longer.
    ///
    /// # Errors
    /// What makes no sense about the model or the value.
    pub(crate) fn trigger(
        &mut self,
        (state, model): (&ProjectState, &ModelState),
        field: &Field,
        source: &Source<'_>,
        is_wanted: bool,
    ) -> Result<(), Problem> {
        let table = self.tables.table(state, model)?;
        let source = match source {
            Source::Value(value) => tables::Source::Value(self.tables.value(field, value)?),
            Source::With(other) => tables::Source::With(column_of(model, &table, other)?),
            Source::From(other) => tables::Source::From(column_of(model, &table, other)?),
        };
        let (column, key) = (column_of(model, &table, field)?, key_of(model, &table)?);
        let trigger = Box::new(Trigger { table: table.name, key, column, source });
        self.note(Wish::Change(TableChange::Trigger { trigger, is_wanted }));
        Ok(())
    }

    /// Notes a function.
    pub(crate) fn run_function(&mut self, name: &str, state: &ProjectState) {
        self.note(Wish::Function { name: name.to_owned(), state: Box::new(state.clone()) });
    }

    /// Ends what one operation wants and begins the next.
    pub(crate) fn end_part(&mut self) {
        self.part += 1;
    }

    /// The makers of tables.
    pub(crate) fn tables(&self) -> Tables<'a> {
        self.tables
    }

    /// The name of the database's SQL in per-vendor texts.
    pub fn dialect(&self) -> &'static str {
        self.tables.dialect()
    }

    /// The tables and columns that what was noted makes.
    pub(crate) fn created(&self) -> Created {
        let mut created = Created::default();
        for note in &self.notes {
            match &note.wish {
                Wish::Change(TableChange::Create(table)) => {
                    created.tables.insert(table.name.clone());
                }
                Wish::Change(TableChange::Alter(alter)) => {
                    let added = alter.new.columns.iter().filter(|one| !alter.origins.contains_key(&one.name));
                    let table = &alter.new.name;
                    created.columns.extend(added.map(|column| (table.clone(), column.name.clone())));
                }
                _ => {}
            }
        }
        created
    }

    /// Writes everything down.
    ///
    /// # Errors
    /// What this kind of database cannot do, and the number of the operation that wants it.
    pub(crate) fn finish(mut self) -> Result<Written, (usize, Problem)> {
        let mut editor = self.tables.backend.schema_editor();
        let changes = self.notes.iter().map(Note::noted).collect();
        if self.tables.backend.features().can_point_ahead {
            self.make_at_once();
        }
        self.put_together(&*editor);
        let mut parts: Vec<Vec<Action>> = Vec::new();
        parts.resize_with(self.part, Vec::new);
        for Note { part, wish } in self.notes {
            if part >= parts.len() {
                parts.resize_with(part + 1, Vec::new);
            }
            let others = match wish {
                Wish::Change(change) => {
                    editor.change(&change).map_err(|error| (part, error.to_string()))?;
                    Vec::new()
                }
                Wish::Script(actions) => {
                    // It may change rows as a function does.
                    editor.run_function();
                    actions
                }
                Wish::Fill(wanted) => {
                    editor.run_function();
                    let features = self.tables.backend.features();
                    vec![Action::Fill(wanted.written(&|name| features.quote_name(name), &*editor))]
                }
                Wish::Function { name, state } => {
                    editor.run_function();
                    vec![Action::Function { name, state }]
                }
            };
            parts[part].extend(editor.take().into_iter().map(Action::Step));
            parts[part].extend(others);
        }
        Ok(Written {
            parts,
            joined: self.joined,
            guard: editor.guard().or(self.guard),
            left_out: self.left_out,
            changes,
            assumed: self.assumed,
        })
    }

    fn note(&mut self, wish: Wish) {
        self.notes.push(Note { part: self.part, wish });
    }

    /// Makes a table that is changed by its own migration as it will be, where nothing but other tables comes in between.
    fn make_at_once(&mut self) {
        let mut made: BTreeMap<String, usize> = BTreeMap::new();
        let mut position = 0;
        while let Some(note) = self.notes.get(position) {
            match &note.wish {
                Wish::Change(TableChange::Create(table)) => {
                    made.insert(table.name.clone(), position);
                }
                Wish::Change(TableChange::Alter(alter)) if made.contains_key(&alter.new.name) => {
                    let (at, whole) = (made[&alter.new.name], alter.new.clone());
                    self.notes[at].wish = Wish::Change(TableChange::Create(whole));
                    self.joined.insert(self.notes.remove(position).part);
                    continue;
                }
                Wish::Change(_) | Wish::Script(_) | Wish::Fill(_) | Wish::Function { .. } => made.clear(),
            }
            position += 1;
        }
    }

    /// Lets a table that would be made anew several times be made anew once, with the last that changes it.
    fn put_together(&mut self, editor: &dyn SchemaEditor) {
        let mut position = 0;
        while position < self.notes.len() {
            match self.continued(position, editor) {
                Some((later, whole)) => {
                    self.notes[later].wish = Wish::Change(TableChange::Alter(Box::new(whole)));
                    self.joined.insert(self.notes.remove(position).part);
                }
                None => position += 1,
            }
        }
    }

    /// The next change of the same table and both in one, if nothing stands between that would see the difference.
    fn continued(&self, position: usize, editor: &dyn SchemaEditor) -> Option<(usize, Alter)> {
        let Wish::Change(TableChange::Alter(alter)) = &self.notes[position].wish else { return None };
        for (offset, note) in self.notes[position + 1..].iter().enumerate() {
            match &note.wish {
                Wish::Change(TableChange::Alter(later)) if later.new.name == alter.new.name => {
                    let is_wanted = editor.rebuilds(alter) || editor.rebuilds(later);
                    let whole = is_wanted.then(|| alter.followed_by(later)).flatten();
                    return whole.map(|whole| (position + 1 + offset, whole));
                }
                Wish::Change(change) if !change.is_about(&alter.new.name) => {}
                _ => return None,
            }
        }
        None
    }
}

/// The column of a field.
fn column_of(model: &ModelState, table: &Table, field: &Field) -> Result<Column, Problem> {
    let concrete = model.fields.iter().filter(|field| field.is_concrete());
    let found = concrete.zip(&table.columns).find(|(one, _)| one.name == field.name);
    found.map(|(_, column)| column.clone()).ok_or_else(|| no_field(model, &field.name))
}

/// The name of the column by which rows are told apart.
fn key_of(model: &ModelState, table: &Table) -> Result<String, Problem> {
    let key = table.columns.iter().find(|column| column.primary_key);
    key.map(|key| key.name.clone()).ok_or_else(|| format!("{} has no primary key", model.label()))
}

/// A transaction in which something commits by itself is none: a run that dies in it would leave a part that nobody
/// noted, so each of its statements is a step.
fn whole_or_apart(backend: &dyn Backend, action: Action) -> Vec<Action> {
    let is_kept = |step: &ScriptStep| {
        backend.features().can_rollback_ddl
            || step.statements.iter().all(|statement| backend.can_roll_back(&statement.sql))
    };
    match action {
        Action::Script(step) if step.is_transaction && !is_kept(&step) => step.apart(),
        action => vec![action],
    }
}
