//! How a server is reached.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{NoTls, Socket};

use super::connection::{Link, PgConnection};
use super::error::ConnectError;
use super::session::{HEARD, SessionSettings};
use super::{options, tls};
use crate::backends::base::{Connection, Options};
use crate::error::Result;
use crate::settings::DatabaseSettings;

/// A server, with the account and the session that a database's settings describe.
#[derive(Clone)]
pub(super) struct Server {
    /// The name under which the settings know the database.
    pub alias: String,
    /// What they say.
    pub settings: DatabaseSettings,
    /// TLS to it.
    pub security: tls::Security,
    config: Config,
    timeout: Duration,
    session: SessionSettings,
    /// Whether what is said at login arrives, once it was asked.
    heard: Arc<OnceLock<bool>>,
}

impl Server {
    /// The server of the database that `settings` describe; names of certificates are relative to `root`.
    ///
    /// # Errors
    /// [`crate::Error::Configuration`] for options that are not libpq's, or not understood.
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
        Ok(Self {
            alias: alias.to_owned(),
            config,
            security,
            timeout,
            session,
            settings: settings.clone(),
            heard: Arc::default(),
        })
    }

    /// Opens a connection. A pooler may refuse the session's settings at login, or take them and pass none on; they are
    /// made by a statement then.
    async fn open(&self, name: &str) -> std::result::Result<PgConnection, ConnectError> {
        let mut plain = self.config.clone();
        plain.dbname(name);
        let mut config = plain.clone();
        config.options(self.session.at_login());
        let (connection, is_heard) = match self.link(&config).await {
            Err(error) if error.refuses_options() => (self.link(&plain).await?.0, false),
            opened => opened?,
        };
        if !(is_heard && self.is_all_heard(&connection).await?) {
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

    /// A pooler may pass on the time zone alone, or the server have the same. Where there is more, it is asked once.
    async fn is_all_heard(&self, connection: &PgConnection) -> std::result::Result<bool, ConnectError> {
        if !self.session.has_more() {
            return Ok(true);
        }
        if let Some(known) = self.heard.get() {
            return Ok(*known);
        }
        let is_heard = connection.has_parameter(HEARD).await?;
        Ok(*self.heard.get_or_init(|| is_heard))
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
    pub(super) async fn connect_to(&self, name: &str) -> Result<Box<dyn Connection>> {
        let opened = tokio::time::timeout(self.timeout, self.open(name)).await;
        let opened = opened.unwrap_or(Err(ConnectError::Timeout(self.timeout)));
        Ok(Box::new(opened.map_err(|error| error.explain(&self.alias, self.address_of(name)))?))
    }

    /// The server's address with a database of this name, for people.
    pub(super) fn address_of(&self, name: &str) -> String {
        format!("{}:{}/{name}", self.host(), self.settings.port.unwrap_or(5432))
    }

    /// The port at which the server was asked; -1 for a socket.
    pub(super) fn port(&self) -> i32 {
        match self.host().starts_with('/') {
            true => -1,
            false => i32::from(self.settings.port.unwrap_or(5432)),
        }
    }

    /// The host, or the folder of a socket.
    pub(super) fn host(&self) -> &str {
        host(&self.settings)
    }

    /// The account.
    pub(super) fn user(&self) -> &str {
        user(&self.settings)
    }

    /// The statement that sets every session up; none where it cannot be said so.
    pub(super) fn set_up(&self) -> Option<String> {
        self.session.as_statement()
    }

    /// What every session has set, as it travels at login.
    pub(super) fn session(&self) -> String {
        self.session.as_options()
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
