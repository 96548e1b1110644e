//! Runs the program of one migration together with its row of the history.

use super::unit::{Failure, NOWHERE, Unit};

impl Unit<'_, '_> {
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
}
