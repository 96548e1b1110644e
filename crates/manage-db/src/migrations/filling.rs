//! Rows that get a value they lack, some at a time.

use super::action::Filling;
use super::program::Part;
use super::progress::Done;
use super::unit::{Failure, Unit};
use crate::backends::base::{Connection, Statement, Value};
use crate::error::Result;

impl Unit<'_, '_> {
    /// Fills batch by batch, in the order of the key. What has a value is left as it is, so that it may be done again.
    pub(super) async fn fill(&mut self, part: &Part, filling: &Filling) -> std::result::Result<(), Failure> {
        let done = self.fill_all(filling).await;
        done.map_err(|error| self.failed(&part.place, &filling.whole, error))
    }

    async fn fill_all(&mut self, filling: &Filling) -> Result<()> {
        let Filling { table, key, column, value, condition, batch, .. } = filling;
        let of =
            number(&mut *self.place.connection, &format!("SELECT COUNT(*) FROM {table} WHERE {condition}"))
                .await?;
        let (mut rows, mut last): (u64, Option<Value>) = (0, None);
        loop {
            self.place.progress.tell(Done { rows, of }).await;
            let behind = if last.is_some() { format!(" AND {key} > ?") } else { String::new() };
            let missing = format!("WHERE {condition}{behind}");
            let next = format!("SELECT {key} FROM {table} {missing} ORDER BY {key} LIMIT {batch}");
            let params: Vec<Value> = last.iter().cloned().collect();
            let mut keys = self.place.connection.query(Statement { sql: &next, params: &params }).await?;
            let Some(mut end) = keys.pop() else { return Ok(()) };
            let end: Value = end.take(0)?;
            let sql = format!("UPDATE {table} SET {column} = {value} {missing} AND {key} <= ?");
            let params: Vec<Value> = params.into_iter().chain([end.clone()]).collect();
            rows += self.place.connection.execute(Statement { sql: &sql, params: &params }).await?;
            last = Some(end);
        }
    }
}

async fn number(connection: &mut dyn Connection, sql: &str) -> Result<u64> {
    let rows = connection.query(Statement { sql, params: &[] }).await?;
    let number: Option<i64> = rows.into_iter().next().map(|mut row| row.take(0)).transpose()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}
