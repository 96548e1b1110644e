//! Runs the program of one migration together with its row of the history.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::action::{Action, ScriptStatement};
use super::error::Outcome;
use super::functions::{Functions, Rows};
use super::orphans::Orphans;
use super::patience::Patience;
use super::place::Place;
use super::program::{Part, Program};
use super::recorder::{Home, JournalKey, JournalRow};
use crate::backends::base::schema::Step;
use crate::backends::base::{
    BackendRef, Connection, LockWait, ScriptRules, Statement, Syntax, canonical, first_word,
};
use manage_leaves::crypto;

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
static NOWHERE: LazyLock<Place> = LazyLock::new(Place::default);

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
}

impl Failure {
    /// Whether the same again may succeed, after a pause.
    async fn may_pass(&self, patience: &Patience) -> bool {
        match self {
            Self::Failed { error, .. } => patience.may_try_again(error).await,
            Self::Rows(_)
            | Self::Reading { .. }
            | Self::Refused(_)
            | Self::ChangedStep(_)
            | Self::Unrepeatable(_) => false,
        }
    }

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

impl<'b> Unit<'_, 'b> {
    /// Runs it: in one transaction where DDL can be rolled back, otherwise step by step with a journal.
    ///
    /// # Errors
    /// What failed first.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        if self.place.is_in_transaction {
            return self.in_frame().await;
        }
        let guard = self.program.guard;
        for sql in guard.map_or(&[][..], |guard| guard.before) {
            self.plain(&NOWHERE, sql).await?;
        }
        let is_whole = self.program.is_atomic && self.place.backend.features().can_rollback_ddl;
        let answer = if is_whole && self.done.is_none() { self.whole().await } else { self.by_steps().await };
        for sql in guard.map_or(&[][..], |guard| guard.after) {
            drop(self.place.connection.batch(&[sql]).await);
        }
        answer
    }

    /// In one transaction, which gives way to those who hold what it needs.
    async fn whole(&mut self) -> Result<(), Failure> {
        self.shorten_waits().await?;
        loop {
            let Err(failure) = self.in_transaction().await else { return Ok(()) };
            // When even this fails the connection is broken, which rolls back as well.
            drop(self.place.connection.rollback().await);
            if !failure.may_pass(self.place.patience).await {
                return Err(failure);
            }
        }
    }

    fn failed(&self, place: &Place, what: &str, error: crate::Error) -> Failure {
        Failure::Failed { place: place.clone(), what: what.to_owned(), outcome: Outcome::RolledBack, error }
    }

    async fn in_transaction(&mut self) -> Result<(), Failure> {
        let program = self.program;
        // A script may fail on this side of the wire; its COMMIT must not be on its way by then.
        let is_ours = |action: &Action| is_plain(action) && !matches!(action, Action::Script(_));
        let is_one_go = program.guard.is_none() && program.actions().all(|(_, action)| is_ours(action));
        let mut segment = Segment::default();
        if is_one_go {
            // Everything in one go: a server is waited for once.
            segment.push(&NOWHERE, self.place.backend.features().begin);
        } else {
            self.begin(&NOWHERE).await?;
        }
        if let LockWait::Transaction(sql) = self.place.lock_wait {
            segment.push(&NOWHERE, sql);
        }
        let orphans = self.orphans().await?;
        self.content(&mut segment).await?;
        if program.guard.is_some() {
            self.flush(&mut segment).await?;
            if let Some(error) = self.orphans().await?.new_since(&orphans) {
                return Err(self.failed(self.last_place(), "PRAGMA foreign_key_check", error));
            }
        }
        if is_one_go {
            segment.push(&NOWHERE, "COMMIT");
            return self.flush(&mut segment).await;
        }
        self.flush(&mut segment).await?;
        self.place.connection.commit().await.map_err(|error| self.failed(&NOWHERE, "COMMIT", error))
    }

    async fn begin(&mut self, place: &Place) -> Result<(), Failure> {
        let begun = self.place.connection.begin().await;
        begun.map_err(|error| self.failed(place, self.place.backend.features().begin, error))
    }

    /// What runs and the row of the history; what is left in `segment` is still to be sent.
    async fn content(&mut self, segment: &mut Segment<'b>) -> Result<(), Failure> {
        for (part, action) in self.program.actions() {
            if is_plain(action) {
                segment.push_action(part, action);
                if segment.statements.len() >= MOST_AT_ONCE {
                    self.flush(segment).await?;
                }
            } else {
                self.flush(segment).await?;
                self.special(part, action).await?;
            }
        }
        for sql in self.before_record() {
            segment.push(&NOWHERE, sql);
        }
        segment.push(&NOWHERE, self.record);
        Ok(())
    }

    /// The same in a transaction around the whole run, and nothing of it holds for what comes next.
    async fn in_frame(&mut self) -> Result<(), Failure> {
        let mut segment = Segment::default();
        if let LockWait::Transaction(sql) = self.place.lock_wait {
            segment.push(&NOWHERE, sql);
        }
        self.content(&mut segment).await?;
        let refresh = if self.program.is_tame() { None } else { self.place.backend.refresh() };
        self.flush(&mut segment).await?;
        for sql in refresh.iter().flatten() {
            self.plain(&NOWHERE, sql).await?;
        }
        Ok(())
    }

    /// What a script may have left that the history cannot be written under.
    fn before_record(&self) -> &'static [&'static str] {
        if self.program.is_tame() { &[] } else { self.place.backend.script_rules().before_record }
    }

    async fn flush(&mut self, segment: &mut Segment<'_>) -> Result<(), Failure> {
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

    fn syntax(&self) -> Syntax {
        self.place.backend.script_rules().syntax
    }

    fn last_place(&self) -> &'b Place {
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
            Action::Step(Step::Several(several)) => {
                let before = self.asked(part, several.before.as_deref()).await?;
                let after = self.asked(part, several.after.as_deref()).await?;
                for sql in before.iter().chain(&several.statements).chain(&after) {
                    self.plain(&part.place, sql).await?;
                }
                Ok(())
            }
            Action::Function { name, state } => {
                let Some(function) = self.place.functions.get(name) else { return Ok(()) };
                let mut rows = Rows::new(BackendRef::clone(self.place.backend), &mut *self.place.connection);
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
                let done = self.place.connection.copy_in(&statement.sql, rows.as_bytes()).await;
                done.map_err(|error| self.failed(&statement.place, &statement.sql, error))
            }
        }
    }

    /// The statements that a query gives.
    async fn asked(&mut self, part: &Part, query: Option<&str>) -> Result<Vec<String>, Failure> {
        let Some(sql) = query else { return Ok(Vec::new()) };
        let rows = self.place.connection.query(Statement { sql, params: &[] }).await;
        let rows = rows.and_then(|rows| rows.into_iter().map(|mut row| row.take(0)).collect());
        rows.map_err(|error| self.failed(&part.place, sql, error))
    }

    async fn orphans(&mut self) -> Result<Orphans, Failure> {
        let orphans = Orphans::of(self.program.guard, self.place.connection).await;
        orphans.map_err(|error| self.failed(&NOWHERE, "PRAGMA foreign_key_check", error))
    }

    /// Runs one action after the other, each noted in the journal, so that a next run goes on where this one ends.
    async fn by_steps(&mut self) -> Result<(), Failure> {
        if let Some(sql) = self.place.home.missing_journal() {
            self.plain(&NOWHERE, &sql).await?;
            self.place.home.has_journal = true;
        }
        self.shorten_waits().await?;
        let actions: Vec<(&Part, &Action)> = self.program.actions().collect();
        if let Some(place) = self.unrepeatable(&actions) {
            return Err(Failure::Unrepeatable(place));
        }
        let mut is_as_client = false;
        let mut number = 0;
        while let Some((part, action)) = actions.get(number).copied() {
            tokio::task::yield_now().await;
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

    /// Keeps waits for locks short, where that is a thing of the session.
    async fn shorten_waits(&mut self) -> Result<(), Failure> {
        match self.place.lock_wait {
            LockWait::Session(sql) => self.plain(&NOWHERE, sql).await,
            LockWait::Transaction(_) | LockWait::Connection => Ok(()),
        }
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
                let mut is_in_doubt = noted.is_some();
                loop {
                    let done = self.step(part, action, number, &hash, &mut is_in_doubt).await;
                    let Err(failure) = done else { return Ok(()) };
                    if !(self.gives_way(action) && failure.may_pass(self.place.patience).await) {
                        return Err(failure.behind(number));
                    }
                }
            }
        }
    }

    /// Whether nothing is left of the action when it waits for too long.
    fn gives_way(&self, action: &Action) -> bool {
        matches!(self.place.lock_wait, LockWait::Session(_)) || self.can_roll_back(action)
    }

    fn can_roll_back(&self, action: &Action) -> bool {
        let backend = self.place.backend;
        let is_one = match action {
            Action::Function { .. } => true,
            Action::Script(step) => step.is_transaction && backend.features().can_rollback_ddl,
            Action::Step(_) => false,
        };
        is_one || action.statements().iter().all(|sql| backend.can_roll_back(sql))
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
        loop {
            let mut segment = Segment::default();
            segment.push(&NOWHERE, self.place.backend.features().begin);
            if let LockWait::Transaction(sql) = self.place.lock_wait {
                segment.push(&NOWHERE, sql);
            }
            for (part, action) in actions {
                segment.push_action(part, action);
            }
            segment.push(&NOWHERE, &note);
            segment.push(&NOWHERE, "COMMIT");
            let Err(failure) = self.flush(&mut segment).await else { return Ok(()) };
            drop(self.place.connection.rollback().await);
            if !failure.may_pass(self.place.patience).await {
                return Err(failure.behind(number));
            }
        }
    }

    /// Brings the session to where what is written for the vendor's client expects it, and back.
    async fn be_as_client(&mut self, action: &Action, is_so: &mut bool) -> Result<(), Failure> {
        let wanted = matches!(action, Action::Script(step) if step.is_as_client);
        if wanted && !*is_so {
            let enter = self.place.backend.script_rules().as_client.map(|(enter, _)| enter);
            self.plain(self.last_place(), enter.unwrap_or_default()).await?;
        } else if !wanted && *is_so {
            self.leave_client().await?;
        }
        *is_so = wanted;
        Ok(())
    }

    async fn leave_client(&mut self) -> Result<(), Failure> {
        let leave = self.place.backend.script_rules().as_client.map(|(_, leave)| leave);
        self.plain(self.last_place(), leave.unwrap_or_default()).await
    }

    /// Forgets the steps and writes the row of the history.
    async fn record_end(&mut self) -> Result<(), Failure> {
        let forget =
            self.journal_sql("DELETE FROM {table} WHERE version = {version} AND direction = {direction}");
        let begin = self.place.backend.features().begin;
        let end = [begin, &forget, self.record, "COMMIT"];
        loop {
            let Err(failure) = self.place.connection.batch(&end).await else { return Ok(()) };
            drop(self.place.connection.rollback().await);
            if !self.place.patience.may_try_again(&failure.error).await {
                return Err(self.failed(self.last_place(), end[failure.index], failure.error));
            }
        }
    }

    async fn step(
        &mut self,
        part: &Part,
        action: &Action,
        number: usize,
        hash: &str,
        is_in_doubt: &mut bool,
    ) -> Result<(), Failure> {
        let note = |state: &str| {
            format!(
                "INSERT INTO {{table}} (version, direction, step, state, hash) \
                 VALUES ({{version}}, {{direction}}, {number}, '{state}', '{hash}')"
            )
        };
        let of_step =
            format!("WHERE version = {{version}} AND direction = {{direction}} AND step = {number}");
        if self.can_roll_back(action) && !*is_in_doubt {
            let noted = self.journal_sql(&note("done"));
            self.begin(&part.place).await?;
            if let LockWait::Transaction(sql) = self.place.lock_wait {
                self.plain(&part.place, sql).await?;
            }
            let done = match self.special(part, action).await {
                Ok(()) => self.plain(&part.place, &noted).await,
                Err(failure) => Err(failure),
            };
            if done.is_err() {
                drop(self.place.connection.rollback().await);
                return done;
            }
            return self
                .place
                .connection
                .commit()
                .await
                .map_err(|error| self.failed(&part.place, "COMMIT", error));
        }
        let was_in_doubt = *is_in_doubt;
        if !was_in_doubt {
            let noted = self.journal_sql(&note("started"));
            self.plain(&part.place, &noted).await?;
        }
        match self.special(part, action).await {
            // It was done by the run that died before it could say so.
            Err(Failure::Failed { what, error, .. })
                if was_in_doubt
                    && self.place.backend.is_already_done(&what, &error)
                    && !self.is_half_made(action) => {}
            // What somebody else held up says nothing about what an earlier run did.
            Err(failure) if was_in_doubt => return Err(failure),
            Err(failure) => {
                let forget = self.journal_sql(&format!("DELETE FROM {{table}} {of_step}"));
                // The connection may be gone; then the step stays in doubt, which is the truth.
                *is_in_doubt = self.plain(&part.place, &forget).await.is_err();
                return Err(failure);
            }
            Ok(()) => {}
        }
        let noted = self.journal_sql(&format!("UPDATE {{table}} SET state = 'done' {of_step}"));
        self.plain(&part.place, &noted).await
    }

    /// Whether what the action makes may exist and be of no use.
    fn is_half_made(&self, action: &Action) -> bool {
        let rules = self.place.backend.script_rules();
        let is_so =
            |statement: &ScriptStatement| ScriptRules::fits(rules.half_made, &rules.words(&statement.sql));
        matches!(action, Action::Script(step) if step.statements.iter().any(is_so))
    }

    /// Runs a statement without rows.
    async fn plain(&mut self, place: &Place, sql: &str) -> Result<(), Failure> {
        let done = self.place.connection.batch(&[sql]).await;
        done.map_err(|failure| self.failed(place, sql, failure.error))
    }

    fn journal_sql(&self, template: &str) -> String {
        template
            .replace("{table}", self.place.home.journal())
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
