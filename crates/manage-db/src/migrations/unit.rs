//! One migration about to run on one database, and how the parts of its program are run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::action::{Action, ScriptStatement};
use super::error::Outcome;
use super::functions::{Functions, Rows};
use super::patience::Patience;
use super::place::Place;
use super::program::{Part, Program};
use super::progress::Progress;
use super::recorder::{Home, JournalKey, JournalRow};
use crate::backends::base::schema::Step;
use crate::backends::base::{BackendRef, Connection, LockWait, Statement};

/// Where migrations run.
pub(super) struct Workplace<'a> {
    /// The database.
    pub backend: &'a BackendRef,
    /// A connection to it.
    pub connection: &'a mut dyn Connection,
    /// The functions of the apps.
    pub functions: &'a Functions,
    /// Where the history is kept.
    pub home: &'a mut Home,
    /// How waits for locks are kept short.
    pub lock_wait: &'a LockWait,
    /// How long a migration goes on trying.
    pub patience: &'a Patience,
    /// Whether there are tables whose rows no transaction undoes; none: that is to be looked at.
    pub has_loose_tables: Option<bool>,
    /// Where it is told how many rows are done.
    pub progress: &'a Progress,
    /// Whether a transaction stands around the whole run.
    pub is_in_transaction: bool,
}

/// One migration about to run on one database.
pub(super) struct Unit<'a, 'b> {
    /// Where.
    pub place: &'b mut Workplace<'a>,
    /// What runs.
    pub program: &'b Program,
    /// The statement that changes the history.
    pub record: &'b str,
    /// The migration's place in the journal.
    pub journal: JournalKey,
    /// What the journal says about it.
    pub done: Option<&'b BTreeMap<usize, JournalRow>>,
}

/// The place of what stands in no file.
pub(super) static NOWHERE: LazyLock<Place> = LazyLock::new(Place::default);

/// Most statements that are on their way at once.
pub(super) const MOST_AT_ONCE: usize = 1000;

/// Why a unit stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something that it ran failed.
    Failed {
        /// The line of the statement, or of the operation.
        place: Place,
        /// The statement or function.
        what: String,
        /// What became of the rest.
        outcome: Outcome,
        /// What the database said.
        error: crate::Error,
    },
    /// Rows that it would stumble over, in sentences.
    Rows(Vec<String>),
    /// The database reads a text otherwise than it was read here.
    Reading {
        /// Where the text stands.
        place: Place,
        /// A statement that makes it read alike.
        way_out: &'static str,
    },
    /// refinery does not take it, with its reason.
    Refused(String),
    /// A step that is done already was changed since; its number, from 1.
    ChangedStep(usize),
    /// A step that is done set up the session in a way that cannot be done again.
    Unrepeatable(Place),
    /// A statement was begun that cannot be undone, and nobody noted its end.
    InDoubt(Place),
}

impl Failure {
    /// Whether the same again may succeed, after a pause.
    pub(super) async fn may_pass(&self, patience: &Patience) -> bool {
        match self {
            Self::Failed { error, .. } => patience.may_try_again(error).await,
            Self::Rows(_)
            | Self::Reading { .. }
            | Self::Refused(_)
            | Self::ChangedStep(_)
            | Self::Unrepeatable(_)
            | Self::InDoubt(_) => false,
        }
    }

    /// The failure of a step behind so many that are done and stay.
    pub(super) fn behind(self, finished: usize) -> Self {
        match self {
            Self::Failed { place, what, error, .. } => {
                Self::Failed { place, what, outcome: Outcome::Kept(finished), error }
            }
            other => other,
        }
    }
}

impl<'b> Unit<'_, 'b> {
    pub(super) fn failed(&self, place: &Place, what: &str, error: crate::Error) -> Failure {
        Failure::Failed { place: place.clone(), what: what.to_owned(), outcome: Outcome::RolledBack, error }
    }

    pub(super) async fn begin(&mut self, place: &Place) -> Result<(), Failure> {
        let begun = self.place.connection.begin().await;
        begun.map_err(|error| self.failed(place, self.place.backend.features().begin, error))
    }

    /// What a script may have left that the history cannot be written under.
    pub(super) fn before_record(&self) -> &'static [&'static str] {
        if self.program.is_tame() { &[] } else { self.place.backend.script_rules().before_record }
    }

    pub(super) async fn flush(&mut self, segment: &mut Segment<'_>) -> Result<(), Failure> {
        let statements = std::mem::take(&mut segment.statements);
        let texts: Vec<&str> = statements.iter().map(|(_, sql)| *sql).collect();
        match self.place.connection.batch(&texts).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let (place, sql) = statements.get(failure.index).copied().unwrap_or((self.last_place(), ""));
                let place = if *place == Place::default() { self.last_place() } else { place };
                Err(self.failed(place, sql, failure.error))
            }
        }
    }

    pub(super) fn last_place(&self) -> &'b Place {
        self.program.parts.last().map_or(&NOWHERE, |part| &part.place)
    }

    /// Runs what is more than a statement.
    pub(super) async fn special(&mut self, part: &Part, action: &Action) -> Result<(), Failure> {
        match action {
            Action::Step(Step::Sql(sql)) => self.plain(&part.place, sql).await,
            Action::Script(step) => {
                for statement in &step.statements {
                    self.statement(statement).await?;
                }
                Ok(())
            }
            Action::Step(Step::Several(several)) => {
                let before = self.asked(part, several.before.as_deref()).await?;
                let after = self.asked(part, several.after.as_deref()).await?;
                for sql in before.iter().chain(&several.statements).chain(&after) {
                    self.plain(&part.place, sql).await?;
                }
                Ok(())
            }
            Action::Fill(filling) => self.fill(part, filling).await,
            Action::Function { name, state } => {
                let Some(function) = self.place.functions.get(name) else { return Ok(()) };
                let Workplace { backend, connection, progress, .. } = &mut *self.place;
                let mut rows = Rows::new(BackendRef::clone(backend), &mut **connection, progress);
                let done = function(&mut rows, state).await;
                done.map_err(|error| self.failed(&part.place, &format!("function {name}"), error))
            }
        }
    }

    /// Runs a statement that somebody wrote, with the rows behind it.
    pub(super) async fn statement(&mut self, statement: &ScriptStatement) -> Result<(), Failure> {
        match &statement.rows {
            None => self.plain(&statement.place, &statement.sql).await,
            Some(rows) => {
                let done = self.place.connection.copy_in(&statement.sql, rows.as_bytes()).await;
                done.map_err(|error| self.failed(&statement.place, &statement.sql, error))
            }
        }
    }

    /// The statements that a query gives.
    pub(super) async fn asked(&mut self, part: &Part, query: Option<&str>) -> Result<Vec<String>, Failure> {
        let Some(sql) = query else { return Ok(Vec::new()) };
        let rows = self.place.connection.query(Statement { sql, params: &[] }).await;
        let rows = rows.and_then(|rows| rows.into_iter().map(|mut row| row.take(0)).collect());
        rows.map_err(|error| self.failed(&part.place, sql, error))
    }

    /// Keeps waits for locks short, where that is a thing of the session.
    pub(super) async fn shorten_waits(&mut self) -> Result<(), Failure> {
        match self.place.lock_wait {
            LockWait::Session(sql) => self.plain(&NOWHERE, sql).await,
            LockWait::Transaction(_) | LockWait::Connection => Ok(()),
        }
    }

    /// Runs a statement without rows.
    pub(super) async fn plain(&mut self, place: &Place, sql: &str) -> Result<(), Failure> {
        let done = self.place.connection.batch(&[sql]).await;
        done.map_err(|failure| self.failed(place, sql, failure.error))
    }
}

/// Statements that are sent together, each with the line it comes from.
#[derive(Default)]
pub(super) struct Segment<'a> {
    pub statements: Vec<(&'a Place, &'a str)>,
}

impl<'a> Segment<'a> {
    pub(super) fn push(&mut self, place: &'a Place, sql: &'a str) {
        self.statements.push((place, sql));
    }

    pub(super) fn push_action(&mut self, part: &'a Part, action: &'a Action) {
        match action {
            Action::Step(Step::Sql(sql)) => self.push(&part.place, sql),
            Action::Script(step) => {
                step.statements.iter().for_each(|statement| self.push(&statement.place, &statement.sql));
            }
            Action::Step(_) | Action::Fill(_) | Action::Function { .. } => {}
        }
    }
}

/// Whether it is statements and nothing else, known before anything runs.
pub(super) fn is_plain(action: &Action) -> bool {
    match action {
        Action::Step(Step::Sql(_)) => true,
        Action::Script(step) => step.statements.iter().all(|statement| statement.rows.is_none()),
        Action::Step(_) | Action::Fill(_) | Action::Function { .. } => false,
    }
}
