//! Runs the program of one migration together with its row of the history.

use std::collections::BTreeMap;

use super::error::Outcome;
use super::functions::{Functions, Rows};
use super::program::{Part, Program};
use super::recorder::{JournalKey, JournalRow, STEPS_TABLE, create_steps_sql};
use super::schema::Action;
use crate::backends::base::schema::Step;
use crate::backends::base::{BackendRef, Connection, Statement, Value};
use crate::error::{StatementError, StatementKind};
use manage_leaves::crypto;

/// One migration about to run on one database.
pub(super) struct Unit<'a> {
    /// The database.
    pub backend: &'a BackendRef,
    /// A connection to it.
    pub connection: &'a mut dyn Connection,
    /// The functions of the apps.
    pub functions: &'a Functions,
    /// What runs.
    pub program: &'a Program,
    /// The statement that changes the history.
    pub record: &'a str,
    /// The migration's place in the journal.
    pub journal: JournalKey,
    /// What the journal says about it.
    pub done: Option<&'a BTreeMap<usize, JournalRow>>,
    /// Whether the journal's table is known to exist.
    pub has_journal: &'a mut bool,
}

/// Why a unit stopped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something that it ran failed.
    Failed {
        /// File and line of the operation.
        place: String,
        /// The statement or function.
        what: String,
        /// What became of the rest.
        outcome: Outcome,
        /// What the database said.
        error: crate::Error,
    },
    /// A step that is done already was changed since; its number, from 1.
    ChangedStep(usize),
}

impl Failure {
    /// The failure of a step behind so many that are done and stay.
    fn behind(self, finished: usize) -> Self {
        match self {
            Self::Failed { place, what, error, .. } => {
                Self::Failed { place, what, outcome: Outcome::Kept(finished), error }
            }
            other => other,
        }
    }
}

impl Unit<'_> {
    /// Runs it: in one transaction where DDL can be rolled back, otherwise step by step with a journal.
    ///
    /// # Errors
    /// What failed first.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let guard = self.program.guard;
        for sql in guard.map_or(&[][..], |guard| guard.before) {
            self.connection.batch(&[sql]).await.map_err(|failure| self.failed("", sql, failure.error))?;
        }
        let is_whole = self.program.is_atomic && self.backend.features().can_rollback_ddl;
        let answer =
            if is_whole && self.done.is_none() { self.in_transaction().await } else { self.by_steps().await };
        if is_whole && answer.is_err() {
            // When even this fails the connection is broken, which rolls back as well.
            drop(self.connection.rollback().await);
        }
        for sql in guard.map_or(&[][..], |guard| guard.after) {
            drop(self.connection.batch(&[sql]).await);
        }
        answer
    }

    fn failed(&self, place: &str, what: &str, error: crate::Error) -> Failure {
        Failure::Failed {
            place: place.to_owned(),
            what: what.to_owned(),
            outcome: Outcome::RolledBack,
            error,
        }
    }

    async fn in_transaction(&mut self) -> Result<(), Failure> {
        let program = self.program;
        let actions = actions(program);
        let is_plain = program.guard.is_none()
            && actions.iter().all(|(_, action)| matches!(action, Action::Step(Step::Sql(_))));
        let mut segment = Segment::default();
        if is_plain {
            // Everything in one go: a server is waited for once.
            segment.push("", self.backend.features().begin);
        } else {
            let begun = self.connection.begin().await;
            begun.map_err(|error| self.failed("", self.backend.features().begin, error))?;
        }
        let orphans = self.orphans().await?;
        for (part, action) in actions {
            match action {
                Action::Step(Step::Sql(sql)) => segment.push(&part.place, sql),
                other => {
                    self.flush(&mut segment).await?;
                    self.special(part, other).await?;
                }
            }
        }
        if program.guard.is_some() {
            self.flush(&mut segment).await?;
            self.check_orphans(&orphans).await?;
        }
        segment.push("", self.record);
        if is_plain {
            segment.push("", "COMMIT");
            return self.flush(&mut segment).await;
        }
        self.flush(&mut segment).await?;
        self.connection.commit().await.map_err(|error| self.failed("", "COMMIT", error))
    }

    async fn flush(&mut self, segment: &mut Segment<'_>) -> Result<(), Failure> {
        let statements = std::mem::take(&mut segment.statements);
        let texts: Vec<&str> = statements.iter().map(|(_, sql)| *sql).collect();
        match self.connection.batch(&texts).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let (place, sql) = statements.get(failure.index).copied().unwrap_or_default();
                let place = if place.is_empty() { self.last_place() } else { place };
                Err(self.failed(place, sql, failure.error))
            }
        }
    }

    fn last_place(&self) -> &str {
        self.program.parts.last().map(|part| part.place.as_str()).unwrap_or_default()
    }

    /// Runs what is more than a statement.
    async fn special(&mut self, part: &Part, action: &Action) -> Result<(), Failure> {
        match action {
            Action::Step(Step::Sql(sql)) => {
                let done = self.connection.batch(&[sql]).await;
                done.map_err(|failure| self.failed(&part.place, sql, failure.error))
            }
            Action::Step(Step::Several { before, statements, after }) => {
                let before = self.asked(part, before.as_deref()).await?;
                let after = self.asked(part, after.as_deref()).await?;
                for sql in before.iter().chain(statements).chain(&after) {
                    let done = self.connection.batch(&[sql]).await;
                    done.map_err(|failure| self.failed(&part.place, sql, failure.error))?;
                }
                Ok(())
            }
            Action::Function { name, state } => {
                let Some(function) = self.functions.get(name) else { return Ok(()) };
                let mut rows = Rows::new(BackendRef::clone(self.backend), &mut *self.connection);
                let done = function(&mut rows, state).await;
                done.map_err(|error| self.failed(&part.place, &format!("function {name}"), error))
            }
        }
    }

    /// The statements that a query gives.
    async fn asked(&mut self, part: &Part, query: Option<&str>) -> Result<Vec<String>, Failure> {
        let Some(sql) = query else { return Ok(Vec::new()) };
        let rows = self.connection.query(Statement { sql, params: &[] }).await;
        let rows = rows.and_then(|rows| rows.into_iter().map(|mut row| row.take(0)).collect());
        rows.map_err(|error| self.failed(&part.place, sql, error))
    }

    /// How many rows break a foreign key, by table and the table they point to.
    async fn orphans(&mut self) -> Result<BTreeMap<(String, String), usize>, Failure> {
        let mut orphans = BTreeMap::new();
        let Some(guard) = self.program.guard else { return Ok(orphans) };
        let rows = self.connection.query(Statement { sql: guard.orphans, params: &[] }).await;
        for mut row in rows.map_err(|error| self.failed("", guard.orphans, error))? {
            let read = row.take::<String>(0).and_then(|table| Ok((table, row.take::<String>(2)?)));
            let pair = read.map_err(|error| self.failed("", guard.orphans, error))?;
            *orphans.entry(pair).or_default() += 1;
        }
        Ok(orphans)
    }

    /// Rows that broke a foreign key before are old sins of somebody else; new ones are this migration's.
    async fn check_orphans(&mut self, before: &BTreeMap<(String, String), usize>) -> Result<(), Failure> {
        let after = self.orphans().await?;
        for (pair, count) in &after {
            let old = before.get(pair).copied().unwrap_or_default();
            if *count > old {
                let (table, parent) = pair;
                let message = format!(
                    "{} of table {table} would point to rows of {parent} that do not exist",
                    manage_leaves::text::count(i64::try_from(count - old).unwrap_or(i64::MAX), "row")
                );
                let kind = StatementKind::ForeignKeyViolation;
                let sql = "PRAGMA foreign_key_check".to_owned();
                let error =
                    Box::new(StatementError { place: None, kind, code: None, message, sql: sql.clone() });
                return Err(self.failed(self.last_place(), &sql, crate::Error::Statement(error)));
            }
        }
        Ok(())
    }

    /// Runs one action after the other, each noted in the journal, so that a next run goes on where this one ends.
    async fn by_steps(&mut self) -> Result<(), Failure> {
        if !*self.has_journal {
            let sql = create_steps_sql(self.backend);
            self.connection.batch(&[&sql]).await.map_err(|failure| self.failed("", &sql, failure.error))?;
            *self.has_journal = true;
        }
        let program = self.program;
        for (number, (part, action)) in actions(program).into_iter().enumerate() {
            let hash = hash(action);
            let noted = self.done.and_then(|done| done.get(&number));
            match noted {
                Some(row) if row.hash != hash => return Err(Failure::ChangedStep(number + 1)),
                Some(row) if row.is_done => {}
                noted => {
                    let done = self.step(part, action, number, &hash, noted.is_some()).await;
                    done.map_err(|failure| failure.behind(number))?;
                }
            }
        }
        let forget =
            self.journal_sql("DELETE FROM {table} WHERE version = {version} AND direction = {direction}");
        let begin = self.backend.features().begin;
        let end = [begin, &forget, self.record, "COMMIT"];
        let done = self.connection.batch(&end).await;
        match done {
            Ok(()) => Ok(()),
            Err(failure) => {
                drop(self.connection.rollback().await);
                Err(self.failed(self.last_place(), end[failure.index], failure.error))
            }
        }
    }

    async fn step(
        &mut self,
        part: &Part,
        action: &Action,
        number: usize,
        hash: &str,
        is_in_doubt: bool,
    ) -> Result<(), Failure> {
        let note = |state: &str| {
            format!(
                "INSERT INTO {{table}} (version, direction, step, state, hash) \
                 VALUES ({{version}}, {{direction}}, {number}, '{state}', '{hash}')"
            )
        };
        let of_step =
            format!("WHERE version = {{version}} AND direction = {{direction}} AND step = {number}");
        let can_roll_back = match action {
            Action::Step(step) => step.statements().all(|sql| self.backend.can_roll_back(sql)),
            Action::Function { .. } => true,
        };
        if can_roll_back && !is_in_doubt {
            let noted = self.journal_sql(&note("done"));
            let begun = self.connection.begin().await;
            begun.map_err(|error| self.failed(&part.place, self.backend.features().begin, error))?;
            let done = match self.special(part, action).await {
                Ok(()) => self.plain(part, &noted).await,
                Err(failure) => Err(failure),
            };
            if done.is_err() {
                drop(self.connection.rollback().await);
                return done;
            }
            return self.connection.commit().await.map_err(|error| self.failed(&part.place, "COMMIT", error));
        }
        if !is_in_doubt {
            let noted = self.journal_sql(&note("started"));
            self.plain(part, &noted).await?;
        }
        match self.special(part, action).await {
            // It was done by the run that died before it could say so.
            Err(Failure::Failed { error, .. }) if is_in_doubt && self.backend.is_already_done(&error) => {}
            Err(failure) => {
                let forget = self.journal_sql(&format!("DELETE FROM {{table}} {of_step}"));
                // The connection may be gone; then the step stays in doubt, which is the truth.
                drop(self.plain(part, &forget).await);
                return Err(failure);
            }
            Ok(()) => {}
        }
        let noted = self.journal_sql(&format!("UPDATE {{table}} SET state = 'done' {of_step}"));
        self.plain(part, &noted).await
    }

    async fn plain(&mut self, part: &Part, sql: &str) -> Result<(), Failure> {
        let done = self.connection.execute(Statement { sql, params: &[] as &[Value] }).await;
        done.map(drop).map_err(|error| self.failed(&part.place, sql, error))
    }

    fn journal_sql(&self, template: &str) -> String {
        template
            .replace("{table}", &self.backend.features().quote_name(STEPS_TABLE))
            .replace("{version}", &self.journal.version.to_string())
            .replace("{direction}", &format!("'{}'", self.journal.direction()))
    }
}

/// Statements that are sent together, each with the file and line it comes from.
#[derive(Default)]
struct Segment<'a> {
    statements: Vec<(&'a str, &'a str)>,
}

impl<'a> Segment<'a> {
    fn push(&mut self, place: &'a str, sql: &'a str) {
        self.statements.push((place, sql));
    }
}

fn actions(program: &Program) -> Vec<(&Part, &Action)> {
    let mut actions = Vec::new();
    for part in &program.parts {
        actions.extend(part.actions.iter().map(|action| (part, action)));
    }
    actions
}

fn hash(action: &Action) -> String {
    let text = match action {
        Action::Step(step) => step.statements().collect::<Vec<_>>().join(";\n"),
        Action::Function { name, .. } => format!("function {name}"),
    };
    crypto::sha256_hex(text.as_bytes())
}
