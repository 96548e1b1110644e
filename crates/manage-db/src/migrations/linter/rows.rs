//! How many rows the tables hold that findings are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::backends::base::{BackendRef, BatchError, Connection, Features, LockWait, Row, Statement};
use crate::error::Result;
use crate::migrations::lint::{Finding, Size};
use crate::migrations::patience::ATTEMPT;
use crate::migrations::session::Session;

/// Counts the rows of the tables that findings are about, each once and no further than it takes to be large. One that is not
/// there holds none.
///
/// # Errors
/// Those of the queries, also where somebody holds a table for longer than one attempt waits.
pub(super) async fn count(session: &mut Session, findings: &mut [Finding]) -> Result<()> {
    let open = findings.iter().filter(|finding| finding.size == Size::Unknown);
    let wanted: BTreeSet<&String> = open.filter_map(|finding| finding.table.as_ref()).collect();
    let known = &session.history.tables;
    let is_there = |table: &&&String| known.iter().any(|name| name.eq_ignore_ascii_case(table));
    let asked: Vec<String> = wanted.iter().filter(is_there).map(|table| (*table).clone()).collect();
    let backend = Arc::clone(session.backend());
    let counted = sizes(&backend, session.connection(), &asked).await?;
    for finding in findings.iter_mut().filter(|finding| finding.size == Size::Unknown) {
        if let Some(table) = &finding.table {
            finding.size = counted.get(table).copied().unwrap_or(Size::Rows(0));
        }
    }
    Ok(())
}

async fn sizes(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    tables: &[String],
) -> Result<BTreeMap<String, Size>> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let features = backend.features();
    let wait = backend.lock_wait(ATTEMPT);
    let opening: &[&str] = match &wait {
        LockWait::Transaction(sql) => &[features.begin, sql],
        LockWait::Session(sql) => &[sql],
        LockWait::Connection => &[],
    };
    connection.batch(opening).await.map_err(|failed: BatchError| failed.error)?;
    let queries: Vec<String> = tables.iter().map(|table| bounded(table, features)).collect();
    let statements: Vec<Statement<'_>> = queries.iter().map(|sql| Statement { sql, params: &[] }).collect();
    let mut answers = connection.query_all(&statements).await;
    if matches!(wait, LockWait::Transaction(_)) {
        let closed = connection.rollback().await;
        answers = answers.and_then(|answers| closed.map(|()| answers));
    }
    let sized = tables.iter().zip(answers?).map(|(table, rows)| Ok((table.clone(), size(rows)?)));
    sized.collect()
}

/// A count that ends where a table is large.
fn bounded(table: &str, features: &Features) -> String {
    let (table, limit) = (features.quote_name(table), Size::LIMIT + 1);
    format!("SELECT COUNT(*) FROM (SELECT 1 AS row_there FROM {table} LIMIT {limit}) AS counted")
}

fn size(rows: Vec<Row>) -> Result<Size> {
    let number: i64 = rows.into_iter().next().map_or(Ok(0), |mut row| row.take(0))?;
    let number = u64::try_from(number).unwrap_or_default();
    Ok(if number > Size::LIMIT { Size::Large } else { Size::Rows(number) })
}
