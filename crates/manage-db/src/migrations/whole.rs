//! A migration in one transaction with its row of the history.

use super::action::Action;
use super::orphans::Orphans;
use super::unit::{Failure, MOST_AT_ONCE, NOWHERE, Segment, Unit, is_plain};
use crate::backends::base::LockWait;

impl<'b> Unit<'_, 'b> {
    /// In one transaction, which gives way to those who hold what it needs.
    pub(super) async fn whole(&mut self) -> Result<(), Failure> {
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
    pub(super) async fn in_frame(&mut self) -> Result<(), Failure> {
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

    async fn orphans(&mut self) -> Result<Orphans, Failure> {
        let orphans = Orphans::of(self.program.guard, self.place.connection).await;
        orphans.map_err(|error| self.failed(&NOWHERE, "PRAGMA foreign_key_check", error))
    }
}
