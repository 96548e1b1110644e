//! PostgreSQL behind a real PgBouncer.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Kind, TestDatabase, block_on};

/// A pooler between the program and the server, gone when the test ends.
struct Pooler {
    process: Child,
}

impl Pooler {
    /// Starts one in the database's folder and leads its URL through it.
    fn start(db: &mut TestDatabase, mode: &str, more: &str) -> Self {
        let address = db.url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
        let (host, server_port) = address.split_once(':').unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let users = db.workspace.path().join("users.txt");
        db.workspace.write("users.txt", "\"postgres\" \"\"\n").write(
            "pgbouncer.ini",
            &format!(
                "[databases]\n* = host={host} port={server_port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = any\nauth_file = {}\npool_mode = {mode}\n{more}\n",
                users.display()
            ),
        );
        db.url = db.url.replace(&address, &format!("127.0.0.1:{port}"));
        // It refuses to run as root.
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "pgbouncer"]);
            command
        } else {
            Command::new("pgbouncer")
        };
        command.env("PATH", "/usr/sbin:/usr/bin:/bin:/usr/local/bin").current_dir(db.workspace.path());
        command
            .args(["-q", "pgbouncer.ini"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().expect("scripts/test installs pgbouncer");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "the pooler does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// An empty database behind a pooler, and a project with one migration.
fn behind(mode: &str, more: &str, test: impl AsyncFn(TestDatabase)) {
    block_on(async {
        let mut db = TestDatabase::create(Kind::Postgresql).await;
        let _pooler = Pooler::start(&mut db, mode, more);
        db.workspace
            .write(
                "settings/base.toml",
                &format!(
                    "apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\nlock_timeout = 7\n\
                     [databases.default.options]\noptions = \"-c work_mem=3MB\"\n",
                    db.url
                ),
            )
            .write(
                "migrations/barn/0001_crate.sql",
                "CREATE TABLE crate AS SELECT current_setting('timezone') AS zone, current_setting('work_mem') AS memory, \
                 (SELECT setting FROM pg_settings WHERE name = 'lock_timeout') AS wait;\n-- down\nDROP TABLE crate;\n",
            );
        test(db).await;
    });
}

/// What the session of the migration had set; the wait for a lock is that of one attempt.
async fn check_session(db: &TestDatabase) {
    let set =
        db.database.query::<(String, String, String)>("SELECT zone, memory, wait FROM crate", &[]).await;
    assert_eq!(set.unwrap(), [("UTC".to_owned(), "3MB".to_owned(), "2000".to_owned())]);
}

#[test]
fn a_pooler_that_refuses_a_sessions_settings_at_login_is_told_them_afterwards() {
    behind("session", "", async |db| {
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        check_session(&db).await;
        for _ in 0..3 {
            db.workspace.manage(["migrate", "barn", "zero", "-v", "0"]).succeeds();
            db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        }
    });
}

#[test]
fn a_pooler_that_passes_a_sessions_settings_on_to_nobody_is_told_them_afterwards() {
    behind("session", "ignore_startup_parameters = options", async |db| {
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        check_session(&db).await;
    });
}

#[test]
fn migrations_are_not_run_over_sessions_that_change() {
    for more in ["", "ignore_startup_parameters = options", "default_pool_size = 1"] {
        behind("transaction", more, async |db| {
            for _ in 0..3 {
                let told = db.workspace.manage(["migrate"]).fails(1);
                assert!(
                    told.starts_with("error: database `default` at 127.0.0.1:")
                        && told.contains(
                            "is reached through a pooler that lends its sessions for single transactions"
                        )
                        && told.contains("hint: name the server itself for `migrate`"),
                    "{more}: {told}"
                );
            }
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(db.database.query::<(i64,)>(tables, &[]).await.unwrap(), [(0,)]);
            let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted \
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            assert_eq!(db.database.query::<(i64,)>(locks, &[]).await.unwrap(), [(0,)]);
        });
    }
}
