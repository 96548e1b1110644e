//! Real databases: every test that needs one gets one of its own.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use manage::conf::DatabaseSettings;
use manage::db::Database;
use manage::db::backends;

use super::Workspace;

/// The kinds that every case of `backends/` runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgresql,
    Mariadb,
}

/// An empty database of one test.
pub struct TestDatabase {
    /// Its folder, with the file if it is one.
    pub workspace: Workspace,
    /// Its kind.
    pub kind: Kind,
    /// Its URL, as a setting takes it.
    pub url: String,
    /// Its pools.
    pub database: Database,
}

impl TestDatabase {
    /// The same database through pools of its own, with other settings.
    pub fn reopen(&self, change: impl FnOnce(&mut DatabaseSettings)) -> Database {
        let mut settings = DatabaseSettings::from_url(&self.url).unwrap();
        change(&mut settings);
        open("default", &settings, self.workspace.path())
    }

    /// Drops the database of a test that makes many.
    pub async fn discard(self) {
        let variable = match self.kind {
            Kind::Sqlite => return,
            Kind::Postgresql => "MANAGE_TEST_POSTGRESQL_URL",
            Kind::Mariadb => "MANAGE_TEST_MYSQL_URL",
        };
        let (_, name) = self.url.rsplit_once('/').unwrap();
        let forced = if self.kind == Kind::Postgresql { " WITH (FORCE)" } else { "" };
        server(variable).0.execute(&format!("DROP DATABASE {name}{forced}"), &[]).await.unwrap();
    }

    /// Makes an empty database.
    pub async fn create(kind: Kind) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let workspace = Workspace::new();
        let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let name = format!("t{started:x}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = match kind {
            Kind::Sqlite => "sqlite:///test.sqlite3".to_owned(),
            Kind::Postgresql => on_server("MANAGE_TEST_POSTGRESQL_URL", &name).await,
            Kind::Mariadb => on_server("MANAGE_TEST_MYSQL_URL", &name).await,
        };
        let settings = DatabaseSettings::from_url(&url).unwrap();
        let database = open("default", &settings, workspace.path());
        Self { workspace, kind, url, database }
    }
}

/// Makes a database beside the one that a server's address names, and gives its address.
async fn on_server(variable: &str, name: &str) -> String {
    let (server, url) = server(variable);
    server.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
    let (base, _) = url.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// The server that a variable leads to, and its address.
fn server(variable: &str) -> (Database, String) {
    #[expect(clippy::disallowed_methods, reason = "scripts/test hands the addresses over")]
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the tests with scripts/test, which starts the database servers")
    });
    (open("server", &DatabaseSettings::from_url(&url).unwrap(), Path::new("/")), url)
}

fn open(alias: &str, settings: &DatabaseSettings, root: &Path) -> Database {
    Database::new(backends::create(alias, settings, root).unwrap(), settings)
}

/// Runs a test's asynchronous part to its end.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    #[expect(clippy::disallowed_methods, reason = "tests need a runtime as well")]
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work)
}

/// Turns each `async fn name(db: TestDatabase)` into one test per kind of database, under the same name.
macro_rules! on_every_database {
    ($($(#[$doc:meta])* async fn $name:ident($db:pat_param in TestDatabase) $body:block)*) => {
        mod cases {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every file uses all of them")]
            use super::*;
            $($(#[$doc])* pub async fn $name($db: $crate::support::TestDatabase) $body)*
        }
        $crate::support::on_every_database!(@kind sqlite, Sqlite, $($name)*);
        $crate::support::on_every_database!(@kind postgresql, Postgresql, $($name)*);
        $crate::support::on_every_database!(@kind mariadb, Mariadb, $($name)*);
    };
    (@kind $module:ident, $kind:ident, $($name:ident)*) => {
        mod $module {
            $(#[test]
            fn $name() {
                $crate::support::block_on(async {
                    let database = $crate::support::TestDatabase::create($crate::support::Kind::$kind).await;
                    super::cases::$name(database).await;
                });
            })*
        }
    };
}
pub(crate) use on_every_database;
