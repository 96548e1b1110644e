//! Looks for what is unsafe in migrations, and at how many rows it would happen to.
//!
//! What becomes of tables is read as the differ says it. SQL that somebody wrote is not, but for whether it changes rows:
//! what it does to tables nobody knows.

mod course;
mod rows;

mod look;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::Result;
use super::events::Event;
use super::graph::Graph;
use super::lint::{Finding, Size};
use super::lock::LONGEST;
use super::migration::Key;
use super::patience::{Patience, Seen, watched};
use super::prepare::Prepared;
use super::program::{self, Site};
use super::progress::Progress;
use super::session::Session;
use super::state::ProjectState;
use super::work::Work;
use crate::backends::base::BackendRef;
use crate::error::StatementKind;
use course::Course;
use look::Look;
use rows::count;

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
        match (&self.key, &self.app) {
            (Some(own), _) => own == key,
            (None, app) => app.as_ref().is_none_or(|app| *app == key.app),
        }
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
    /// What was found on tables that hold no rows, where it does no harm.
    pub empty: Vec<Finding>,
    /// The codes that files allow, and whether those break them.
    pub allowed: BTreeMap<(String, &'static str), bool>,
}

/// Looks for what is unsafe in the migrations of a database.
///
/// With a session rows are counted there, and what is applied is passed over; without one every table that the migration does
/// not make itself counts as large.
///
/// # Errors
/// [`super::Error::File`] when an operation makes no sense where it stands; [`super::Error::Database`].
pub async fn lint(
    work: Work<'_>,
    backend: &BackendRef,
    session: Option<&mut Session>,
    wanted: &Wanted,
) -> Result<Linted> {
    let Some(session) = session else {
        return look_at_all(work, backend, wanted, None);
    };
    let graph = session.graph(work.graph)?;
    let applied = session.history.keys_in(&graph);
    let mut linted = look_at_all(Work { graph: &graph, ..work }, backend, wanted, Some(&applied))?;
    count_at_once(session, &mut linted.findings).await?;
    let (empty, findings) = linted.findings.into_iter().partition(|finding| finding.size == Size::Rows(0));
    (linted.findings, linted.empty) = (findings, empty);
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
    let (mut state, mut course, mut linted) = (ProjectState::default(), Course::default(), Linted::default());
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
            course = Course::default();
        }
        let program = program::forwards(migration, &mut state, site)?;
        let is_initial = work.graph.is_initial(migration);
        let seen = Look::new(migration, &program, backend).see(&mut course, is_initial);
        if is_wanted {
            linted.looked.insert(key.clone());
            linted.findings.extend(seen.findings);
            let codes = seen.allowed.into_iter();
            linted.allowed.extend(codes.map(|(code, is_used)| ((migration.path.clone(), code), is_used)));
        }
    }
    Ok(linted)
}

/// What a run refuses: unsafe steps on large tables. What is half done goes on. It waits for whoever holds one of the tables, as
/// a migration does.
///
/// # Errors
/// [`super::Error::Database`].
pub(super) async fn refused_steps(
    session: &mut Session,
    graph: &Graph,
    prepared: &Prepared,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Vec<Finding>> {
    let mut findings = refusable_steps(session, graph, prepared)?;
    if !findings.is_empty() {
        count_patiently(session, &mut findings, tell).await?;
    }
    findings.retain(|finding| finding.size.is_large());
    Ok(findings)
}

/// The same without waiting for anybody: a table that somebody holds counts as large.
///
/// # Errors
/// [`super::Error::Database`].
pub(super) async fn refused_steps_now(
    session: &mut Session,
    graph: &Graph,
    prepared: &Prepared,
) -> Result<Vec<Finding>> {
    let mut findings = refusable_steps(session, graph, prepared)?;
    count_at_once(session, &mut findings).await?;
    findings.retain(|finding| finding.size.is_large());
    Ok(findings)
}

/// What a run refuses where the table is large, before anything is counted.
fn refusable_steps(session: &Session, graph: &Graph, prepared: &Prepared) -> Result<Vec<Finding>> {
    if prepared.is_backwards() {
        return Ok(Vec::new());
    }
    let graph = session.graph(graph)?;
    let backend = Arc::clone(session.backend());
    let begun: BTreeSet<i64> = session.history.journal.keys().map(|key| key.version).collect();
    let (mut course, mut findings) = (Course::default(), Vec::new());
    for (migration, program) in prepared.programs() {
        let seen = Look::new(migration, program, &backend).see(&mut course, graph.is_initial(migration));
        if !begun.contains(&migration.version()) {
            findings.extend(seen.findings);
        }
    }
    findings.retain(|finding| finding.rule.is_refused);
    Ok(findings)
}

async fn count_at_once(session: &mut Session, findings: &mut [Finding]) -> Result<()> {
    match count(session, findings).await {
        // A table that somebody holds is in use.
        Err(error) if error.statement_kind() == Some(StatementKind::Locked) => Ok(()),
        counted => Ok(counted?),
    }
}

async fn count_patiently(
    session: &mut Session,
    findings: &mut [Finding],
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<()> {
    let backend = Arc::clone(session.backend());
    let number = session.home().await?.session;
    let limit = backend.lock_timeout().unwrap_or(LONGEST);
    let patience = Patience::new(limit);
    let work = async {
        loop {
            match count(session, findings).await {
                Err(error) if patience.may_try_again(&error).await => {}
                counted => return Ok(counted?),
            }
        }
    };
    let mut seen = |seen: Seen<'_>| match seen {
        Seen::Blocked(blockers) => tell(Event::Blocked { alias: backend.alias(), blockers, limit }),
        Seen::Progress(_) => {}
    };
    watched(&backend, number, &patience, (work, Progress::new().1), &mut seen).await
}
