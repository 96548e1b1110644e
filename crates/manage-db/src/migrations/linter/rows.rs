//! How many rows the tables hold that findings are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::backends::base::{BackendRef, BatchError, Connection, Features, LockWait, Row, Statement};
use crate::migrations::error::Result;
use crate::migrations::lint::{Finding, Size};
use crate::migrations::session::Session;

/// Longest wait for a lock while rows are counted: those who come behind it wait as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts the rows of the tables that findings are about, each once and no further than it takes to be large. One that is not
/// there holds none.
///
/// # Errors
/// [`crate::migrations::Error::Database`], also where somebody holds a table for too long.
pub(super) async fn sized(session: &mut Session, mut findings: Vec<Finding>) -> Result<Vec<Finding>> {
    let open = findings.iter().filter(|finding| finding.size == Size::Unknown);
    let wanted: BTreeSet<String> = open.filter_map(|finding| finding.table.clone()).collect();
    let known = &session.history.tables;
    let is_there = |table: &&String| known.iter().any(|name| name.eq_ignore_ascii_case(table));
    let asked: Vec<String> = wanted.iter().filter(is_there).cloned().collect();
    let backend = Arc::clone(session.backend());
    let counted = count(&backend, session.connection(), &asked).await?;
    for finding in &mut findings {
        if let Some(table) = finding.table.as_ref().filter(|_| finding.size == Size::Unknown) {
            finding.size = counted.get(table).copied().unwrap_or(Size::Rows(0));
        }
    }
    Ok(findings)
}

async fn count(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    tables: &[String],
) -> crate::Result<BTreeMap<String, Size>> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let features = backend.features();
    let wait = backend.lock_wait(PATIENCE);
    let opening: &[&str] = match &wait {
        LockWait::Transaction(sql) => &[features.begin, sql],
        LockWait::Session(sql) => &[sql],
        LockWait::Connection => &[],
    };
    connection.batch(opening).await.map_err(|failed: BatchError| failed.error)?;
    let queries: Vec<String> = tables.iter().map(|table| bounded(table, features)).collect();
    let statements: Vec<Statement<'_>> = queries.iter().map(|sql| Statement { sql, params: &[] }).collect();
    let answers = connection.query_all(&statements).await;
    if matches!(wait, LockWait::Transaction(_)) {
        let closed = connection.rollback().await;
        return sizes(tables, answers.and_then(|answers| closed.map(|()| answers))?);
    }
    sizes(tables, answers?)
}

/// A count that ends where a table is large.
fn bounded(table: &str, features: &Features) -> String {
    let (table, limit) = (features.quote_name(table), Size::LIMIT + 1);
    format!("SELECT COUNT(*) FROM (SELECT 1 AS row_there FROM {table} LIMIT {limit}) AS counted")
}

fn sizes(tables: &[String], answers: Vec<Vec<Row>>) -> crate::Result<BTreeMap<String, Size>> {
    let mut sizes = BTreeMap::new();
    for (table, rows) in tables.iter().zip(answers) {
        let number: i64 = rows.into_iter().next().map_or(Ok(0), |mut row| row.take(0))?;
        let number = u64::try_from(number).unwrap_or_default();
        sizes.insert(table.clone(), if number > Size::LIMIT { Size::Large } else { Size::Rows(number) });
    }
    Ok(sizes)
}
