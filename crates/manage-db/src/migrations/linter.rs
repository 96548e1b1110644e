//! Looks for what is unsafe in migrations, and at how many rows it would happen to.
//!
//! What becomes of tables is read as the differ says it. SQL that somebody wrote is not, but for whether it changes rows:
//! what it does to tables nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::action::Action;
use super::error::Result;
use super::graph::Graph;
use super::lint::{Finding, RULES, Size, Subject};
use super::migration::{Key, Migration};
use super::place::Place;
use super::prepare::Prepared;
use super::program::{self, Part, Program, Site};
use super::session::Session;
use super::state::ProjectState;
use super::work::Work;
use crate::backends::base::changes::TableChange;
use crate::backends::base::{
    BackendRef, BatchError, Connection, Features, LockWait, Statement, first_word,
};

/// Longest wait for a lock while rows are counted: those who come behind it wait as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which migrations are looked at.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of this app; none: of all.
    pub app: Option<String>,
    /// This one, also where it is applied.
    pub key: Option<Key>,
}

impl Wanted {
    fn includes(&self, key: &Key) -> bool {
        self.key.as_ref().map_or_else(|| self.app.as_ref().is_none_or(|app| *app == key.app), |own| own == key)
    }
}

/// What was found on one database.
#[derive(Debug, Clone, Default)]
pub struct Linted {
    /// What is unsafe, in the order in which it would run.
    pub findings: Vec<Finding>,
    /// The migrations that were looked at.
    pub looked: BTreeSet<Key>,
    /// Those that the database has applied, which do nothing to it any more.
    pub applied: BTreeSet<Key>,
    /// How much was found on tables that hold no rows, and is nothing.
    pub empty: usize,
}

/// Looks for what is unsafe in the migrations of a database. With a session rows are counted there, and what is applied is
/// passed over; without one every table that the migration does not make itself counts as large.
///
/// # Errors
/// [`super::Error::File`] when an operation makes no sense where it stands; [`super::Error::Database`].
pub async fn lint(
    work: Work<'_>,
    backend: &BackendRef,
    session: Option<&mut Session>,
    wanted: &Wanted,
) -> Result<Linted> {
    let plain = work.graph;
    let Some(session) = session else {
        return look_at_all(work, backend, wanted, None);
    };
    let graph = session.graph(plain)?.into_owned();
    let applied = session.history.keys_in(&graph);
    let mut linted = look_at_all(Work { graph: &graph, ..work }, backend, wanted, Some(&applied))?;
    let (findings, empty): (Vec<Finding>, Vec<Finding>) =
        sized(session, linted.findings).await?.into_iter().partition(|one| one.size != Size::Rows(0));
    (linted.findings, linted.empty) = (findings, empty.len());
    Ok(linted)
}

/// `applied`: what the database has; none: it was not asked.
fn look_at_all(
    work: Work<'_>,
    backend: &BackendRef,
    wanted: &Wanted,
    applied: Option<&BTreeSet<Key>>,
) -> Result<Linted> {
    let is_here = |app: &str| work.router.allow_migrate(backend.alias(), app);
    let site = Site { backend: &**backend, is_here: &is_here };
    let is_applied = |key: &Key| applied.is_some_and(|applied| applied.contains(key));
    let (mut state, mut names, mut linted) = (ProjectState::default(), Names::default(), Linted::default());
    for migration in work.graph.migrations() {
        let key = &migration.key;
        let is_wanted = is_here(&key.app) && wanted.includes(key);
        let is_named = wanted.key.as_ref() == Some(key);
        if !is_here(&key.app) || (is_applied(key) && !is_named) {
            linted.applied.extend(is_wanted.then(|| key.clone()));
            program::replay(migration, &mut state)?;
            continue;
        }
        if applied.is_none() {
            names = Names::default();
        }
        let program = program::forwards(migration, &mut state, site)?;
        let found = Look { migration, program: &program, backend, graph: work.graph }.findings(&mut names);
        if is_wanted {
            linted.looked.insert(key.clone());
            linted.findings.extend(found);
        }
    }
    Ok(linted)
}

/// What a run refuses: unsafe steps on large tables. What is half done goes on.
///
/// # Errors
/// [`super::Error::Database`].
pub(super) async fn refused_steps(
    session: &mut Session,
    graph: &Graph,
    prepared: &Prepared,
) -> Result<Vec<Finding>> {
    if prepared.is_backwards() {
        return Ok(Vec::new());
    }
    let backend = Arc::clone(session.backend());
    let begun: BTreeSet<i64> = session.history.journal.keys().map(|key| key.version).collect();
    let (mut names, mut findings) = (Names::default(), Vec::new());
    for (migration, program) in prepared.programs() {
        let found = Look { migration, program, backend: &backend, graph }.findings(&mut names);
        if !begun.contains(&migration.version()) {
            findings.extend(found);
        }
    }
    findings.retain(|finding| finding.rule.is_refused);
    let mut findings = sized(session, findings).await?;
    findings.retain(|finding| finding.size.is_large());
    Ok(findings)
}

/// The names of tables in the course of a run, and those that they have before it; none: the run makes the table.
#[derive(Default)]
struct Names(BTreeMap<String, Option<String>>);

impl Names {
    fn before(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned().unwrap_or_else(|| Some(name.to_owned()))
    }

    fn follow(&mut self, change: &TableChange) {
        match change {
            TableChange::Create(table) => drop(self.0.insert(table.name.clone(), None)),
            TableChange::Rename { from, to } => {
                let before = self.before(from);
                self.0.remove(from);
                self.0.insert(to.clone(), before);
            }
            _ => {}
        }
    }
}

/// A migration that is looked at.
struct Look<'a> {
    migration: &'a Migration,
    program: &'a Program,
    backend: &'a BackendRef,
    graph: &'a Graph,
}

impl Look<'_> {
    /// What is unsafe in it, whatever the tables hold that it does not make itself.
    fn findings(&self, names: &mut Names) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut transaction = Transaction::default();
        let mut noted = self.program.changes.iter().peekable();
        for (number, part) in self.program.parts.iter().enumerate() {
            let mut rows = changes_rows(part);
            while let Some(note) = noted.next_if(|note| note.part <= number) {
                let Some(change) = &note.change else { continue };
                self.find(Subject::Change(change), part, names, &mut findings);
                names.follow(change);
                if let Some(table) = held(change).filter(|table| names.before(table).is_some()) {
                    transaction.table.get_or_insert_with(|| table.to_owned());
                }
            }
            if let Some(table) = transaction.joins(std::mem::take(&mut rows)) {
                self.find(Subject::RowsBeside(&table), part, names, &mut findings);
            }
            let is_one_way = self.migration.operations.get(number).is_some_and(|located| {
                located.line == part.place.line && !located.operation.change().is_reversible()
            });
            if is_one_way {
                self.find(Subject::OneWay, part, names, &mut findings);
            }
        }
        // The first tables of an app hold nothing, and nobody uses them yet.
        if self.graph.is_initial(self.migration) {
            findings.clear();
        }
        findings
    }

    fn find(&self, subject: Subject<'_>, part: &Part, names: &Names, findings: &mut Vec<Finding>) {
        let features = self.backend.features();
        let is_allowed = |code: &str| self.migration.allow_unsafe.contains(&code);
        for rule in RULES.iter().filter(|rule| (rule.holds)(features) && !is_allowed(rule.code)) {
            for breach in (rule.finds)(subject, features) {
                let table = breach.table.as_deref().map(|table| names.before(table));
                if table == Some(None) {
                    continue;
                }
                findings.push(Finding {
                    rule,
                    place: Place::clone(&part.place),
                    migration: self.migration.key.to_string(),
                    alias: self.backend.alias().to_owned(),
                    table: table.flatten(),
                    what: breach.what,
                    size: Size::Unknown,
                });
            }
        }
    }
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
    /// Takes note of rows that are changed, and gives the table once both kinds are there.
    fn joins(&mut self, rows: bool) -> Option<String> {
        self.rows |= rows;
        let is_new = self.rows && !self.is_told;
        let table = self.table.clone().filter(|_| is_new);
        self.is_told |= table.is_some();
        table
    }
}

/// The table that nobody else uses until the end of the transaction, by the name that it has then.
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

/// Counts the rows of the tables that findings are about, each once. One that is not there holds none.
async fn sized(session: &mut Session, mut findings: Vec<Finding>) -> Result<Vec<Finding>> {
    let wanted: BTreeSet<String> = findings.iter().filter_map(|finding| finding.table.clone()).collect();
    let known = &session.history.tables;
    let is_there = |table: &&String| known.iter().any(|name| name.eq_ignore_ascii_case(table));
    let asked: Vec<String> = wanted.iter().filter(is_there).cloned().collect();
    let backend = Arc::clone(session.backend());
    let counted = count(&backend, session.connection(), &asked).await?;
    for finding in &mut findings {
        if let Some(table) = &finding.table {
            finding.size = counted.get(table).copied().unwrap_or(Size::Rows(0));
        }
    }
    Ok(findings)
}

async fn count(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    tables: &[String],
) -> crate::Result<BTreeMap<String, Size>> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let features = backend.features();
    let wait = backend.lock_wait(PATIENCE);
    let opening: &[&str] = match &wait {
        LockWait::Transaction(sql) => &[features.begin, sql],
        LockWait::Session(sql) => &[sql],
        LockWait::Connection => &[],
    };
    connection.batch(opening).await.map_err(|failed: BatchError| failed.error)?;
    let queries: Vec<String> = tables.iter().map(|table| bounded(table, features)).collect();
    let statements: Vec<Statement<'_>> = queries.iter().map(|sql| Statement { sql, params: &[] }).collect();
    let answers = connection.query_all(&statements).await;
    if matches!(wait, LockWait::Transaction(_)) {
        let closed = connection.rollback().await;
        return sizes(tables, answers.and_then(|answers| closed.map(|()| answers))?);
    }
    sizes(tables, answers?)
}

/// A count that ends where a table is large.
fn bounded(table: &str, features: &Features) -> String {
    let (table, limit) = (features.quote_name(table), Size::LIMIT + 1);
    format!("SELECT COUNT(*) FROM (SELECT 1 AS row_there FROM {table} LIMIT {limit}) AS counted")
}

fn sizes(
    tables: &[String],
    answers: Vec<Vec<crate::backends::base::Row>>,
) -> crate::Result<BTreeMap<String, Size>> {
    let mut sizes = BTreeMap::new();
    for (table, rows) in tables.iter().zip(answers) {
        let number: i64 = rows.into_iter().next().map_or(Ok(0), |mut row| row.take(0))?;
        let number = u64::try_from(number).unwrap_or_default();
        sizes.insert(table.clone(), if number > Size::LIMIT { Size::Large } else { Size::Rows(number) });
    }
    Ok(sizes)
}
