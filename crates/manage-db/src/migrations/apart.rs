//! A squash of which a part is undone: what it stands for gets rows of its own in the history.

use std::collections::BTreeSet;

use super::error::Result;
use super::graph::Graph;
use super::migration::Key;
use super::prepare::Prepared;
use super::recorder::{Home, recorded};
use super::session::Session;
use crate::backends::base::{Statement, Value};
use crate::params;
use manage_leaves::timezone;

/// Gives what a squash stands for rows of its own, where some of it is about to be undone and the squash alone has one. That
/// one goes with the first migration that is undone.
///
/// # Errors
/// [`super::Error::Database`].
pub(super) async fn take_apart(
    session: &mut Session,
    home: &Home,
    graph: &Graph,
    prepared: &Prepared,
) -> Result<()> {
    if !prepared.is_backwards() {
        return Ok(());
    }
    let (dialect, now) = (session.dialect(), timezone::now().to_string());
    let recorded_squashes = prepared
        .steps()
        .flat_map(|step| graph.squashes_around(&step.migration.key))
        .filter(|squash| session.history.get(squash).is_some());
    let members: BTreeSet<Key> = recorded_squashes.flat_map(|squash| graph.replaced(&squash)).collect();
    let missing = members.iter().filter(|key| session.history.get(key).is_none());
    let rows: Vec<refinery::Migration> =
        missing.filter_map(|key| recorded(graph.get(key)?, dialect)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // One statement: it is done as a whole or not at all.
    let marks = vec!["(?, ?, ?, ?)"; rows.len()].join(", ");
    let columns = "(version, name, applied_on, checksum)";
    let sql = format!("INSERT INTO {} {columns} VALUES {marks}", home.history());
    let values = |row: &refinery::Migration| {
        let (version, checksum) = (row.version(), row.checksum().to_string());
        params![version, row.name(), now.as_str(), checksum].to_vec()
    };
    let params: Vec<Value> = rows.iter().flat_map(values).collect();
    session.connection().execute(Statement { sql: &sql, params: &params }).await?;
    Ok(())
}
