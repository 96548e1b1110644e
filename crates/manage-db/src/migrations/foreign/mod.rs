//! The histories of other tools: which tables they keep, what the rows mean, and which migrations of ours they are.

mod entry;

mod tools;

mod matching;

pub(super) use entry::Foreign;
pub(super) use matching::Search;

use std::collections::BTreeSet;

use super::error::Result;
use super::import_problem::ImportProblem;
use crate::backends::base::{BackendRef, Connection, Dialects, Statement};
use tools::{Record, TOOLS, Tool};

/// The history that a database has of another tool, or of the one that is named; none where it has none.
///
/// # Errors
/// [`ImportProblem::Unknown`], [`ImportProblem::Several`]; those of the queries.
pub(super) async fn read(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    named: Option<&str>,
) -> Result<Option<Foreign>> {
    let is_named = |tool: &&Tool| named.is_none_or(|name| tool.is_called(name));
    let wanted: Vec<&Tool> = TOOLS.iter().filter(is_named).collect();
    if wanted.is_empty() {
        let known = TOOLS
            .iter()
            .flat_map(|tool| std::iter::once(tool.name).chain(tool.other_names.iter().copied()))
            .collect();
        return Err(ImportProblem::Unknown { name: named.unwrap_or_default().to_owned(), known }.into());
    }
    let tables = backend.introspection().column_names(connection).await?;
    let is_there = |tool: &&&Tool| tables.get(tool.table).is_some_and(|columns| tool.keeps(columns));
    match wanted.iter().filter(is_there).collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [tool] => {
            let records = records(backend, connection, tool).await?;
            Ok(Some(Foreign { table: tool.table, entries: (tool.read)(&records) }))
        }
        several => {
            let tables = several.iter().map(|tool| tool.table).collect();
            Err(ImportProblem::Several { alias: backend.alias().to_owned(), tables }.into())
        }
    }
}

/// Whether a table is one in which another tool keeps a history.
pub(super) fn is_history(table: &str) -> bool {
    TOOLS.iter().any(|tool| tool.table == table)
}

/// Tables among these in which other tools keep a history.
pub(super) fn tables_of_others(tables: &BTreeSet<String>) -> Vec<&'static str> {
    let mut found: Vec<&str> = TOOLS.iter().map(|tool| tool.table).collect();
    found.dedup();
    found.retain(|table| tables.contains(*table));
    found
}

/// All rows of the table, each column as text: the same tool has other types on every database.
async fn records(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    tool: &Tool,
) -> crate::Result<Vec<Record>> {
    const TEXT: Dialects = Dialects { postgresql: "text", mysql: "char", sqlite: "text" };
    let features = backend.features();
    let text = TEXT.get(features.dialect);
    let columns = tool.columns.iter().map(|name| format!("CAST({} AS {text})", features.quote_name(name)));
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        columns.collect::<Vec<_>>().join(", "),
        features.quote_name(tool.table),
        features.quote_name(tool.order)
    );
    let rows = connection.query(Statement { sql: &sql, params: &[] }).await?;
    let record = |mut row: crate::Row| (0..tool.columns.len()).map(|column| row.take(column)).collect();
    rows.into_iter().map(record).collect()
}
