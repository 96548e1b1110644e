//! Every setting: its type, its default and what it is for.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::section::{Reading, Section};
use super::tree::Table;

/// The key that signs in development, when nothing else is set. `check --deploy` refuses it.
pub const INSECURE_SECRET_KEY: &str = "manage-insecure-development-key-not-for-production-0123456789";

/// Every setting, read and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Signs what must not be forged. At least 50 characters in production.
    pub secret_key: String,
    /// Older keys whose signatures are still accepted.
    pub secret_key_fallbacks: Vec<String>,
    /// Development: readable error pages, templates from disk. Never in production.
    pub debug: bool,
    /// Host names the site answers to; `.example.com` includes subdomains, `*` any.
    pub allowed_hosts: Vec<String>,
    /// Installed apps, in order; empty: all that are built in.
    pub apps: Vec<String>,
    /// Databases by alias.
    pub databases: BTreeMap<String, DatabaseSettings>,
    /// App to alias.
    pub routes: BTreeMap<String, Vec<String>>,
    /// Static files.
    pub static_files: StaticSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Cross-site request forgery.
    pub csrf: CsrfSettings,
    /// Headers and redirects that keep readers safe.
    pub security: SecuritySettings,
    /// Passwords and signing in.
    pub auth: AuthSettings,
    /// Sockets and limits.
    pub server: ServerSettings,
    /// What is logged.
    pub logging: LoggingSettings,
    extensions: Extensions,
}

impl Default for Settings {
    fn default() -> Self {
        Section::read(&Reading::default(), "", Table::new(), |section| Self::read(section, &[]))
    }
}

/// One database.
#[derive(Debug, Clone, PartialEq)]
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
    pub pool_timeout: f64,
    /// Longest time to establish a connection.
    pub connect_timeout: f64,
    /// Longest run of one statement; none: no limit.
    pub statement_timeout: Option<f64>,
    /// Statements that take longer are logged; none: not at all.
    pub slow_query: Option<f64>,
    /// Longest wait for a lock; none: the vendor's default (5 s for SQLite).
    pub lock_timeout: Option<f64>,
}

impl DatabaseSettings {
    fn read(section: &mut Section<'_>) -> Self {
        let mut settings = Self {
            engine: section.string("engine", "sqlite"),
            name: section.string("name", ""),
            user: section.string("user", ""),
            password: Secret(section.secret("password", "")),
            host: section.string("host", ""),
            port: section.optional_integer("port", 1..=65_535).and_then(|port| u16::try_from(port).ok()),
            options: section.texts("options"),
            pool_size: usize::try_from(section.integer("pool_size", 10, 1..=1_000)).unwrap_or(1),
            pool_timeout: section.seconds("pool_timeout", 5.0),
            connect_timeout: section.seconds("connect_timeout", 5.0),
            statement_timeout: section.optional_seconds("statement_timeout"),
            slow_query: section.optional_seconds("slow_query"),
            lock_timeout: section.optional_seconds("lock_timeout"),
        };
        let url = section.secret("url", "");
        if !url.is_empty()
            && let Err(problem) = settings.apply_url(&url)
        {
            section.reject("url", problem);
        }
        if settings.name.is_empty() {
            section.reject("name", "expected the name of a database or, for SQLite, a file".into());
        }
        settings
    }

    /// The settings of a database that one URL describes, everything else at its default.
    ///
    /// # Errors
    /// A sentence, when the text is not such a URL.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let mut settings = Section::read(&Reading::default(), "", Table::new(), Self::read);
        settings.apply_url(url)?;
        Ok(settings)
    }

    /// Takes engine, account, host, port, name and options from `engine://user:password@host:port/name?option=value`.
    fn apply_url(&mut self, url: &str) -> Result<(), String> {
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
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            self.options.insert(decoded(key)?, decoded(value)?);
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
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

/// `[static]`
#[derive(Debug, Clone)]
pub struct StaticSettings {
    /// Where static files begin: `/static/`.
    pub url: String,
    /// Folders to look in before the apps' own, relative to the root.
    pub dirs: Vec<String>,
}

/// `[sessions]`
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Name of the cookie.
    pub cookie_name: String,
    /// Life of a session in seconds.
    pub cookie_age: i64,
    /// Send over https only; none: when the request came that way.
    pub cookie_secure: Option<bool>,
    /// `Lax`, `Strict` or `None`.
    pub cookie_samesite: String,
}

/// `[csrf]`
#[derive(Debug, Clone)]
pub struct CsrfSettings {
    /// Name of the cookie.
    pub cookie_name: String,
    /// Send over https only; none: when the request came that way.
    pub cookie_secure: Option<bool>,
    /// Other origins that may post here: `https://www.example.com`.
    pub trusted_origins: Vec<String>,
}

/// `[security]`
#[derive(Debug, Clone)]
pub struct SecuritySettings {
    /// Seconds that browsers shall insist on https; 0: not at all.
    pub hsts_seconds: i64,
    /// And so for subdomains.
    pub hsts_include_subdomains: bool,
    /// And may be put on the browsers' list.
    pub hsts_preload: bool,
    /// Answer http with a redirect to https.
    pub ssl_redirect: bool,
    /// Addresses or networks of proxies whose `X-Forwarded-Proto` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<String>,
    /// Content-Security-Policy of every page.
    pub content_security_policy: String,
    /// Referrer-Policy.
    pub referrer_policy: String,
    /// Cross-Origin-Opener-Policy.
    pub cross_origin_opener_policy: String,
    /// X-Frame-Options.
    pub x_frame_options: String,
}

/// `[auth]`
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// Shortest password.
    pub password_min_length: usize,
    /// Failed sign-ins of one account or address before it has to wait.
    pub login_attempts: u32,
    /// How long failures count, in seconds.
    pub login_window: f64,
    /// Where a sign-in leads without `next`.
    pub login_redirect_url: String,
    /// Whether visitors may make accounts.
    pub signup_open: bool,
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Addresses to listen on: `127.0.0.1:8000`.
    pub bind: Vec<String>,
    /// Threads that answer requests; 0: one per core.
    pub threads: usize,
    /// Seconds to send the header of a request.
    pub header_timeout: f64,
    /// Seconds to send its body.
    pub body_timeout: f64,
    /// Seconds that a connection may rest between requests.
    pub idle_timeout: f64,
    /// Seconds that requests may take to finish at a graceful stop.
    pub graceful_timeout: f64,
    /// Largest header of a request.
    pub max_header_bytes: usize,
    /// Largest body of a request.
    pub max_body_bytes: usize,
    /// Most connections at once; more wait to be accepted.
    pub max_connections: usize,
}

/// `[logging]`
#[derive(Debug, Clone)]
pub struct LoggingSettings {
    /// What is logged: `info`, or by module `warn,manage::db=debug`.
    pub level: String,
    /// Whether each request is logged.
    pub access_log: bool,
}

impl Settings {
    /// Reads every section; problems are collected in the reading.
    pub(super) fn read(root: &mut Section<'_>, apps: &[AppSettings]) -> Self {
        let secret_key = root.secret("secret_key", INSECURE_SECRET_KEY);
        if secret_key.is_empty() {
            root.reject("secret_key", "expected a key, found an empty string".into());
        }
        Self {
            secret_key,
            secret_key_fallbacks: root.secrets("secret_key_fallbacks"),
            debug: root.boolean("debug", false),
            allowed_hosts: root.strings("allowed_hosts", &["localhost", "127.0.0.1", "[::1]", ".localhost"]),
            apps: root.strings("apps", &[]),
            databases: root.sections("databases", |_, section| DatabaseSettings::read(section)),
            routes: root.lists("routes"),
            static_files: root.section("static", |section| StaticSettings {
                url: section.string("url", "/static/"),
                dirs: section.strings("dirs", &["static"]),
            }),
            sessions: root.section("sessions", |section| SessionSettings {
                cookie_name: section.string("cookie_name", "sessionid"),
                cookie_age: section.integer("cookie_age", 1_209_600, 60..=i64::from(u32::MAX)),
                cookie_secure: section.optional_boolean("cookie_secure"),
                cookie_samesite: section.choice("cookie_samesite", "Lax", &["Lax", "Strict", "None"]),
            }),
            csrf: root.section("csrf", |section| CsrfSettings {
                cookie_name: section.string("cookie_name", "csrftoken"),
                cookie_secure: section.optional_boolean("cookie_secure"),
                trusted_origins: section.strings("trusted_origins", &[]),
            }),
            security: root.section("security", SecuritySettings::read),
            auth: root.section("auth", |section| AuthSettings {
                password_min_length: unsigned(section.integer("password_min_length", 8, 1..=128)),
                login_attempts: u32::try_from(section.integer("login_attempts", 5, 1..=1_000)).unwrap_or(5),
                login_window: section.seconds("login_window", 300.0),
                login_redirect_url: section.string("login_redirect_url", "/"),
                signup_open: section.boolean("signup_open", true),
            }),
            server: root.section("server", ServerSettings::read),
            logging: root.section("logging", |section| LoggingSettings {
                level: section.string("level", "info"),
                access_log: section.boolean("access_log", true),
            }),
            extensions: Extensions::read(root, apps),
        }
    }

    /// The settings that an app reads from its own table.
    ///
    /// # Panics
    /// When the app is not among those that the settings were read for, which is a defect of the program.
    pub fn app<T: Any + Send + Sync>(&self) -> &T {
        let found = self.extensions.0.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref());
        #[expect(clippy::expect_used, reason = "the list of apps is fixed when the program is built")]
        found.expect("the app's settings are read at load")
    }
}

impl SecuritySettings {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            hsts_seconds: section.integer("hsts_seconds", 0, 0..=i64::from(u32::MAX)),
            hsts_include_subdomains: section.boolean("hsts_include_subdomains", false),
            hsts_preload: section.boolean("hsts_preload", false),
            ssl_redirect: section.boolean("ssl_redirect", false),
            trusted_proxies: section.strings("trusted_proxies", &[]),
            content_security_policy: section.string(
                "content_security_policy",
                "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'",
            ),
            referrer_policy: section.string("referrer_policy", "same-origin"),
            cross_origin_opener_policy: section.choice(
                "cross_origin_opener_policy",
                "same-origin",
                &["same-origin", "same-origin-allow-popups", "unsafe-none"],
            ),
            x_frame_options: section.choice("x_frame_options", "DENY", &["DENY", "SAMEORIGIN"]),
        }
    }
}

impl ServerSettings {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            bind: section.strings("bind", &["127.0.0.1:8000"]),
            threads: unsigned(section.integer("threads", 0, 0..=1_024)),
            header_timeout: section.seconds("header_timeout", 10.0),
            body_timeout: section.seconds("body_timeout", 30.0),
            idle_timeout: section.seconds("idle_timeout", 60.0),
            graceful_timeout: section.seconds("graceful_timeout", 30.0),
            max_header_bytes: unsigned(section.integer("max_header_bytes", 16_384, 1_024..=1_048_576)),
            max_body_bytes: unsigned(section.integer("max_body_bytes", 1_048_576, 1_024..=1_073_741_824)),
            max_connections: unsigned(section.integer("max_connections", 10_000, 1..=1_000_000)),
        }
    }
}

fn unsigned(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// How an app reads its own table of the settings.
#[derive(Clone, Copy)]
pub struct AppSettings {
    /// Name of the table.
    pub key: &'static str,
    /// Reads it into the app's own type.
    pub read: fn(&mut Section<'_>) -> Arc<dyn Any + Send + Sync>,
}

/// What apps read from their own tables, by type.
#[derive(Clone, Default)]
struct Extensions(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Extensions {
    fn read(root: &mut Section<'_>, apps: &[AppSettings]) -> Self {
        Self(
            apps.iter()
                .map(|app| {
                    let value = root.section(app.key, app.read);
                    ((*value).type_id(), value)
                })
                .collect(),
        )
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} apps", self.0.len())
    }
}
