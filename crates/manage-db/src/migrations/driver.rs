//! The type that refinery's runner works on: it answers with the history that was read under the lock, and runs a
//! migration's program together with the row that refinery writes for it.

use std::collections::BTreeMap;
use std::fmt;

use refinery_core::AsyncMigrate;
use refinery_core::traits::r#async::{AsyncQuery, AsyncTransaction};

use super::program::Program;
use super::recorder::{JournalKey, JournalRow};
use super::unit::{Failure, Unit, Workplace};

/// One database under refinery's runner.
pub(super) struct Driver<'a, 'b> {
    /// Where migrations run.
    pub place: Workplace<'a>,
    /// What the migration was compiled to.
    pub program: &'b Program,
    /// The migration's place in the journal.
    pub journal: JournalKey,
    /// What the journal says about it.
    pub done: Option<&'b BTreeMap<usize, JournalRow>>,
    /// The applied migrations.
    pub applied: Vec<refinery::Migration>,
    /// Why the last migration failed: refinery's own error keeps less.
    pub failure: Option<Failure>,
}

/// The failure is in the driver.
#[derive(Debug)]
pub(super) struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the migration failed")
    }
}

impl std::error::Error for Failed {}

impl AsyncTransaction for Driver<'_, '_> {
    type Error = Failed;

    /// refinery sends nothing for the table, which exists; the text and the row of a migration; or for a faked one
    /// the row alone.
    async fn execute<'q, T: Iterator<Item = &'q str> + Send + 'q>(
        &'q mut self,
        queries: T,
    ) -> Result<usize, Self::Error> {
        let queries: Vec<&str> = queries.filter(|query| !query.is_empty()).collect();
        let (is_run, record) = match queries.as_slice() {
            [] => return Ok(0),
            [record] => (false, *record),
            [_, record, ..] => (true, *record),
        };
        let nothing = Program::empty();
        let program = if is_run { self.program } else { &nothing };
        let unit = Unit { place: &mut self.place, program, record, journal: self.journal, done: self.done };
        match unit.run().await {
            Ok(()) => Ok(queries.len()),
            Err(failure) => {
                self.failure = Some(failure);
                Err(Failed)
            }
        }
    }
}

impl AsyncQuery<Vec<refinery::Migration>> for Driver<'_, '_> {
    async fn query<'q>(&'q mut self, _query: &'q str) -> Result<Vec<refinery::Migration>, Self::Error> {
        Ok(self.applied.clone())
    }
}

impl AsyncMigrate for Driver<'_, '_> {
    fn assert_migrations_table_query(_migration_table_name: &str) -> String {
        String::new()
    }
}
