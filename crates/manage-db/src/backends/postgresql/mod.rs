//! PostgreSQL 13 and newer.

mod error;
mod features;
mod options;
mod values;
mod who;

mod blockers;
mod connection;
mod database;
mod introspection;
mod loading;
mod rules;
mod schema;
mod session;
mod tls;
mod touched;

mod server;

mod lock;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use server::Server;

pub(super) use rules::RULES;

use super::base::{
    Backend, Client, Connection, Deferral, Features, Flush, Introspection, LockWait, MigrationLock,
    SchemaEditor, ScriptRules, Statement, TouchedQueries,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A database on a PostgreSQL server.
pub(super) struct Postgresql {
    server: Server,
}

impl Postgresql {
    /// A backend for the database that `settings` describe; names of certificates are relative to `root`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for options that are not libpq's, or not understood.
    pub(super) fn new(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<Self> {
        Ok(Self { server: Server::new(alias, settings, root)? })
    }

    /// A connection to a database that is not this one.
    async fn connect_beside(&self) -> Result<Box<dyn Connection>> {
        let mut refused = None;
        for name in database::BESIDE.into_iter().filter(|name| *name != self.server.settings.name) {
            match self.server.connect_to(name).await {
                Ok(connection) => return Ok(connection),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| Error::NotSupported {
            what: "looking after a database without another one beside it".to_owned(),
            vendor: features::FEATURES.display_name,
        }))
    }
}

#[async_trait]
impl Backend for Postgresql {
    fn alias(&self) -> &str {
        &self.server.alias
    }

    fn address(&self) -> String {
        self.server.address_of(&self.server.settings.name)
    }

    fn location(&self) -> String {
        // Which schema is meant depends on the account and on the session.
        format!("{} {} {}", self.address(), self.server.user(), self.server.session())
    }

    async fn identity(&self) -> Result<String> {
        // The system identifier would be that of every standby as well, and not every account may ask for it. The
        // moment at which this very server was started, with its own port, is told to everybody.
        const SQL: &str = "SELECT pg_catalog.pg_postmaster_start_time()::text || ' ' \
                           || pg_catalog.current_setting('port') || ' ' || oid || ' ' \
                           || coalesce(current_schema(), '') \
                           FROM pg_catalog.pg_database WHERE datname = current_database()";
        let mut connection = self.connect().await?;
        let rows = connection.query(Statement { sql: SQL, params: &[] }).await?;
        rows.into_iter().next().map_or(Ok(self.location()), |mut row| row.take(0))
    }

    fn lock_timeout(&self) -> Option<Duration> {
        self.server.settings.lock_timeout
    }

    fn lock_wait(&self, limit: Duration) -> LockWait {
        let limit = self.server.settings.lock_timeout.map_or(limit, |own| own.min(limit));
        LockWait::Transaction(format!("SET LOCAL lock_timeout = '{}ms'", limit.as_millis().max(1)))
    }

    fn blockers(&self) -> Option<&'static str> {
        Some(blockers::BLOCKERS.as_str())
    }

    fn refresh(&self) -> Option<Vec<String>> {
        Some(vec!["RESET ALL".to_owned(), self.server.set_up()?])
    }

    fn touched(&self) -> TouchedQueries {
        touched::TOUCHED
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        self.server.connect_to(&self.server.settings.name).await
    }

    async fn has_database(&self) -> Result<bool> {
        match self.connect_beside().await {
            Ok(mut connection) => database::exists(&mut *connection, &self.server.settings.name).await,
            // An account may have been let into its own database alone.
            Err(error) => self.connect().await.map(|_| true).map_err(|_| error),
        }
    }

    async fn create_database(&self) -> Result<bool> {
        database::create(&mut *self.connect_beside().await?, &self.server.settings.name).await
    }

    async fn others(&self) -> Result<Vec<String>> {
        database::sessions(&mut *self.connect_beside().await?, &self.server.settings.name).await
    }

    async fn drop_database(&self, is_forced: bool) -> Result<()> {
        if database::is_servers_own(&self.server.settings.name) {
            let problem = "the database belongs to the server and is not dropped".to_owned();
            return Err(Error::Configuration { alias: self.server.alias.clone(), problem });
        }
        database::drop(&mut *self.connect_beside().await?, &self.server.settings.name, is_forced).await
    }

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn deferral(&self) -> &'static Deferral {
        &loading::DEFERRAL
    }

    fn flush(&self, tables: &[&str], _counted: &[&str]) -> Flush {
        loading::flush(tables)
    }

    fn reset_sequence(&self, table: &str, column: &str) -> Option<String> {
        Some(loading::reset_sequence(table, column))
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        Box::new(lock::AdvisoryLock::new(self.server.clone()))
    }

    fn script_rules(&self) -> &'static ScriptRules {
        &RULES
    }

    fn can_roll_back(&self, sql: &str) -> bool {
        RULES.may_share(sql)
    }

    fn is_already_done(&self, sql: &str, error: &Error) -> bool {
        // Duplicate column, table, object or function; undefined column, table or object.
        const THERE: [&str; 4] = ["42701", "42P07", "42710", "42723"];
        const GONE: [&str; 3] = ["42703", "42P01", "42704"];
        let Error::Statement(statement) = error else { return false };
        let says = |codes: &[&str]| statement.code.as_deref().is_some_and(|code| codes.contains(&code));
        let takes_away = ["DROP", "ALTER * DETACH", "ALTER * RENAME"];
        says(&THERE) || (says(&GONE) && ScriptRules::fits(&takes_away, &RULES.words(sql)))
    }

    fn client(&self) -> Client {
        let mut env = Vec::new();
        if !self.server.settings.password.0.is_empty() {
            env.push(("PGPASSWORD", self.server.settings.password.0.clone()));
        }
        env.push(("PGSSLMODE", self.server.security.name().to_owned()));
        if let Some(file) = self.server.security.root_certificate() {
            env.push(("PGSSLROOTCERT", PathBuf::from(file).display().to_string()));
        }
        if let Some((certificate, key)) = self.server.security.identity() {
            env.push(("PGSSLCERT", certificate.display().to_string()));
            env.push(("PGSSLKEY", key.display().to_string()));
        }
        if let Some(own) = self.server.settings.options.get("options") {
            env.push(("PGOPTIONS", own.clone()));
        }
        let port = self.server.settings.port.unwrap_or(5432).to_string();
        let args =
            ["-U", self.server.user(), "-h", self.server.host(), "-p", &port, &self.server.settings.name];
        Client { program: "psql", args: args.map(str::to_owned).to_vec(), env }
    }
}
