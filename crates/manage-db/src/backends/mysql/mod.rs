//! MariaDB 10.6 and MySQL 8.0.16, and newer.

mod error;
mod features;
mod identity;
mod options;
mod values;

mod blockers;
mod connection;
mod database;
mod introspection;
mod loading;
mod lock;
mod rules;
mod schema;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use mysql_async::{Conn, Opts, OptsBuilder};

pub(super) use rules::RULES;

use super::base::{
    Backend, Client, Connection, Deferral, Features, Flush, Introspection, LockWait, MigrationLock, Options,
    SchemaEditor, ScriptRules, Statement, first_word,
};
use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// A database on a MariaDB or MySQL server.
pub(super) struct Mysql {
    alias: String,
    opts: Opts,
    timeout: Duration,
    settings: DatabaseSettings,
}

impl Mysql {
    /// A backend for the database that `settings` describe; names of certificates are relative to `root`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for options that are not understood.
    pub(super) fn new(alias: &str, settings: &DatabaseSettings, root: &Path) -> Result<Self> {
        let options = Options::new(alias, settings, &options::KNOWN)?;
        let socket = settings.host.starts_with('/').then(|| settings.host.clone());
        let password = Some(&settings.password.0).filter(|password| !password.is_empty());
        let timeout = options.seconds("connect_timeout")?;
        let opts = OptsBuilder::default()
            .ip_or_hostname(host(settings))
            .tcp_port(port(settings))
            .socket(socket)
            // The driver would look for a socket with a query of its own.
            .prefer_socket(false)
            .user(Some(user(settings)))
            .pass(password)
            .db_name(Some(&settings.name))
            .ssl_opts(options::security(&options, root)?)
            .stmt_cache_size(256)
            .tcp_nodelay(true)
            // As Django: a row that an UPDATE matched counts, changed or not.
            .client_found_rows(true)
            .setup(options::session(&options, settings)?);
        let timeout = timeout.unwrap_or(settings.connect_timeout);
        Ok(Self { alias: alias.to_owned(), opts: opts.into(), timeout, settings: settings.clone() })
    }
}

impl Mysql {
    /// A connection to no database.
    async fn connect_beside(&self) -> Result<Box<dyn Connection>> {
        self.connect_with(OptsBuilder::from_opts(self.opts.clone()).db_name(None::<String>).into()).await
    }

    async fn connect_with(&self, opts: Opts) -> Result<Box<dyn Connection>> {
        let explain = |error| error::connect(&self.alias, self.address(), error);
        let opened = tokio::time::timeout(self.timeout, Conn::new(opts.clone())).await;
        let inner = match opened {
            Ok(opened) => opened.map_err(|error| explain(error::ConnectError::Driver(error)))?,
            Err(_) => return Err(explain(error::ConnectError::Timeout(self.timeout))),
        };
        let mut connection = connection::MysqlConnection::new(inner, opts);
        if let Some(limit) = self.settings.statement_timeout {
            connection.limit_statements(limit).await?;
        }
        Ok(Box::new(connection))
    }
}

fn host(settings: &DatabaseSettings) -> &str {
    if settings.host.is_empty() { "localhost" } else { &settings.host }
}

fn port(settings: &DatabaseSettings) -> u16 {
    settings.port.unwrap_or(3306)
}

fn user(settings: &DatabaseSettings) -> &str {
    if settings.user.is_empty() { "root" } else { &settings.user }
}

#[async_trait]
impl Backend for Mysql {
    fn alias(&self) -> &str {
        &self.alias
    }

    fn address(&self) -> String {
        format!("{}:{}/{}", host(&self.settings), port(&self.settings), self.settings.name)
    }

    async fn identity(&self) -> Result<String> {
        let mut connection = self.connect().await?;
        // Only one of the two servers knows each.
        let rows = match connection.query(Statement { sql: identity::UUID, params: &[] }).await {
            Ok(rows) => rows,
            Err(_) => connection.query(Statement { sql: identity::FACTS, params: &[] }).await?,
        };
        rows.into_iter().next().map_or(Ok(self.location()), |mut row| row.take(0))
    }

    fn lock_timeout(&self) -> Option<Duration> {
        self.settings.lock_timeout
    }

    fn lock_wait(&self, limit: Duration) -> LockWait {
        let limit = self.settings.lock_timeout.map_or(limit, |own| own.min(limit));
        let seconds = limit.as_secs_f64().ceil().max(1.0);
        LockWait::Session(format!(
            "SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
        ))
    }

    fn blockers(&self) -> Option<&'static str> {
        Some(blockers::BLOCKERS)
    }

    fn features(&self) -> &'static Features {
        &features::FEATURES
    }

    async fn connect(&self) -> Result<Box<dyn Connection>> {
        self.connect_with(self.opts.clone()).await
    }

    async fn has_database(&self) -> Result<bool> {
        database::exists(&mut *self.connect_beside().await?, &self.settings.name).await
    }

    async fn create_database(&self) -> Result<bool> {
        database::create(&mut *self.connect_beside().await?, &self.settings.name).await
    }

    async fn others(&self) -> Result<Vec<String>> {
        database::sessions(&mut *self.connect_beside().await?, &self.settings.name).await
    }

    async fn drop_database(&self, _is_forced: bool) -> Result<()> {
        if database::is_servers_own(&self.settings.name) {
            let problem = "the database belongs to the server and is not dropped".to_owned();
            return Err(Error::Configuration { alias: self.alias.clone(), problem });
        }
        database::drop(&mut *self.connect_beside().await?, &self.settings.name).await
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

    fn migration_lock(&self) -> Box<dyn MigrationLock> {
        Box::new(lock::NamedLock::new(&self.settings.name))
    }

    fn script_rules(&self) -> &'static ScriptRules {
        &RULES
    }

    fn can_roll_back(&self, sql: &str) -> bool {
        // Everything else commits what was open before it.
        ["INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH", "SET"]
            .iter()
            .any(|word| first_word(sql).eq_ignore_ascii_case(word))
    }

    fn is_already_done(&self, sql: &str, error: &Error) -> bool {
        const SIGNS: [&str; 7] = [
            "already exists",
            "Duplicate column name",
            "Duplicate key name",
            "Duplicate CHECK constraint name",
            "Duplicate foreign key constraint name",
            "check that it exists",
            "Unknown table",
        ];
        const SIGNS_OF_RENAMING: [&str; 2] = ["doesn't exist", "Unknown column"];
        let Error::Statement(statement) = error else { return false };
        let says = |signs: &[&str]| signs.iter().any(|sign| statement.message.contains(sign));
        let renames = ["RENAME", "ALTER * RENAME", "ALTER * CHANGE"];
        // InnoDB tells a foreign key that is there already by its own number alone.
        says(&SIGNS)
            || says(&["errno: 121"])
            || (says(&SIGNS_OF_RENAMING) && ScriptRules::fits(&renames, &RULES.words(sql)))
    }

    fn client(&self) -> Client {
        let mut args = vec![format!("--user={}", user(&self.settings))];
        if self.settings.host.starts_with('/') {
            args.push(format!("--socket={}", self.settings.host));
        } else {
            args.push(format!("--host={}", host(&self.settings)));
            args.push(format!("--port={}", port(&self.settings)));
        }
        args.push("--default-character-set=utf8mb4".into());
        args.push(self.settings.name.clone());
        let password = &self.settings.password.0;
        let env = if password.is_empty() { Vec::new() } else { vec![("MYSQL_PWD", password.clone())] };
        Client { program: "mysql", args, env }
    }
}
