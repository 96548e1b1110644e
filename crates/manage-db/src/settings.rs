//! What has to be known of a database before it is opened.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use manage_derive::Documented;
use percent_encoding::percent_decode_str;

/// One database.
#[derive(Debug, Clone, PartialEq, Documented)]
pub struct DatabaseSettings {
    /// Kind: sqlite, postgresql or mysql (mariadb is the same).
    pub engine: String,
    /// Name of the database; for SQLite the file, relative to the project's root.
    pub name: String,
    /// Account.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Host, or the folder of a Unix socket.
    pub host: String,
    /// Port; none means the vendor's.
    pub port: Option<u16>,
    /// The vendor's own options, such as `sslmode`, `sslrootcert`.
    pub options: BTreeMap<String, String>,
    /// Most connections at once, per process.
    pub pool_size: usize,
    /// Longest wait for a free connection.
    pub pool_timeout: Duration,
    /// Longest time to establish a connection.
    pub connect_timeout: Duration,
    /// Longest run of one statement; none: no limit.
    pub statement_timeout: Option<Duration>,
    /// Statements that take longer are logged; none: not at all.
    pub slow_query: Option<Duration>,
    /// Longest wait for a lock; none: the vendor's default (5 s for SQLite). It limits the wait for another
    /// process that migrates as well; none: 10 minutes.
    pub lock_timeout: Option<Duration>,
    /// The alias whose copy this is, kept by the servers themselves. A copy is never migrated, locked or asked which
    /// migrations it has, and no app may be routed to it.
    pub replica_of: Option<String>,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            engine: "sqlite".to_owned(),
            name: String::new(),
            user: String::new(),
            password: Secret::default(),
            host: String::new(),
            port: None,
            options: BTreeMap::new(),
            pool_size: 10,
            pool_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: None,
            slow_query: None,
            lock_timeout: None,
            replica_of: None,
        }
    }
}

impl DatabaseSettings {
    /// The settings of a database that one URL describes, everything else at its default.
    ///
    /// # Errors
    /// A sentence, when the text is not such a URL.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let mut settings = Self::default();
        settings.apply_url(url)?;
        Ok(settings)
    }

    /// Takes engine, account, host, port, name and options from `engine://user:password@host:port/name?option=value`.
    ///
    /// # Errors
    /// A sentence without any part of the URL, when the text is not one.
    pub fn apply_url(&mut self, url: &str) -> Result<(), String> {
        let wrong = || "expected engine://user:password@host:port/name".to_owned();
        let (engine, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, name) = rest.split_once('/').ok_or_else(wrong)?;
        let (account, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (address, None),
        };
        engine.clone_into(&mut self.engine);
        self.name = decoded(name)?;
        self.user = decoded(user)?;
        self.password = Secret(decoded(password)?);
        self.host = decoded(host.trim_matches(['[', ']']))?;
        self.port = port.or(self.port);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.apply_option(decoded(key)?, decoded(value)?)?;
        }
        Ok(())
    }

    /// Takes one option of a URL. Where the server is may be said there as well, as for a socket:
    /// `postgresql:///name?host=/run/postgresql`.
    fn apply_option(&mut self, key: String, value: String) -> Result<(), String> {
        match key.as_str() {
            "host" | "socket" | "unix_socket" => self.host = value,
            "port" => self.port = Some(value.parse().map_err(|_| "`port` is no port's number".to_owned())?),
            "user" => self.user = value,
            "password" => self.password = Secret(value),
            _ => drop(self.options.insert(key, value)),
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| "is not UTF-8 after decoding".to_owned())
}

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}
