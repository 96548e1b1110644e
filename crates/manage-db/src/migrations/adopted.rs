//! From what differs on a database to models that say what is there.

use std::collections::BTreeSet;

use super::constants::column_type;
use super::drift::{Drift, is_of};
use super::error::{Error, Result};
use super::inspector::{Choice, inspect};
use super::state::ProjectState;
use super::tables::Tables;
use crate::SqlText;
use crate::backends::base::Backend;
use crate::backends::base::names::generated_name;
use crate::introspection::{Difference, LiveTable, Part, expected};
use crate::models::{Constraint, Field, FieldType, ModelState};

/// Models that say what is there.
#[derive(Debug, Clone)]
pub struct Adopted {
    /// All models.
    pub state: ProjectState,
    /// What they still do not say, in sentences.
    pub untold: Vec<String>,
}

/// The models of `before`, with what differs as it is on the database. What no database stores, such as choices, stays.
///
/// # Errors
/// [`Error::NoWay`] when a table cannot be said at all.
pub fn adopted(backend: &dyn Backend, drift: &Drift, before: &ProjectState) -> Result<Adopted> {
    let mut adopted = Adopted { state: before.clone(), untold: Vec::new() };
    let tables: BTreeSet<&str> = drift.differences.iter().map(|one| one.table.as_str()).collect();
    let mut apps: BTreeSet<String> = before.models().map(|model| model.app.clone()).collect();
    // Models of tables that are gone go first, those that point to others before them.
    adopted.remove_missing(drift);
    apps.retain(|app| tables.iter().any(|table| owner(before, table, app)));
    for app in &apps {
        let is_meant =
            |table: &LiveTable| tables.contains(table.name.as_str()) && owner(before, &table.name, app);
        let choice = Choice { app, is_meant: &is_meant, known: &adopted.state, is_reserved: &|_| false };
        let inspection = inspect(backend, &drift.live, &choice)?;
        let is_new = |table: &String| !before.models().any(|model| model.table() == *table);
        let untold = inspection.unsaid.into_iter().filter(|one| one.table.as_ref().is_some_and(is_new));
        adopted.untold.extend(untold.map(|one| format!("no model says: {}", one.what)));
        for found in inspection.models {
            adopted.take(backend, drift, found)?;
        }
    }
    let is_relation =
        |table: &str| drift.live.table(table).is_some() && !apps.iter().any(|app| owner(before, table, app));
    for table in tables.into_iter().filter(|table| is_relation(table)) {
        adopted.untold.push(format!("{table}: pairs of a many-to-many field, which no model describes"));
    }
    Ok(adopted)
}

/// Whether a table is, or would be, that of a model of the app.
fn owner(state: &ProjectState, table: &str, app: &str) -> bool {
    match state.models().find(|model| model.table() == table) {
        Some(model) => model.app == app,
        None => is_of(app, table) && !is_pairs(state, table),
    }
}

/// Whether a table holds the pairs of a many-to-many field.
fn is_pairs(state: &ProjectState, table: &str) -> bool {
    state.models().any(|model| {
        let mut fields = model.fields.iter().filter(|field| field.kind == FieldType::ManyToMany);
        fields.any(|field| {
            let own = || format!("{}_{}", model.table(), field.name);
            field.db_table.clone().unwrap_or_else(own) == table
        })
    })
}

impl Adopted {
    fn remove_missing(&mut self, drift: &Drift) {
        let is_missing = |one: &&Difference| one.part == Part::Table && one.found.is_none();
        let mut missing: Vec<&Difference> = drift.differences.iter().filter(is_missing).collect();
        loop {
            let left = missing.len();
            missing.retain(|one| {
                let model = self.state.models().find(|model| model.table() == one.table).cloned();
                let gone = model.map(|model| self.state.remove(&model.app, &model.name));
                !matches!(gone, Some(Ok(_)))
            });
            if missing.len() == left {
                break;
            }
        }
        self.untold.extend(
            missing.iter().map(|one| format!("{}: the table is missing, and models need it", one.table)),
        );
    }

    /// Takes over what differs of one table.
    fn take(&mut self, backend: &dyn Backend, drift: &Drift, found: ModelState) -> Result<()> {
        let of_table: Vec<&Difference> =
            drift.differences.iter().filter(|one| one.table == found.table()).collect();
        let Some(old) = self.state.get(&found.app, &found.name).cloned() else {
            return self.state.add(found).map_err(|problem| no_way(&problem));
        };
        if let Some(key) = of_table.iter().find(|one| one.part == Part::PrimaryKey) {
            self.untold.push(format!(
                "{}: {key}: a model's key is one field, and another key is a migration that somebody writes",
                key.table
            ));
        }
        let mut model = ModelState { fields: Vec::new(), ..(*old).clone() };
        for field in &old.fields {
            let column = field.column();
            let differs = |part: Part| of_table.iter().any(|one| one.part == part && one.name == column);
            let new = found.fields.iter().find(|new| new.column() == column);
            match new {
                _ if !field.is_concrete() => model.fields.push(field.clone()),
                Some(new) if differs(Part::Column) || differs(Part::ForeignKey) => {
                    let live = drift.live.table(&found.table()).and_then(|table| table.column(&column));
                    let kept = like(field, new);
                    let type_name = live.map_or("", |column| column.type_name.as_str());
                    let is_kept = !differs(Part::ForeignKey)
                        && is_of_sort(field, new)
                        && self.has_type(backend, (&old, &kept), type_name).unwrap_or(false);
                    model.fields.push(if is_kept { kept } else { with_words(new, field) });
                }
                Some(_) => model.fields.push(field.clone()),
                None => {}
            }
        }
        let is_new = |field: &&Field| !old.fields.iter().any(|old| old.column() == field.column());
        model.fields.extend(found.fields.iter().filter(is_new).cloned());
        self.untold.extend(rules(&mut model, &found, &of_table));
        if of_table.iter().any(|one| one.part == Part::Comment) {
            model.options.db_comment.clone_from(&found.options.db_comment);
        }
        model.complete();
        if let Some(problem) = model.problem().or_else(|| model.fields.iter().find_map(Field::problem)) {
            return Err(no_way(&problem));
        }
        self.state
            .change(&found.app, &found.name, |state| {
                *state = model;
                Ok(())
            })
            .map_err(|problem| no_way(&problem))
    }

    /// Whether the column of a field has a type.
    fn has_type(
        &self,
        backend: &dyn Backend,
        (model, field): (&ModelState, &Field),
        type_name: &str,
    ) -> Option<bool> {
        let mut bare = ModelState { fields: vec![field.clone()], ..model.clone() };
        (bare.options.indexes, bare.options.constraints) = (Vec::new(), Vec::new());
        let tables = Tables { backend, is_here: &|_| true };
        let table = tables.table(&self.state, &bare).ok()?;
        let made = expected(backend, &table).ok()?;
        made.columns.first().map(|column| column.type_name == type_name)
    }
}

fn no_way(problem: &str) -> Error {
    Error::NoWay { what: "what differs".to_owned(), problem: problem.to_owned() }
}

/// Whether both are written by programs, computed or counted up.
fn is_of_sort(one: &Field, other: &Field) -> bool {
    let is_generated = |field: &Field| field.kind == FieldType::Generated;
    is_generated(one) == is_generated(other) && one.kind.is_auto() == other.kind.is_auto()
}

/// The field as it was, with what its column says besides its type.
fn like(old: &Field, new: &Field) -> Field {
    let mut field = Field {
        null: new.null,
        db_default: new.db_default.clone(),
        db_comment: new.db_comment.clone(),
        db_collation: new.db_collation.clone(),
        ..old.clone()
    };
    if field.kind == FieldType::Generated {
        field.expression.clone_from(&new.expression);
        field.stored = new.stored;
    }
    field
}

/// The field as it is, with what no database stores of what it was.
fn with_words(new: &Field, old: &Field) -> Field {
    let words = Field {
        default: old.default.clone(),
        choices: old.choices.clone(),
        verbose_name: old.verbose_name.clone(),
        help_text: old.help_text.clone(),
        ..new.clone()
    };
    match words.problem() {
        None => words,
        Some(_) => new.clone(),
    }
}

/// Takes over the indexes and constraints that differ, and gives those that no model says.
fn rules(model: &mut ModelState, found: &ModelState, of_table: &[&Difference]) -> Vec<String> {
    let mut untold = Vec::new();
    for one in of_table.iter().filter(|one| matches!(one.part, Part::Index | Part::Constraint)) {
        let table = found.table();
        let name = &one.name;
        model.options.indexes.retain(|index| index.name != *name);
        model.options.constraints.retain(|constraint| constraint.name != *name);
        model.options.indexes.extend(found.options.indexes.iter().find(|index| index.name == *name).cloned());
        let is_meant = |constraint: &&Constraint| match name.as_str() {
            "" => constraint.check.as_ref().is_some_and(|sql| one.found.as_ref() == Some(&check_words(sql))),
            name => constraint.name == name,
        };
        let same = found.options.constraints.iter().find(is_meant).cloned();
        let is_unnamed = name.is_empty() && same.is_some();
        model.options.constraints.extend(same);
        let mut is_said = one.found.is_none()
            || is_unnamed
            || model.options.indexes.iter().any(|index| index.name == *name)
            || model.options.constraints.iter().any(|constraint| constraint.name == *name);
        for field in &mut model.fields {
            let column = field.column();
            let is = |suffix: &str| generated_name(&table, &[&column], suffix) == *name;
            let new = found.fields.iter().find(|new| new.column() == column);
            is_said |= is("") || is("_uniq");
            if is("") {
                field.db_index = Some(new.is_some_and(Field::has_index));
            }
            if is("_uniq") {
                field.unique = new.is_some_and(Field::is_unique) && field.kind != FieldType::OneToOne;
                if field.kind == FieldType::OneToOne && !new.is_some_and(Field::is_unique) {
                    (field.kind, field.db_index) =
                        (FieldType::ForeignKey, Some(new.is_some_and(Field::has_index)));
                }
            }
        }
        // A check that a kind of field brings by itself is read as that kind.
        if !is_said && !take_kind(model, found) {
            untold.push(format!("{table}: {one}"));
        }
    }
    untold
}

/// A check as differences tell it.
fn check_words(sql: &SqlText) -> String {
    match sql {
        SqlText::Same(sql) => format!("CHECK ({sql})"),
        SqlText::PerDialect(_) => String::new(),
    }
}

/// Takes over the kinds of numbers that must not be negative, and whether there was one.
fn take_kind(model: &mut ModelState, found: &ModelState) -> bool {
    let mut is_taken = false;
    for field in &mut model.fields {
        let new = found.fields.iter().find(|new| new.column() == field.column());
        let kinds = new.and_then(|new| Some((column_type(field)?, column_type(new)?, new.kind)));
        if let Some((old, new, kind)) = kinds
            && new.is_positive()
            && !old.is_positive()
        {
            field.kind = kind;
            is_taken = true;
        }
    }
    is_taken
}
