//! PostgreSQL 13 and newer.

mod error;
mod features;
mod options;
mod values;

mod connection;
mod introspection;
mod lock;
mod rules;
mod schema;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres::{NoTls, Socket};

use connection::{Link, PgConnection};

pub(super) use rules::RULES;

use super::base::{
    Backend, Client, Connection, Features, Introspection, MigrationLock, Options, SchemaEditor, ScriptRules,
    Statement,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A database on a PostgreSQL server.
pub(super) struct Postgresql {
    alias: String,
    config: Config,
    security: tls::Security,
    timeout: Duration,
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
        let mut config = Config::new();
        config
            .dbname(&settings.name)
            .host(host(settings))
            .port(settings.port.unwrap_or(5432))
            .user(user(settings))
            .application_name(options.text("application_name").unwrap_or("manage"))
            .ssl_mode(security.mode())
            .options(session(settings));
        if !settings.password.0.is_empty() {
            config.password(&settings.password.0);
        }
        options::apply(&options, &mut config)?;
        Ok(Self { alias: alias.to_owned(), config, security, timeout, settings: settings.clone() })
    }

    async fn open(&self) -> std::result::Result<PgConnection, error::ConnectError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, driver) = self.config.connect(NoTls).await?;
            return Ok(PgConnection::new(client, Link { driver: drive(driver), tls: None }));
        }
        let tls = self.security.connector()?;
        let (client, driver) = self.config.connect(tls.clone()).await?;
        Ok(PgConnection::new(client, Link { driver: drive(driver), tls: Some(tls) }))
    }
}

/// Moves bytes between the socket and the client until the client is dropped.
fn drive<T>(driver: tokio_postgres::Connection<Socket, T>) -> JoinHandle<()>
where
    T: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
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

/// Session parameters that travel with the start-up message, so that they cost no round trip.
fn session(settings: &DatabaseSettings) -> String {
    let mut options = String::from("-c timezone=UTC");
    let limits = [("statement_timeout", settings.statement_timeout), ("lock_timeout", settings.lock_timeout)];
    for (name, limit) in limits {
        if let Some(limit) = limit {
            // To the server 0 means no limit.
            options.push_str(&format!(" -c {name}={}ms", limit.as_millis().max(1)));
        }
    }
    // The database's own come last and win.
    if let Some(own) = settings.options.get("options") {
        options.push(' ');
        options.push_str(own);
    }
    options
}

#[async_trait]
impl Backend for Postgresql {
    fn alias(&self) -> &str {
        &self.alias
    }

    fn address(&self) -> String {
        format!("{}:{}/{}", host(&self.settings), self.settings.port.unwrap_or(5432), self.settings.name)
    }

    fn location(&self) -> String {
        // Which schema is meant depends on the account and on the session.
        format!("{} {} {}", self.address(), user(&self.settings), session(&self.settings))
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

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        let opened = tokio::time::timeout(self.timeout, self.open()).await;
        let opened = opened.unwrap_or(Err(error::ConnectError::Timeout(self.timeout)));
        Ok(Box::new(opened.map_err(|error| error.explain(&self.alias, self.address()))?))
    }

    fn schema_editor(&self) -> Box<dyn SchemaEditor> {
        Box::new(schema::Editor::default())
    }

    fn introspection(&self) -> &'static Introspection {
        &introspection::INTROSPECTION
    }

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        Box::new(lock::AdvisoryLock)
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
