//! Every setting: its type, its default and what it is for.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use manage_derive::Documented;
use tracing::level_filters::LevelFilter;

use super::address::Address;
use super::entry::hidden;
use super::log_filter::LogFilter;
use super::network::Network;
use super::owner::{FileMode, Owner};
use super::section::{Reading, Section};
use super::tree::Table;
use crate::db::{DatabaseSettings, Secret};

/// The key that signs in development, when nothing else is set. `check --deploy` refuses it.
pub const INSECURE_SECRET_KEY: &str = "manage-insecure-development-key-not-for-production-0123456789";

/// Every setting, read and checked.
#[derive(Debug, Clone, Documented)]
pub struct Settings {
    /// Signs what must not be forged. At least 50 characters in production.
    pub secret_key: Secret,
    /// Older keys whose signatures are still accepted.
    pub secret_key_fallbacks: Vec<Secret>,
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
#[derive(Debug, Clone, Documented)]
pub struct StaticSettings {
    /// Where static files begin: `/static/`.
    pub url: String,
    /// Folders to look in before the apps' own, relative to the root.
    pub dirs: Vec<PathBuf>,
}

/// `[csrf]`
#[derive(Debug, Clone, Documented)]
pub struct CsrfSettings {
    /// Name of the cookie.
    pub cookie_name: String,
    /// Send over https only; none: when the request came that way.
    pub cookie_secure: Option<bool>,
    /// Other origins that may post here: `https://www.example.com`.
    pub trusted_origins: Vec<String>,
}

/// `[security]`
#[derive(Debug, Clone, Documented)]
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
    pub trusted_proxies: Vec<Network>,
    /// Content-Security-Policy of every page; empty: none.
    pub content_security_policy: Option<HeaderValue>,
    /// Referrer-Policy; empty: none.
    pub referrer_policy: Option<HeaderValue>,
    /// Cross-Origin-Opener-Policy.
    pub cross_origin_opener_policy: &'static str,
    /// X-Frame-Options.
    pub x_frame_options: &'static str,
}

/// `[server]`
#[derive(Debug, Clone, Documented)]
pub struct ServerSettings {
    /// Addresses to listen on: `127.0.0.1:8000`.
    pub bind: Vec<Address>,
    /// Processes that answer requests; 0: none but the one that was started. By default one per core, or as many as the
    /// variable WEB_CONCURRENCY says.
    pub workers: Option<usize>,
    /// Threads of each worker; 0: the cores, shared among the workers.
    pub threads: usize,
    /// Time in which a worker has to show that it still answers.
    pub timeout: Duration,
    /// Requests after which a worker makes way for a new one; 0: never.
    pub max_requests: usize,
    /// Most that is added to `max_requests` by chance, so that not all workers go at once.
    pub max_requests_jitter: usize,
    /// Whose the workers are: a user, when the program was started by root.
    pub user: Option<Owner>,
    /// File that tells the number of the process, as long as it runs.
    pub pid: Option<PathBuf>,
    /// Who may connect to a `unix:` socket.
    pub unix_mode: FileMode,
    /// Whose a `unix:` socket is.
    pub unix_owner: Option<Owner>,
    /// Socket by which `manage status` asks; by default one of its own in a folder of the system that only its user can
    /// open.
    pub control_socket: Option<PathBuf>,
    /// Time to send the header of a request.
    pub header_timeout: Duration,
    /// Time to send its body.
    pub body_timeout: Duration,
    /// Time that a connection may rest between requests.
    pub idle_timeout: Duration,
    /// Time that requests may take to finish at a graceful stop.
    pub graceful_timeout: Duration,
    /// Largest header of a request.
    pub max_header_bytes: usize,
    /// Largest body of a request.
    pub max_body_bytes: usize,
    /// Most connections at once; more wait to be accepted.
    pub max_connections: usize,
}

/// `[logging]`
#[derive(Debug, Clone, Documented)]
pub struct LoggingSettings {
    /// What is logged: `info`, or by module `warn,manage::db=debug`.
    pub level: LogFilter,
    /// Whether each request is logged.
    pub access_log: bool,
}

impl Settings {
    /// Reads every section; problems are collected in the reading.
    pub(super) fn read(root: &mut Section<'_>, apps: &[AppSettings]) -> Self {
        root.describe(Self::DOCS);
        root.describe(&[("static", "Static files.")]);
        let secret_key = root.secret("secret_key", INSECURE_SECRET_KEY);
        if secret_key.0.is_empty() {
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
            static_files: root.section("static", StaticSettings::read),
            csrf: root.section("csrf", CsrfSettings::read),
            security: root.section("security", SecuritySettings::read),
            server: root.section("server", ServerSettings::read),
            logging: root.section("logging", LoggingSettings::read),
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
    section.describe(DatabaseSettings::DOCS);
    section.describe(&[("url", "All of it in one: `engine://user:password@host:port/name?option=value`.")]);
    let mut settings = DatabaseSettings {
        engine: section.string("engine", "sqlite"),
        name: section.string("name", ""),
        user: section.string("user", ""),
        password: section.secret("password", ""),
        host: section.string("host", ""),
        port: section.optional_integer("port", 1..=65_535).and_then(|port| u16::try_from(port).ok()),
        options: section.texts("options"),
        pool_size: usize::try_from(section.integer("pool_size", 10, 1..=1_000)).unwrap_or(1),
        pool_timeout: section.duration("pool_timeout", Duration::from_secs(5)),
        connect_timeout: section.duration("connect_timeout", Duration::from_secs(5)),
        statement_timeout: section.optional_duration("statement_timeout"),
        slow_query: section.optional_duration("slow_query"),
        lock_timeout: section.optional_duration("lock_timeout"),
        replica_of: section.optional_string("replica_of").filter(|alias| !alias.is_empty()),
    };
    let url = section.secret("url", "");
    let is_above = |key: &str| section.layer(key) > section.layer("url");
    // An engine of a higher layer begins anew: a URL of another kind has nothing to say to it.
    if !url.0.is_empty() && !is_above("engine") {
        let parts = settings.clone();
        match settings.apply_url(&url.0).and_then(|()| DatabaseSettings::from_url(&url.0)) {
            Ok(given) => {
                note_url(section, &given, &is_above);
                keep_above(&mut settings, parts, &is_above);
            }
            Err(problem) => {
                section.reject("url", problem);
                return settings;
            }
        }
    }
    if settings.name.is_empty() {
        section.reject("name", "expected the name of a database or, for SQLite, a file".into());
    }
    settings
}

/// What a higher layer than the URL's says of single parts stays.
fn keep_above(settings: &mut DatabaseSettings, parts: DatabaseSettings, is_above: &impl Fn(&str) -> bool) {
    let DatabaseSettings { name, user, host, password, port, .. } = parts;
    let texts = [
        ("name", &mut settings.name, name),
        ("user", &mut settings.user, user),
        ("host", &mut settings.host, host),
        ("password", &mut settings.password.0, password.0),
    ];
    for (_, slot, text) in texts.into_iter().filter(|(key, ..)| is_above(key)) {
        *slot = text;
    }
    if is_above("port") {
        settings.port = port;
    }
}

/// Notes what the URL says in the place of what single keys say.
fn note_url(section: &Section<'_>, given: &DatabaseSettings, is_above: &impl Fn(&str) -> bool) {
    let texts =
        [("engine", &given.engine), ("name", &given.name), ("user", &given.user), ("host", &given.host)];
    for (key, text) in texts.into_iter().filter(|(key, _)| !is_above(key)) {
        section.note(key, text.as_str().into(), "url");
    }
    if !is_above("password") {
        section.note("password", hidden(&given.password.0), "url");
    }
    if let Some(port) = given.port.filter(|_| !is_above("port")) {
        section.note("port", port.into(), "url");
    }
    for (name, value) in &given.options {
        section.note(&format!("options.{name}"), value.as_str().into(), "url");
    }
}

impl StaticSettings {
    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self { url: section.string("url", "/static/"), dirs: section.paths("dirs", &["static"]) }
    }
}

impl CsrfSettings {
    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self {
            cookie_name: section.string("cookie_name", "csrftoken"),
            cookie_secure: section.optional_boolean("cookie_secure"),
            trusted_origins: section.strings("trusted_origins", &[]),
        }
    }
}

impl LoggingSettings {
    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self {
            level: section.written("level", LogFilter::all(LevelFilter::INFO)),
            access_log: section.boolean("access_log", true),
        }
    }
}

impl SecuritySettings {
    fn read(section: &mut Section<'_>) -> Self {
        section.describe(Self::DOCS);
        Self {
            hsts_seconds: section.integer("hsts_seconds", 0, 0..=i64::from(u32::MAX)),
            hsts_include_subdomains: section.boolean("hsts_include_subdomains", false),
            hsts_preload: section.boolean("hsts_preload", false),
            ssl_redirect: section.boolean("ssl_redirect", false),
            trusted_proxies: section.written_list("trusted_proxies", Vec::<Network>::new()),
            content_security_policy: section.header(
                "content_security_policy",
                "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'",
            ),
            referrer_policy: section.header("referrer_policy", "same-origin"),
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
        section.describe(Self::DOCS);
        let bind = section.written_list("bind", vec![Address::local(8000)]);
        if bind.is_empty() {
            section.reject("bind", "expected an address at least, found an empty list".into());
        }
        Self {
            bind,
            workers: section.optional_integer("workers", 0..=1_024).map(unsigned),
            threads: unsigned(section.integer("threads", 0, 0..=1_024)),
            timeout: section.duration("timeout", Duration::from_secs(30)),
            max_requests: unsigned(section.integer("max_requests", 0, 0..=i64::MAX)),
            max_requests_jitter: unsigned(section.integer("max_requests_jitter", 0, 0..=i64::MAX)),
            user: section.optional_written("user"),
            pid: section.optional_path("pid"),
            unix_mode: section.written("unix_mode", FileMode(0o660)),
            unix_owner: section.optional_written("unix_owner"),
            control_socket: section.optional_path("control_socket"),
            header_timeout: section.duration("header_timeout", Duration::from_secs(10)),
            body_timeout: section.duration("body_timeout", Duration::from_secs(30)),
            idle_timeout: section.duration("idle_timeout", Duration::from_secs(60)),
            graceful_timeout: section.duration("graceful_timeout", Duration::from_secs(30)),
            max_header_bytes: unsigned(section.integer("max_header_bytes", 16_384, 1_024..=1_048_576)),
            max_body_bytes: unsigned(section.integer("max_body_bytes", 1_048_576, 1_024..=1_073_741_824)),
            max_connections: unsigned(section.integer("max_connections", 10_000, 1..=1_000_000)),
        }
    }
}

impl ServerSettings {
    /// As many workers as the settings say, or one per core; at least one.
    pub fn number_of_workers(&self) -> usize {
        self.workers.unwrap_or_else(cores).max(1)
    }

    /// The threads of each of so many workers: those of the settings, or its share of the cores.
    pub fn threads_of(&self, workers: usize) -> usize {
        match self.threads {
            0 => (cores() / workers.max(1)).max(1),
            threads => threads,
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
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
