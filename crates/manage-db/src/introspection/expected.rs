//! Tables as a database would tell them.

use super::live::{Builder, Live};
use crate::backends::base::changes::TableChange;
use crate::backends::base::live::LiveTable;
use crate::backends::base::schema::Step;
use crate::backends::base::tables::Table;
use crate::backends::base::{Backend, Said};
use crate::error::Result;

/// The table as it stands in the statements that make it. A server may tell it in other words: see [`super::retold`].
///
/// # Errors
/// [`crate::Error::NotSupported`].
pub fn expected(backend: &dyn Backend, table: &Table) -> Result<LiveTable> {
    let mut builder = Builder { syntax: backend.script_rules().syntax, live: Live::default() };
    statements(backend, table)?.iter().for_each(|sql| builder.statement(sql));
    let mut made = builder.live.tables.pop().unwrap_or_default();
    (backend.introspection().settle)(&mut made, &Said::default());
    Ok(made)
}

/// The statements that make a table.
///
/// # Errors
/// [`crate::Error::NotSupported`].
pub(super) fn statements(backend: &dyn Backend, table: &Table) -> Result<Vec<String>> {
    let mut editor = backend.schema_editor();
    editor.change(&TableChange::Create(table.clone()))?;
    let steps = editor.take();
    Ok(steps.iter().flat_map(Step::statements).map(str::to_owned).collect())
}
