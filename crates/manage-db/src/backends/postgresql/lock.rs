//! PostgreSQL's advisory lock of the session: the server releases it when the connection ends.

use async_trait::async_trait;

use crate::backends::base::{Attempt, Connection, MigrationLock, Statement};
use crate::error::Result;

/// The bytes of `manage_m`, with the schema: advisory locks belong to one database anyway, and each schema has tables and
/// a history of its own.
const KEY: &str = "(7881702187500658541 # pg_catalog.hashtextextended(coalesce(current_schema(), ''), 0))";

/// Has the server look once a second whether this program is still there (from PostgreSQL 14 on, not on Windows): the
/// lock of a killed run is free again even while its statement would run for long.
const WATCHED: &str = "CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 140000 \
    AND pg_catalog.version() !~* 'visual c|mingw|windows' \
    THEN pg_catalog.set_config('client_connection_check_interval', '1000', false) END";

/// The advisory lock of the database that a connection leads to.
pub(super) struct AdvisoryLock;

#[async_trait]
impl MigrationLock for AdvisoryLock {
    async fn try_acquire(&mut self, connection: &mut dyn Connection, ask_holder: bool) -> Result<Attempt> {
        let take = format!("SELECT pg_catalog.pg_try_advisory_lock({KEY}), {WATCHED}");
        if scalar::<bool>(connection, &take).await?.unwrap_or_default() {
            return Ok(Attempt::Taken);
        }
        let holder = if ask_holder {
            let sql = format!(
                "SELECT 'process ' || a.pid || coalesce(' of ' || a.usename, '') \
                 || coalesce(' at ' || host(a.client_addr), '') FROM pg_catalog.pg_locks l \
                 JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
                 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
                 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
                 AND (l.classid::bigint << 32) + l.objid::bigint = {KEY}"
            );
            scalar(connection, &sql).await?
        } else {
            None
        };
        Ok(Attempt::Held { holder })
    }

    async fn release(&mut self, connection: &mut dyn Connection) -> Result<()> {
        scalar::<bool>(connection, &format!("SELECT pg_catalog.pg_advisory_unlock({KEY})")).await?;
        Ok(())
    }
}

async fn scalar<T: crate::FromValue>(connection: &mut dyn Connection, sql: &str) -> Result<Option<T>> {
    let rows = connection.query(Statement { sql, params: &[] }).await?;
    rows.into_iter().next().map(|mut row| row.take(0)).transpose()
}
