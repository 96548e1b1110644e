//! Rows that point to nothing, before and after a change that could not watch over them.

use std::collections::BTreeMap;

use crate::backends::base::schema::Guard;
use crate::backends::base::{Connection, Statement};
use crate::error::{Error, Result, StatementError, StatementKind};

/// How many rows break a foreign key, by table and the table they point to.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    numbers: BTreeMap<(String, String), usize>,
    query: &'static str,
}

impl Orphans {
    /// Counts them, where a guard turns their keys off.
    ///
    /// # Errors
    /// Those of the query.
    pub(super) async fn of(guard: Option<&Guard>, connection: &mut dyn Connection) -> Result<Self> {
        let Some(guard) = guard else { return Ok(Self::default()) };
        let mut numbers = BTreeMap::new();
        for mut row in connection.query(Statement { sql: guard.orphans, params: &[] }).await? {
            let pair = (row.take::<String>(0)?, row.take::<String>(2)?);
            *numbers.entry(pair).or_default() += 1;
        }
        Ok(Self { numbers, query: guard.orphans })
    }

    /// The error for those that were not there before: old ones are old sins of somebody else.
    pub(super) fn new_since(&self, before: &Self) -> Option<Error> {
        for (pair, number) in &self.numbers {
            let old = before.numbers.get(pair).copied().unwrap_or_default();
            if *number > old {
                let (table, parent) = pair;
                let rows = i64::try_from(number - old).unwrap_or(i64::MAX);
                let message = format!(
                    "{} of table {table} would point to rows of {parent} that do not exist",
                    manage_leaves::text::count(rows, "row")
                );
                let kind = StatementKind::ForeignKeyViolation;
                let sql = self.query.to_owned();
                return Some(StatementError { place: None, kind, code: None, message, sql }.into());
            }
        }
        None
    }
}
