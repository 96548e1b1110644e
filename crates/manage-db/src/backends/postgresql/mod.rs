//! PostgreSQL 13 and newer.

mod error;
mod features;
mod options;
mod values;

mod blockers;
mod connection;
mod database;
mod introspection;
mod lock;
mod rules;
mod schema;
mod session;
mod tls;
mod touched;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{NoTls, Socket};

use connection::{Link, PgConnection};
use error::ConnectError;
use session::SessionSettings;

pub(super) use rules::RULES;

use super::base::{
    Backend, Client, Connection, Features, Introspection, LockWait, MigrationLock, Options, SchemaEditor,
    ScriptRules, Statement, TouchedQueries,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A database on a PostgreSQL server.
#[derive(Clone)]
pub(super) struct Postgresql {
    alias: String,
    config: Config,
    security: tls::Security,
    timeout: Duration,
    session: SessionSettings,
    settings: DatabaseSettings,
}

impl Postgresql {
    /// A backend for the database that `settings` describe; names of certificates are relative to `root`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for options that are not libpq's, or not understood.
    pub(super) fn new(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<Self> {
        let options = Options::new(alias, settings, &options::KNOWN)?;
        let security = security(&options, root)?;
        let timeout = options.seconds("connect_timeout")?;
        let timeout = timeout.unwrap_or(settings.connect_timeout);
        let session = SessionSettings::new(settings);
        let mut config = Config::new();
        config
            .dbname(&settings.name)
            .host(host(settings))
            .port(settings.port.unwrap_or(5432))
            .user(user(settings))
            .application_name(options.text("application_name").unwrap_or("manage"))
            .ssl_mode(security.mode());
        if !settings.password.0.is_empty() {
            config.password(&settings.password.0);
        }
        options::apply(&options, &mut config)?;
        Ok(Self { alias: alias.to_owned(), config, security, timeout, session, settings: settings.clone() })
    }

    /// Opens a connection. A pooler may refuse the session's settings at login, or take them and pass none on; they are
    /// made by a statement then.
    async fn open(&self, name: &str) -> std::result::Result<PgConnection, ConnectError> {
        let mut plain = self.config.clone();
        plain.dbname(name);
        let mut config = plain.clone();
        config.options(self.session.as_options());
        let (connection, is_heard) = match self.link(&config).await {
            Err(error) if error.refuses_options() => (self.link(&plain).await?.0, false),
            opened => opened?,
        };
        if !is_heard {
            let sql = self.session.as_statement().ok_or(ConnectError::Pooler)?;
            connection.set_up(&sql).await?;
        }
        Ok(connection)
    }

    /// Logs in, and tells whether the session is as it was asked for.
    async fn link(&self, config: &Config) -> std::result::Result<(PgConnection, bool), ConnectError> {
        if config.get_ssl_mode() == SslMode::Disable {
            let (client, driver) = config.connect(NoTls).await?;
            let is_heard = self.is_heard(&driver);
            return Ok((PgConnection::new(client, Link { driver: drive(driver), tls: None }), is_heard));
        }
        let tls = self.security.connector()?;
        let (client, driver) = config.connect(tls.clone()).await?;
        let is_heard = self.is_heard(&driver);
        Ok((PgConnection::new(client, Link { driver: drive(driver), tls: Some(tls) }), is_heard))
    }

    /// The server tells a session's time zone at login.
    fn is_heard<T>(&self, driver: &tokio_postgres::Connection<Socket, T>) -> bool
    where
        T: TlsStream + Unpin,
    {
        let zone = driver.parameter("TimeZone");
        zone.is_some_and(|zone| zone.eq_ignore_ascii_case(self.session.timezone()))
    }

    /// A connection to a database of the server.
    async fn connect_to(&self, name: &str) -> Result<Box<dyn Connection>> {
        let opened = tokio::time::timeout(self.timeout, self.open(name)).await;
        let opened = opened.unwrap_or(Err(ConnectError::Timeout(self.timeout)));
        Ok(Box::new(opened.map_err(|error| error.explain(&self.alias, self.address_of(name)))?))
    }

    /// A connection to a database that is not this one.
    async fn connect_beside(&self) -> Result<Box<dyn Connection>> {
        let mut refused = None;
        for name in database::BESIDE.into_iter().filter(|name| *name != self.settings.name) {
            match self.connect_to(name).await {
                Ok(connection) => return Ok(connection),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| Error::NotSupported {
            what: "looking after a database without another one beside it".to_owned(),
            vendor: features::FEATURES.display_name,
        }))
    }

    fn address_of(&self, name: &str) -> String {
        format!("{}:{}/{name}", host(&self.settings), self.settings.port.unwrap_or(5432))
    }

    /// The port at which the server was asked; -1 for a socket.
    fn port(&self) -> i32 {
        match host(&self.settings).starts_with('/') {
            true => -1,
            false => i32::from(self.settings.port.unwrap_or(5432)),
        }
    }
}

/// Moves bytes between the socket and the client until the client is dropped.
fn drive<T>(driver: tokio_postgres::Connection<Socket, T>) -> JoinHandle<()>
where
    T: TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a PostgreSQL connection ended");
        }
    })
}

fn security(options: &Options<'_>, root: &Path) -> Result<tls::Security> {
    let file = |name: &str| options.text(name).map(|file| root.join(file));
    let mode = options.text("sslmode").unwrap_or("prefer");
    let security = tls::Security::new(mode, file("sslrootcert")).map_err(|problem| options.wrong(problem))?;
    match (file("sslcert"), file("sslkey")) {
        (None, None) => Ok(security),
        (Some(certificate), Some(key)) => Ok(security.with_identity(certificate, key)),
        _ => Err(options.wrong("`sslcert` and `sslkey` belong together".to_owned())),
    }
}

fn host(settings: &DatabaseSettings) -> &str {
    if settings.host.is_empty() { "localhost" } else { &settings.host }
}

fn user(settings: &DatabaseSettings) -> &str {
    if settings.user.is_empty() { "postgres" } else { &settings.user }
}

#[async_trait]
impl Backend for Postgresql {
    fn alias(&self) -> &str {
        &self.alias
    }

    fn address(&self) -> String {
        self.address_of(&self.settings.name)
    }

    fn location(&self) -> String {
        // Which schema is meant depends on the account and on the session.
        format!("{} {} {}", self.address(), user(&self.settings), self.session.as_options())
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
        self.settings.lock_timeout
    }

    fn lock_wait(&self, limit: Duration) -> LockWait {
        let limit = self.settings.lock_timeout.map_or(limit, |own| own.min(limit));
        LockWait::Transaction(format!("SET LOCAL lock_timeout = '{}ms'", limit.as_millis().max(1)))
    }

    fn blockers(&self) -> Option<&'static str> {
        Some(blockers::BLOCKERS)
    }

    fn touched(&self) -> TouchedQueries {
        touched::TOUCHED
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        self.connect_to(&self.settings.name).await
    }

    async fn has_database(&self) -> Result<bool> {
        match self.connect_beside().await {
            Ok(mut connection) => database::exists(&mut *connection, &self.settings.name).await,
            // An account may have been let into its own database alone.
            Err(error) => self.connect().await.map(|_| true).map_err(|_| error),
        }
    }

    async fn create_database(&self) -> Result<bool> {
        database::create(&mut *self.connect_beside().await?, &self.settings.name).await
    }

    async fn others(&self) -> Result<Vec<String>> {
        database::sessions(&mut *self.connect_beside().await?, &self.settings.name).await
    }

    async fn drop_database(&self, is_forced: bool) -> Result<()> {
        if database::is_servers_own(&self.settings.name) {
            let problem = "the database belongs to the server and is not dropped".to_owned();
            return Err(Error::Configuration { alias: self.alias.clone(), problem });
        }
        database::drop(&mut *self.connect_beside().await?, &self.settings.name, is_forced).await
    }

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        Box::new(lock::AdvisoryLock::new(self.clone()))
    }

    fn script_rules(&self) -> &'static ScriptRules {
        &RULES
    }

    fn can_roll_back(&self, sql: &str) -> bool {
        RULES.may_share(sql)
    }

    fn is_already_done(&self, error: &Error) -> bool {
        // Duplicate column, table, object or function; undefined column, table or object.
        const CODES: [&str; 7] = ["42701", "42P07", "42710", "42723", "42703", "42P01", "42704"];
        matches!(error, Error::Statement(statement)
            if statement.code.as_deref().is_some_and(|code| CODES.contains(&code)))
    }

    fn client(&self) -> Client {
        let mut env = Vec::new();
        if !self.settings.password.0.is_empty() {
            env.push(("PGPASSWORD", self.settings.password.0.clone()));
        }
        env.push(("PGSSLMODE", self.security.name().to_owned()));
        if let Some(file) = self.security.root_certificate() {
            env.push(("PGSSLROOTCERT", PathBuf::from(file).display().to_string()));
        }
        if let Some((certificate, key)) = self.security.identity() {
            env.push(("PGSSLCERT", certificate.display().to_string()));
            env.push(("PGSSLKEY", key.display().to_string()));
        }
        if let Some(own) = self.settings.options.get("options") {
            env.push(("PGOPTIONS", own.clone()));
        }
        let port = self.settings.port.unwrap_or(5432).to_string();
        let args = ["-U", user(&self.settings), "-h", host(&self.settings), "-p", &port, &self.settings.name];
        Client { program: "psql", args: args.map(str::to_owned).to_vec(), env }
    }
}
