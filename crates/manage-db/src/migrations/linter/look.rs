//! One migration, as rules look at it.

use std::collections::{BTreeMap, BTreeSet};

use super::course::Course;
use crate::backends::base::changes::TableChange;
use crate::backends::base::{BackendRef, first_word};
use crate::migrations::action::Action;
use crate::migrations::lint::{Breach, Finding, RULES, Rule, Size, Subject};
use crate::migrations::migration::{Migration, Stage};
use crate::migrations::place::Place;
use crate::migrations::program::{Part, Program};

/// A migration that is looked at.
pub(super) struct Look<'a> {
    migration: &'a Migration,
    program: &'a Program,
    backend: &'a BackendRef,
    found: Vec<Found>,
    /// Codes of `allow_unsafe` that something breaks.
    used: BTreeSet<&'static str>,
}

/// What was seen in a migration.
pub(super) struct Seen {
    /// What is unsafe, whatever the tables hold that the migration does not make itself.
    pub findings: Vec<Finding>,
    /// The codes of its `allow_unsafe`, and whether it breaks them.
    pub allowed: BTreeMap<&'static str, bool>,
}

impl<'a> Look<'a> {
    /// A look at what runs for a migration on a database.
    pub(super) fn new(migration: &'a Migration, program: &'a Program, backend: &'a BackendRef) -> Self {
        Self { migration, program, backend, found: Vec::new(), used: BTreeSet::new() }
    }

    /// Looks at it. `is_initial`: what it makes are the first tables of its app, which hold nothing and which nobody uses.
    pub(super) fn see(mut self, course: &mut Course, is_initial: bool) -> Seen {
        course.next();
        let mut transaction = self.is_transaction().then(Transaction::default);
        let mut noted = self.program.changes.iter().peekable();
        for (number, part) in self.program.parts.iter().enumerate() {
            while let Some(note) = noted.next_if(|note| note.part <= number) {
                let Some(change) = &note.change else { continue };
                self.find(Subject::Change(change), part, course);
                course.follow(change);
                if let (Some(transaction), Some(table)) = (&mut transaction, held(change)) {
                    transaction.hold(table, course);
                }
            }
            let both = transaction.as_mut().and_then(|transaction| transaction.joins(changes_rows(part)));
            if let Some(table) = both {
                self.find(Subject::RowsBeside(&table), part, course);
            }
            if self.is_one_way(number) {
                self.find(Subject::OneWay, part, course);
            }
        }
        if is_initial {
            self.found.clear();
            self.used.clear();
        }
        self.seen()
    }

    /// Whether nobody sees what comes in between.
    fn is_transaction(&self) -> bool {
        self.program.is_atomic && self.backend.features().can_rollback_ddl
    }

    /// Whether no program of before runs any more.
    fn is_later(&self) -> bool {
        self.migration.stage == Stage::Contract
    }

    fn is_one_way(&self, number: usize) -> bool {
        let located = self.migration.operations.get(number);
        located.is_some_and(|located| !located.operation.change().is_reversible())
    }

    fn find(&mut self, subject: Subject<'_>, part: &Part, course: &Course) {
        let features = self.backend.features();
        for rule in &RULES {
            let mut breaches = (rule.finds)(subject, features);
            breaches.retain(|breach| !breach.table.as_ref().is_some_and(|table| course.is_own(table)));
            if self.migration.allow_unsafe.contains(&rule.code) {
                // A file is for every kind of database: also where this one is safe.
                self.used.extend((!breaches.is_empty()).then_some(rule.code));
            } else if (rule.holds)(features) && !(rule.is_of_before && self.is_later()) {
                breaches.into_iter().for_each(|breach| self.add(rule, breach, part, course));
            }
        }
    }

    fn add(&mut self, rule: &'static Rule, breach: Breach, part: &Part, course: &Course) {
        // What is called otherwise and back again in one transaction was never called otherwise.
        let back = self.found.iter().position(|other| breach.takes_back(&other.breach));
        if let Some(position) = back.filter(|_| self.is_transaction()) {
            self.found.remove(position);
            return;
        }
        let before = breach.table.as_deref().map(|table| course.before(table));
        self.found.push(Found { rule, place: Place::clone(&part.place), before, breach });
    }

    fn seen(self) -> Seen {
        let told = |Found { rule, place, before, breach }| Finding {
            rule,
            place,
            migration: self.migration.key.to_string(),
            alias: self.backend.alias().to_owned(),
            size: if before == Some(None) { Size::Rows(0) } else { Size::Unknown },
            table: before.flatten().or(breach.table),
            what: breach.what,
        };
        let codes = self.migration.allow_unsafe.iter();
        Seen {
            allowed: codes.map(|code| (*code, self.used.contains(code))).collect(),
            findings: self.found.into_iter().map(told).collect(),
        }
    }
}

/// What a rule found at one place.
struct Found {
    rule: &'static Rule,
    place: Place,
    /// The name of its table before the run, where it is about one and that was there.
    before: Option<Option<String>>,
    breach: Breach,
}

/// What was done so far in the transaction of a migration.
#[derive(Default)]
struct Transaction {
    /// The first table that was there before and is changed.
    table: Option<String>,
    rows: bool,
    is_told: bool,
}

impl Transaction {
    /// Takes note of a table that nobody else uses until the end.
    fn hold(&mut self, table: &str, course: &Course) {
        if self.table.is_none() && !course.is_own(table) {
            self.table = Some(table.to_owned());
        }
    }

    /// Takes note of rows that are changed, and gives the table once both kinds are there.
    fn joins(&mut self, rows: bool) -> Option<String> {
        self.rows |= rows;
        let is_new = self.rows && !self.is_told;
        let table = self.table.clone().filter(|_| is_new);
        self.is_told |= table.is_some();
        table
    }
}

/// The table that a change locks, by the name that it has then.
fn held(change: &TableChange) -> Option<&str> {
    match change {
        TableChange::Rename { to, .. } => Some(to),
        TableChange::Alter(alter) => Some(&alter.new.name),
        _ => None,
    }
}

/// Whether rows are changed by more than a change of their table.
fn changes_rows(part: &Part) -> bool {
    const WORDS: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "COPY"];
    let is_row = |sql: &str| WORDS.iter().any(|word| first_word(sql).eq_ignore_ascii_case(word));
    part.actions.iter().any(|action| match action {
        Action::Step(_) => false,
        Action::Script(step) => step.statements.iter().any(|statement| is_row(&statement.sql)),
        Action::Fill(_) | Action::Function { .. } => true,
    })
}
