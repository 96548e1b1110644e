//! Runs the program of one migration together with its row of the history.

use std::collections::BTreeMap;

use super::action::{Action, Place, ScriptStatement};
use super::error::Outcome;
use super::functions::{Functions, Rows};
use super::program::{Part, Program};
use super::recorder::{Home, JournalKey, JournalRow};
use crate::backends::base::schema::Step;
use crate::backends::base::{BackendRef, Connection, Statement, Syntax, canonical, first_word};
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
    /// Where the history is kept.
    pub home: &'a mut Home,
}

/// Most statements that are on their way at once.
const MOST_AT_ONCE: usize = 1000;

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
    /// A step that is done already was changed since; its number, from 1.
    ChangedStep(usize),
    /// A step that is done set up the session in a way that cannot be done again.
    Unrepeatable(Place),
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

impl<'a> Unit<'a> {
    /// Runs it: in one transaction where DDL can be rolled back, otherwise step by step with a journal.
    ///
    /// # Errors
    /// What failed first.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let guard = self.program.guard;
        for sql in guard.map_or(&[][..], |guard| guard.before) {
            self.plain(&Place::default(), sql).await?;
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

    fn failed(&self, place: &Place, what: &str, error: crate::Error) -> Failure {
        Failure::Failed { place: place.clone(), what: what.to_owned(), outcome: Outcome::RolledBack, error }
    }

    async fn in_transaction(&mut self) -> Result<(), Failure> {
        let program = self.program;
        // A script may fail on this side of the wire; its COMMIT must not be on its way by then.
        let is_ours = |action: &Action| is_plain(action) && !matches!(action, Action::Script(_));
        let is_one_go = program.guard.is_none() && program.actions().all(|(_, action)| is_ours(action));
        let nowhere = Place::default();
        let mut segment = Segment::default();
        if is_one_go {
            // Everything in one go: a server is waited for once.
            segment.push(&nowhere, self.backend.features().begin);
        } else {
            let begun = self.connection.begin().await;
            begun.map_err(|error| self.failed(&nowhere, self.backend.features().begin, error))?;
        }
        let orphans = self.orphans().await?;
        for (part, action) in program.actions() {
            if is_plain(action) {
                segment.push_action(part, action);
                if segment.statements.len() >= MOST_AT_ONCE {
                    self.flush(&mut segment).await?;
                }
            } else {
                self.flush(&mut segment).await?;
                self.special(part, action).await?;
            }
        }
        if program.guard.is_some() {
            self.flush(&mut segment).await?;
            self.check_orphans(&orphans).await?;
        }
        for sql in self.before_record() {
            segment.push(&nowhere, sql);
        }
        segment.push(&nowhere, self.record);
        if is_one_go {
            segment.push(&nowhere, "COMMIT");
            return self.flush(&mut segment).await;
        }
        self.flush(&mut segment).await?;
        self.connection.commit().await.map_err(|error| self.failed(&nowhere, "COMMIT", error))
    }

    /// What a script may have left that the history cannot be written under.
    fn before_record(&self) -> &'static [&'static str] {
        if self.program.is_tame() { &[] } else { self.backend.script_rules().before_record }
    }

    async fn flush(&mut self, segment: &mut Segment<'_>) -> Result<(), Failure> {
        let statements = std::mem::take(&mut segment.statements);
        let texts: Vec<&str> = statements.iter().map(|(_, sql)| *sql).collect();
        match self.connection.batch(&texts).await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let (place, sql) = statements.get(failure.index).copied().unwrap_or((self.last_place(), ""));
                let place = if *place == Place::default() { self.last_place() } else { place };
                Err(self.failed(place, sql, failure.error))
            }
        }
    }

    fn syntax(&self) -> Syntax {
        self.backend.script_rules().syntax
    }

    fn last_place(&self) -> &'a Place {
        static NOWHERE: std::sync::LazyLock<Place> = std::sync::LazyLock::new(Place::default);
        self.program.parts.last().map_or(&NOWHERE, |part| &part.place)
    }

    /// Runs what is more than a statement.
    async fn special(&mut self, part: &Part, action: &Action) -> Result<(), Failure> {
        match action {
            Action::Step(Step::Sql(sql)) => self.plain(&part.place, sql).await,
            Action::Script(step) => {
                for statement in &step.statements {
                    self.statement(statement).await?;
                }
                Ok(())
            }
            Action::Step(Step::Several { before, statements, after }) => {
                let before = self.asked(part, before.as_deref()).await?;
                let after = self.asked(part, after.as_deref()).await?;
                for sql in before.iter().chain(statements).chain(&after) {
                    self.plain(&part.place, sql).await?;
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

    /// Runs a statement that somebody wrote, with the rows behind it.
    async fn statement(&mut self, statement: &ScriptStatement) -> Result<(), Failure> {
        match &statement.rows {
            None => self.plain(&statement.place, &statement.sql).await,
            Some(rows) => {
                let done = self.connection.copy_in(&statement.sql, rows.as_bytes()).await;
                done.map_err(|error| self.failed(&statement.place, &statement.sql, error))
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
        for mut row in rows.map_err(|error| self.failed(&Place::default(), guard.orphans, error))? {
            let read = row.take::<String>(0).and_then(|table| Ok((table, row.take::<String>(2)?)));
            let pair = read.map_err(|error| self.failed(&Place::default(), guard.orphans, error))?;
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
        if let Some(sql) = self.home.missing_journal() {
            self.plain(&Place::default(), &sql).await?;
            self.home.has_journal = true;
        }
        let actions: Vec<(&Part, &Action)> = self.program.actions().collect();
        if let Some(place) = self.unrepeatable(&actions) {
            return Err(Failure::Unrepeatable(place));
        }
        let mut is_as_client = false;
        let mut number = 0;
        while let Some((part, action)) = actions.get(number).copied() {
            self.be_as_client(action, &mut is_as_client).await?;
            let together = self.together(&actions[number..]);
            if together > 1 {
                self.several(&actions[number..number + together], number).await?;
                number += together;
                continue;
            }
            self.one(part, action, number).await?;
            number += 1;
        }
        if is_as_client {
            self.leave_client().await?;
        }
        for sql in self.before_record() {
            self.plain(self.last_place(), sql).await.map_err(|failure| failure.behind(actions.len()))?;
        }
        // Whatever goes wrong from here on, all of it is done and stays.
        self.record_end().await.map_err(|failure| failure.behind(actions.len()))
    }

    /// What a done step left in its session, and the next run would miss without a word, keeps it from going on.
    fn unrepeatable(&self, actions: &[(&Part, &Action)]) -> Option<Place> {
        let is_done =
            |number: usize| self.done.and_then(|done| done.get(&number)).is_some_and(|row| row.is_done);
        let last_open = (0..actions.len()).rfind(|number| !is_done(*number))?;
        let done = actions[..last_open].iter().enumerate().filter(|(number, _)| is_done(*number));
        let statements = done.flat_map(|(_, (_, action))| match action {
            Action::Script(step) => step.statements.as_slice(),
            _ => &[],
        });
        let mut lost = statements.filter(|statement| !statement.is_tame && !statement.is_setting);
        lost.next().map(|statement| statement.place.clone())
    }

    /// Runs one action, unless it is done already.
    async fn one(&mut self, part: &Part, action: &Action, number: usize) -> Result<(), Failure> {
        let hash = hash(action, self.syntax());
        let noted = self.done.and_then(|done| done.get(&number));
        let is_same = |row: &JournalRow| row.hash == hash || row.hash == raw_hash(action);
        match noted {
            Some(row) if !is_same(row) => Err(Failure::ChangedStep(number + 1)),
            Some(row) if row.is_done => self.set_up_again(action).await,
            noted => {
                let done = self.step(part, action, number, &hash, noted.is_some()).await;
                done.map_err(|failure| failure.behind(number))
            }
        }
    }

    /// What sets up the session holds for what is still to come, though it was done before.
    async fn set_up_again(&mut self, action: &Action) -> Result<(), Failure> {
        if let Action::Script(step) = action {
            for statement in step.statements.iter().filter(|statement| statement.is_setting) {
                self.statement(statement).await?;
            }
        }
        Ok(())
    }

    /// How many actions from here on share one transaction with one line of the journal: rows that are put in, as in a
    /// dump. Others were written apart for a reason.
    fn together(&self, actions: &[(&Part, &Action)]) -> usize {
        // Where some were begun before, each is looked at by itself.
        if self.done.is_some() {
            return 0;
        }
        actions.iter().take(MOST_AT_ONCE).take_while(|(_, action)| puts_in(action)).count()
    }

    /// Runs actions in one transaction, each noted as done.
    async fn several(&mut self, actions: &[(&Part, &Action)], number: usize) -> Result<(), Failure> {
        let nowhere = Place::default();
        let notes: Vec<String> = actions
            .iter()
            .zip(number..)
            .map(|((_, action), number)| {
                format!("({{version}}, {{direction}}, {number}, 'done', '{}')", hash(action, self.syntax()))
            })
            .collect();
        let note = self.journal_sql(&format!(
            "INSERT INTO {{table}} (version, direction, step, state, hash) VALUES {}",
            notes.join(", ")
        ));
        let mut segment = Segment::default();
        segment.push(&nowhere, self.backend.features().begin);
        for (part, action) in actions {
            segment.push_action(part, action);
        }
        segment.push(&nowhere, &note);
        segment.push(&nowhere, "COMMIT");
        let done = self.flush(&mut segment).await;
        if done.is_err() {
            drop(self.connection.rollback().await);
        }
        done.map_err(|failure| failure.behind(number))
    }

    /// Brings the session to where what is written for the vendor's client expects it, and back.
    async fn be_as_client(&mut self, action: &Action, is_so: &mut bool) -> Result<(), Failure> {
        let wanted = matches!(action, Action::Script(step) if step.is_as_client);
        if wanted && !*is_so {
            let enter = self.backend.script_rules().as_client.map(|(enter, _)| enter);
            self.plain(self.last_place(), enter.unwrap_or_default()).await?;
        } else if !wanted && *is_so {
            self.leave_client().await?;
        }
        *is_so = wanted;
        Ok(())
    }

    async fn leave_client(&mut self) -> Result<(), Failure> {
        let leave = self.backend.script_rules().as_client.map(|(_, leave)| leave);
        self.plain(self.last_place(), leave.unwrap_or_default()).await
    }

    /// Forgets the steps and writes the row of the history.
    async fn record_end(&mut self) -> Result<(), Failure> {
        let forget =
            self.journal_sql("DELETE FROM {table} WHERE version = {version} AND direction = {direction}");
        let begin = self.backend.features().begin;
        let end = [begin, &forget, self.record, "COMMIT"];
        match self.connection.batch(&end).await {
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
        let is_one = match action {
            Action::Function { .. } => true,
            Action::Script(step) => step.is_transaction && self.backend.features().can_rollback_ddl,
            Action::Step(_) => false,
        };
        let can_roll_back = is_one || action.statements().iter().all(|sql| self.backend.can_roll_back(sql));
        if can_roll_back && !is_in_doubt {
            let noted = self.journal_sql(&note("done"));
            let begun = self.connection.begin().await;
            begun.map_err(|error| self.failed(&part.place, self.backend.features().begin, error))?;
            let done = match self.special(part, action).await {
                Ok(()) => self.plain(&part.place, &noted).await,
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
            self.plain(&part.place, &noted).await?;
        }
        match self.special(part, action).await {
            // It was done by the run that died before it could say so.
            Err(Failure::Failed { error, .. }) if is_in_doubt && self.backend.is_already_done(&error) => {}
            Err(failure) => {
                let forget = self.journal_sql(&format!("DELETE FROM {{table}} {of_step}"));
                // The connection may be gone; then the step stays in doubt, which is the truth.
                drop(self.plain(&part.place, &forget).await);
                return Err(failure);
            }
            Ok(()) => {}
        }
        let noted = self.journal_sql(&format!("UPDATE {{table}} SET state = 'done' {of_step}"));
        self.plain(&part.place, &noted).await
    }

    /// Runs a statement without rows.
    async fn plain(&mut self, place: &Place, sql: &str) -> Result<(), Failure> {
        let done = self.connection.batch(&[sql]).await;
        done.map_err(|failure| self.failed(place, sql, failure.error))
    }

    fn journal_sql(&self, template: &str) -> String {
        template
            .replace("{table}", self.home.journal())
            .replace("{version}", &self.journal.version.to_string())
            .replace("{direction}", &format!("'{}'", self.journal.direction()))
    }
}

/// Statements that are sent together, each with the line it comes from.
#[derive(Default)]
struct Segment<'a> {
    statements: Vec<(&'a Place, &'a str)>,
}

impl<'a> Segment<'a> {
    fn push(&mut self, place: &'a Place, sql: &'a str) {
        self.statements.push((place, sql));
    }

    fn push_action(&mut self, part: &'a Part, action: &'a Action) {
        match action {
            Action::Step(Step::Sql(sql)) => self.push(&part.place, sql),
            Action::Script(step) => {
                step.statements.iter().for_each(|statement| self.push(&statement.place, &statement.sql));
            }
            Action::Step(_) | Action::Function { .. } => {}
        }
    }
}

/// Whether it is statements and nothing else, known before anything runs.
fn is_plain(action: &Action) -> bool {
    match action {
        Action::Step(Step::Sql(_)) => true,
        Action::Script(step) => step.statements.iter().all(|statement| statement.rows.is_none()),
        Action::Step(_) | Action::Function { .. } => false,
    }
}

/// Whether it is an INSERT and nothing else.
fn puts_in(action: &Action) -> bool {
    let Action::Script(step) = action else { return false };
    let is_insert = |statement: &ScriptStatement| {
        let word = first_word(&statement.sql);
        statement.rows.is_none() && ["INSERT", "REPLACE"].iter().any(|own| word.eq_ignore_ascii_case(own))
    };
    !step.is_transaction && step.statements.iter().all(is_insert)
}

/// What the journal knows a step by. Of a script neither layout nor comments count.
fn hash(action: &Action, syntax: Syntax) -> String {
    match action {
        Action::Script(step) => {
            let texts = step.statements.iter().map(|statement| canonical(&statement.sql, syntax));
            crypto::sha256_hex(texts.collect::<Vec<_>>().join(";\n").as_bytes())
        }
        action => raw_hash(action),
    }
}

/// As earlier versions knew it: by its very letters.
fn raw_hash(action: &Action) -> String {
    let text = match action {
        Action::Function { name, .. } => format!("function {name}"),
        action => action.statements().join(";\n"),
    };
    crypto::sha256_hex(text.as_bytes())
}
