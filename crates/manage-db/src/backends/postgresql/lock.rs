//! PostgreSQL's advisory lock of the session: the server releases it when the connection ends.

use std::time::Duration;

use async_trait::async_trait;

use super::server::Server;
use super::who::WHO;
use crate::backends::base::{Attempt, Connection, MigrationLock, Statement, Value};
use crate::error::{Error, Result, StatementKind};
use manage_leaves::crypto;

/// The bytes of `manage_m`, with the schema: advisory locks belong to one database anyway, and each schema has tables and
/// a history of its own.
const KEY: &str = "(7881702187500658541 # pg_catalog.hashtextextended(coalesce(current_schema(), ''), 0))";

/// Has the server keep the session however long it has nothing to do (from PostgreSQL 14 on), and look once a second whether this program is still there (from PostgreSQL 14 on, not on Windows): the
/// lock of a killed run is free again even while its statement would run for long.
const WATCHED: &str = "CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 140000 \
    AND pg_catalog.version() !~* 'visual c|mingw|windows' \
    THEN pg_catalog.set_config('client_connection_check_interval', '1000', false) END, \
    CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 140000 \
    THEN pg_catalog.set_config('idle_session_timeout', '0', false) END";

/// Whether what answers may be a pooler: it listens at another port than was asked, or this session is older than this
/// connection.
const SUSPECTED: &str = "coalesce(pg_catalog.inet_server_port(), -1) <> ?::int OR (SELECT \
    pg_catalog.clock_timestamp() - backend_start > '2 s' FROM pg_catalog.pg_stat_activity \
    WHERE pid = pg_catalog.pg_backend_pid())";

/// How long it is waited for a statement that a pooler cannot give a session to.
const PATIENCE: Duration = Duration::from_secs(1);

/// The advisory lock of the database that a connection leads to.
pub(super) struct AdvisoryLock {
    server: Server,
    /// Whether it was looked at whether a pooler stands between.
    is_checked: bool,
    /// The number of the lock that was taken: what a migration makes of its session may lead to another one.
    key: Option<i64>,
}

impl AdvisoryLock {
    /// The lock of a database.
    pub(super) fn new(server: Server) -> Self {
        Self { server, is_checked: false, key: None }
    }

    /// Takes the lock if it is free.
    async fn take(&mut self, connection: &mut dyn Connection) -> Result<Option<bool>> {
        let sql = format!("SELECT pg_catalog.pg_try_advisory_lock({KEY}), {KEY}, {WATCHED}");
        self.taken(connection, Statement { sql: &sql, params: &[] }).await
    }

    async fn taken(
        &mut self,
        connection: &mut dyn Connection,
        statement: Statement<'_>,
    ) -> Result<Option<bool>> {
        let rows = connection.query(statement).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
        self.key = row.take(1)?;
        row.take(0)
    }

    /// The same, unless a pooler is suspected; none says so.
    async fn take_unless_suspected(&mut self, connection: &mut dyn Connection) -> Result<Option<bool>> {
        let sql = format!(
            "SELECT CASE WHEN {SUSPECTED} THEN NULL ELSE pg_catalog.pg_try_advisory_lock({KEY}) END, {KEY}, {WATCHED}"
        );
        let port = [Value::Int(i64::from(self.server.port()))];
        self.taken(connection, Statement { sql: &sql, params: &port }).await
    }

    /// Whether the lock was taken; none where the session is not kept.
    async fn take_or_look(&mut self, connection: &mut dyn Connection) -> Result<Option<bool>> {
        match self.take_unless_suspected(connection).await? {
            None if !self.keeps_session(connection).await? => Ok(None),
            None => self.take(connection).await,
            taken => Ok(taken),
        }
    }

    /// Leaves a mark in the session, has another connection take the session that was free last, and looks for the mark.
    async fn keeps_session(&self, connection: &mut dyn Connection) -> Result<bool> {
        let mark = crypto::hex(&crypto::random_bytes::<8>());
        let set = "SELECT pg_catalog.set_config('manage.session', ?, false)";
        connection.query(Statement { sql: set, params: &[Value::Text(mark.clone())] }).await?;
        let mut other = self.server.connect_to(&self.server.settings.name).await?;
        let taken = tokio::time::timeout(PATIENCE, async {
            other.begin().await?;
            other.batch(&["SELECT 1"]).await.map_err(|failure| failure.error)
        });
        // Nobody else gets a session: this one has kept its own.
        let Ok(taken) = taken.await else { return Ok(true) };
        taken?;
        let found = scalar::<String>(connection, "SELECT pg_catalog.current_setting('manage.session', true)");
        let found = tokio::time::timeout(PATIENCE, found).await;
        drop(other.rollback().await);
        match found {
            Ok(found) => Ok(found?.is_some_and(|found| found == mark)),
            Err(_) => Ok(false),
        }
    }
}

#[async_trait]
impl MigrationLock for AdvisoryLock {
    async fn try_acquire(&mut self, connection: &mut dyn Connection, ask_holder: bool) -> Result<Attempt> {
        if !self.is_checked {
            // The lock would be one session's, and the statements behind it another's.
            let kept = self.take_or_look(connection).await;
            let (alias, address) =
                (self.server.alias.clone(), self.server.address_of(&self.server.settings.name));
            match kept {
                Ok(Some(true)) => return Ok(Attempt::Taken),
                Ok(Some(false)) => self.is_checked = true,
                Ok(None) => return Err(Error::Pooler { alias, address }),
                Err(error) if error.statement_kind() == Some(StatementKind::Pooled) => {
                    return Err(Error::Pooler { alias, address });
                }
                Err(error) => return Err(error),
            }
        } else if self.take(connection).await? == Some(true) {
            return Ok(Attempt::Taken);
        }
        let holder = if ask_holder {
            let sql = format!(
                "SELECT {WHO} FROM pg_catalog.pg_locks l \
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
        if let Some(key) = self.key.take() {
            scalar::<bool>(connection, &format!("SELECT pg_catalog.pg_advisory_unlock({key})")).await?;
        }
        Ok(())
    }
}

async fn scalar<T: crate::FromValue>(connection: &mut dyn Connection, sql: &str) -> Result<Option<T>> {
    let rows = connection.query(Statement { sql, params: &[] }).await?;
    rows.into_iter().next().map_or(Ok(None), |mut row| row.take(0))
}
