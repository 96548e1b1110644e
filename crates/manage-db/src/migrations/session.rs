//! A connection of its own to one database, with what the database remembers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use super::error::{Error, HistoryProblem, HistoryProblemKind, Result};
use super::graph::Graph;
use super::lock;
use super::migration::Key;
use super::plan::Plan;
use super::recorder::{History, Home, JournalKey};
use super::reversal::{Gone, gone};
use crate::backends::base::{Attempt, BackendRef, Connection, MigrationLock};

/// A connection of its own to one database, with what the database remembers.
pub struct Session {
    backend: BackendRef,
    connection: Box<dyn Connection>,
    lock: Option<Box<dyn MigrationLock>>,
    /// What the database remembers.
    pub history: History,
    /// What is applied and has no file here, once it was asked for.
    gone: Vec<Gone>,
}

impl Session {
    /// Connects and reads the history, without a lock: for looking only.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open(backend: &BackendRef) -> Result<Self> {
        let mut connection = backend.connect_to_look().await?;
        let history = Self::read_history(backend, &mut *connection).await?;
        Ok(Self { backend: BackendRef::clone(backend), connection, lock: None, history, gone: Vec::new() })
    }

    /// Connects, takes the lock and reads the history. `wait`: how long it waits for the lock; none: the database's
    /// `lock_timeout`, or `lock::LONGEST` without one. `waiting` is called once with whoever has it and with that limit.
    ///
    /// # Errors
    /// [`Error::Locked`] when somebody else has the lock for longer; [`Error::Database`].
    pub async fn open_locked(
        backend: &BackendRef,
        wait: Option<Duration>,
        waiting: &mut (dyn FnMut(Option<&str>, Duration) + Send),
    ) -> Result<Self> {
        let mut connection = backend.connect().await?;
        let mut lock = backend.migration_lock();
        let limit = wait.or(backend.lock_timeout()).unwrap_or(lock::LONGEST);
        let mut waiting = |holder: Option<&str>| waiting(holder, limit);
        let taken = lock::acquire(&mut *lock, &mut *connection, limit, &mut waiting).await?;
        if let Attempt::Held { holder } = taken {
            return Err(Error::Locked { alias: backend.alias().to_owned(), holder, waited: limit });
        }
        let history = Self::read_history(backend, &mut *connection).await?;
        Ok(Self {
            backend: BackendRef::clone(backend),
            connection,
            lock: Some(lock),
            history,
            gone: Vec::new(),
        })
    }

    async fn read_history(backend: &BackendRef, connection: &mut dyn Connection) -> Result<History> {
        let history = History::read(backend, connection).await;
        history.map_err(|error| Error::from(error).at(&**backend))
    }

    /// Asks what undoes the migrations that have no file here.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub(super) async fn read_gone(&mut self, graph: &Graph) -> Result<()> {
        let has_file = |key: &Key| graph.explains(key) || !graph.apps().contains(&key.app);
        self.gone = gone(&self.backend, &mut *self.connection, &self.history, has_file).await?;
        Ok(())
    }

    /// What is applied and has no file here, the last applied first, once it was asked for.
    pub(super) fn gone(&self) -> &[Gone] {
        &self.gone
    }

    /// Gives the lock back, if this session has it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn release(&mut self) -> Result<()> {
        if let Some(mut lock) = self.lock.take() {
            lock.release(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Where the history is kept.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub(super) async fn home(&mut self) -> Result<Home> {
        Ok(Home::find(&self.backend, &mut *self.connection, &self.history.tables).await?)
    }

    /// The graph as it is for this database.
    ///
    /// # Errors
    /// Those of [`Graph::for_history`].
    pub fn graph<'a>(&self, graph: &'a Graph) -> Result<Cow<'a, Graph>> {
        self.history.graph(self.alias(), graph)
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> &mut dyn Connection {
        &mut *self.connection
    }

    /// Alias of the database.
    pub fn alias(&self) -> &str {
        self.backend.alias()
    }

    /// The name of its SQL in per-vendor texts.
    pub(super) fn dialect(&self) -> &'static str {
        self.backend.features().dialect
    }

    /// The database.
    pub fn backend(&self) -> &BackendRef {
        &self.backend
    }

    /// What this run would leave half done on the database.
    pub fn unfinished(&self, graph: &Graph, plan: &Plan) -> Vec<HistoryProblem> {
        let planned: BTreeSet<i64> = plan.migrations.iter().map(|migration| migration.version()).collect();
        let left = self
            .history
            .journal
            .keys()
            .filter(|key| !(planned.contains(&key.version) && key.is_backwards == plan.is_backwards));
        left.map(|key| self.unfinished_one(graph, *key)).collect()
    }

    fn unfinished_one(&self, graph: &Graph, key: JournalKey) -> HistoryProblem {
        let JournalKey { version, is_backwards } = key;
        let kind = match graph.migrations().any(|migration| migration.version() == version) {
            true => HistoryProblemKind::Unfinished { is_backwards },
            false => {
                let steps = self.history.journal.get(&key).into_iter().flatten();
                let done = steps.filter(|(_, row)| row.is_done).count();
                HistoryProblemKind::UnfinishedWithoutFile { done, is_backwards }
            }
        };
        let migration = self.history.name_of(graph, version);
        HistoryProblem { alias: self.alias().to_owned(), migration, kind }
    }
}

/// Everything about which the databases and the files disagree; files that are missing, unless that is allowed.
///
/// # Errors
/// [`Error::History`], with all of it.
pub fn verify(graph: &Graph, sessions: &[Session], allow_missing: bool) -> Result<()> {
    let mut problems: Vec<HistoryProblem> = Vec::new();
    for session in sessions {
        let graph = session.graph(graph)?;
        problems.extend(session.history.problems(session.backend(), &graph));
    }
    problems
        .retain(|problem| !(allow_missing && matches!(problem.kind, HistoryProblemKind::MissingFile { .. })));
    if problems.is_empty() { Ok(()) } else { Err(Error::History(problems)) }
}
