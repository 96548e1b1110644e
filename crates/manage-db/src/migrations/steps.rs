//! Step by step, for databases where a transaction does not hold the whole of a migration.

use super::action::{Action, ScriptStatement};
use super::place::Place;
use super::program::Part;
use super::recorder::JournalRow;
use super::unit::{Failure, MOST_AT_ONCE, NOWHERE, Segment, Unit};
use crate::backends::base::{LockWait, ScriptRules, Syntax, canonical, first_word};
use manage_leaves::crypto;

impl Unit<'_, '_> {
    /// Runs one action after the other, each noted in the journal, so that a next run goes on where this one ends.
    pub(super) async fn by_steps(&mut self) -> Result<(), Failure> {
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
            self.look_at_tables(part).await?;
            let together = self.together(&actions[number..]);
            if together > 1 {
                self.several(&actions[number..number + together], number).await?;
                number += together;
                continue;
            }
            self.one(part, action, number).await?;
            if !self.keeps_tables(action) {
                self.place.has_loose_tables = None;
            }
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

    /// Looks whether there are tables whose rows no transaction undoes, if tables may have changed since the last look.
    async fn look_at_tables(&mut self, part: &Part) -> Result<(), Failure> {
        if self.place.has_loose_tables.is_some() {
            return Ok(());
        }
        let query = self.place.backend.script_rules().loose_tables;
        self.place.has_loose_tables = Some(!self.asked(part, query).await?.is_empty());
        Ok(())
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
            Some(_) if self.is_left_by_the_dead(action) => {
                Err(Failure::InDoubt(statement_place(part, action).clone()))
            }
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

    /// Whether an action that was begun and not noted as done may have left rows that no transaction undid.
    fn is_left_by_the_dead(&self, action: &Action) -> bool {
        let Action::Script(step) = action else { return false };
        let asks = |word: &str| ["SELECT", "SET"].iter().any(|own| word.eq_ignore_ascii_case(own));
        let changes_rows = !step.statements.iter().all(|one| asks(first_word(&one.sql)));
        self.place.has_loose_tables == Some(true) && self.keeps_tables(action) && changes_rows
    }

    /// Whether nothing is left of the action when it waits for too long.
    fn gives_way(&self, action: &Action) -> bool {
        let is_repeatable = matches!(action, Action::Fill(_)) || self.can_roll_back(action);
        is_repeatable || matches!(self.place.lock_wait, LockWait::Session(_))
    }

    /// Whether a transaction undoes all of the action.
    fn can_roll_back(&self, action: &Action) -> bool {
        let is_script = matches!(action, Action::Script(_));
        let is_loose = is_script && self.place.has_loose_tables == Some(true);
        self.keeps_tables(action) && !is_loose
    }

    /// Whether the action changes rows alone.
    fn keeps_tables(&self, action: &Action) -> bool {
        let backend = self.place.backend;
        let is_one = match action {
            // Each batch is a transaction of its own.
            Action::Fill(_) => return false,
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

    fn syntax(&self) -> Syntax {
        self.place.backend.script_rules().syntax
    }

    /// How many actions from here on share one transaction with one line of the journal: rows that are put in, as in a
    /// dump. Others were written apart for a reason.
    fn together(&self, actions: &[(&Part, &Action)]) -> usize {
        // Where some were begun before, each is looked at by itself.
        if self.done.is_some() || self.place.has_loose_tables == Some(true) {
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

    fn journal_sql(&self, template: &str) -> String {
        template
            .replace("{table}", self.place.home.journal())
            .replace("{version}", &self.journal.version.to_string())
            .replace("{direction}", &format!("'{}'", self.journal.direction()))
    }
}

/// Where the action stands in a file.
fn statement_place<'a>(part: &'a Part, action: &'a Action) -> &'a Place {
    match action {
        Action::Script(step) => step.statements.first().map_or(&part.place, |one| &one.place),
        Action::Step(_) | Action::Fill(_) | Action::Function { .. } => &part.place,
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
