//! Every setting: its type, its default and what it is for.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::section::{Reading, Section};
use super::tree::Table;
use crate::db::{DatabaseSettings, Secret};

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
    /// Installed apps, in order; none said: all that are built in.
    pub apps: Option<Vec<String>>,
    /// Databases by alias.
    pub databases: BTreeMap<String, DatabaseSettings>,
    /// App to alias.
    pub routes: BTreeMap<String, Vec<String>>,
    /// Static files.
    pub static_files: StaticSettings,
    /// Cross-site request forgery.
    pub csrf: CsrfSettings,
    /// Headers and redirects that keep readers safe.
    pub security: SecuritySettings,
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

/// `[static]`
#[derive(Debug, Clone)]
pub struct StaticSettings {
    /// Where static files begin: `/static/`.
    pub url: String,
    /// Folders to look in before the apps' own, relative to the root.
    pub dirs: Vec<String>,
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
            apps: root.optional_strings("apps"),
            databases: root.sections("databases", |_, section| database(section)),
            routes: root.lists("routes"),
            static_files: root.section("static", |section| StaticSettings {
                url: section.string("url", "/static/"),
                dirs: section.strings("dirs", &["static"]),
            }),
            csrf: root.section("csrf", |section| CsrfSettings {
                cookie_name: section.string("cookie_name", "csrftoken"),
                cookie_secure: section.optional_boolean("cookie_secure"),
                trusted_origins: section.strings("trusted_origins", &[]),
            }),
            security: root.section("security", SecuritySettings::read),
            server: root.section("server", ServerSettings::read),
            logging: root.section("logging", |section| LoggingSettings {
                level: section.string("level", "info"),
                access_log: section.boolean("access_log", true),
            }),
            extensions: Extensions::read(root, apps),
        }
    }

    /// The settings that an app reads from its own table, if the program has that app.
    pub fn find_app<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.extensions.0.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }

    /// The settings that an app reads from its own table.
    ///
    /// # Panics
    /// When the app is not among those that the settings were read for, which is a defect of the program.
    pub fn app<T: Any + Send + Sync>(&self) -> &T {
        #[expect(clippy::expect_used, reason = "the list of apps is fixed when the program is built")]
        self.find_app().expect("the app's settings are read at load")
    }
}

/// Reads `[databases.<alias>]`.
fn database(section: &mut Section<'_>) -> DatabaseSettings {
    let mut settings = DatabaseSettings {
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
        replica_of: section.optional_string("replica_of").filter(|alias| !alias.is_empty()),
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
    key: &'static str,
    read: fn(&mut Section<'_>) -> Arc<dyn Any + Send + Sync>,
}

/// The settings of an app, read from its own table: `[polls]`.
pub trait SettingsSection: Any + Send + Sync + Sized {
    /// Name of the table.
    const KEY: &'static str;

    /// Reads every key with its default; what is wrong is collected in the section.
    fn read(section: &mut Section<'_>) -> Self;
}

impl AppSettings {
    /// The settings of type `T`.
    pub const fn of<T: SettingsSection>() -> Self {
        Self { key: T::KEY, read: |section| Arc::new(T::read(section)) }
    }
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
