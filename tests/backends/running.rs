//! A run of `migrate` beside others who use the database: waiting, giving way, giving up, and leaving nothing behind.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::support::{Kind, Run, TestDatabase, block_on, on_every_database};

const FIRST: &str =
    "CREATE TABLE crate (id integer PRIMARY KEY, label varchar(20));\n-- down\nDROP TABLE crate;\n";

/// A project with one app, whose first migration makes a table.
fn barn(db: &TestDatabase, more: &[(&str, &str)]) {
    let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings).write("migrations/barn/0001_crate.sql", FIRST);
    for (file, text) in more {
        db.workspace.write(&format!("migrations/barn/{file}"), text);
    }
}

const ADD: &str = "ALTER TABLE crate ADD COLUMN weight integer;\n";

/// Starts the program, which does not end by itself.
fn start(db: &TestDatabase, args: &[&str]) -> Child {
    db.workspace.command(args).spawn().unwrap()
}

async fn columns(db: &TestDatabase) -> usize {
    let sql = match db.kind {
        Kind::Sqlite => "SELECT count(*) FROM pragma_table_info('crate')",
        Kind::Postgresql => "SELECT count(*) FROM information_schema.columns WHERE table_name = 'crate'",
        Kind::Mariadb => {
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'crate' AND table_schema = DATABASE()"
        }
    };
    usize::try_from(db.database.query::<(i64,)>(sql, &[]).await.unwrap()[0].0).unwrap()
}

on_every_database! {
    async fn a_migration_waits_for_a_lock_says_who_holds_it_and_goes_on(db in TestDatabase) {
        barn(&db, &[]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        barn(&db, &[("0002_weight.sql", ADD)]);
        let mut holder = db.database.backend().connect().await.unwrap();
        holder.begin().await.unwrap();
        holder.batch(&["INSERT INTO crate (id, label) VALUES (1, 'secret')"]).await.unwrap();
        let child = start(&db, &["migrate"]);
        // Longer than one attempt takes, also on a file that is busy for 5 s.
        tokio::time::sleep(Duration::from_millis(if db.kind == Kind::Sqlite { 7000 } else { 4000 })).await;
        holder.commit().await.unwrap();
        let run = Run::of(child);
        assert!(run.stderr.starts_with("database `default`: waiting for a lock, for at most 10 minutes; "), "{run:?}");
        let who = match db.kind {
            Kind::Sqlite => "another program holds it",
            Kind::Postgresql => "held by process ",
            Kind::Mariadb => "held by connection ",
        };
        assert!(run.stderr.contains(who) && !run.stderr.contains("secret"), "{run:?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        let shown = run.succeeds();
        // The line is ended before something else is said, and written anew.
        assert!(shown.ends_with("  Applying barn.0002_weight...\n  Applying barn.0002_weight... OK\n"), "{shown}");
        assert_eq!(columns(&db).await, 3);
    }

    async fn a_migration_gives_up_when_the_lock_is_held_for_too_long(db in TestDatabase) {
        barn(&db, &[]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        barn(&db, &[("0002_weight.sql", ADD)]);
        let mut holder = db.database.backend().connect().await.unwrap();
        holder.begin().await.unwrap();
        holder.batch(&["INSERT INTO crate (id, label) VALUES (1, 'a')"]).await.unwrap();
        let started = Instant::now();
        let told = db.workspace.manage(["migrate", "--lock-timeout", "3s"]).fails(1);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert!(told.contains("`--lock-timeout` says how long to wait for locks"), "{told}");
        match db.kind {
            Kind::Sqlite => {}
            Kind::Postgresql => assert!(told.contains("hint: the lock was held by process "), "{told}"),
            Kind::Mariadb => assert!(told.contains("hint: the lock was held by connection "), "{told}"),
        }
        holder.rollback().await.unwrap();
        assert_eq!(columns(&db).await, 2);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(columns(&db).await, 3);
    }

    async fn one_statement_takes_no_longer_than_the_run_allows(db in TestDatabase) {
        let slow = match db.kind {
            Kind::Sqlite => {
                "CREATE TABLE sand AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) \
                 SELECT count(*) AS grains FROM n;\n"
            }
            Kind::Postgresql => "SELECT pg_sleep(20);\n",
            Kind::Mariadb => "SELECT SLEEP(20);\n",
        };
        barn(&db, &[("0002_slow.sql", slow)]);
        let started = Instant::now();
        let told = db.workspace.manage(["migrate", "--statement-timeout", "500ms"]).fails(1);
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        assert!(told.contains("applying barn.0002_slow on database `default` failed"), "{told}");
    }

    async fn a_run_in_one_transaction_is_done_as_a_whole_or_not_at_all(db in TestDatabase) {
        barn(&db, &[("0002_weight.sql", ADD), ("0003_bad.sql", "INSERT INTO nowhere VALUES (1);\n")]);
        let run = db.workspace.manage(["migrate", "--single-transaction"]);
        if db.kind == Kind::Mariadb {
            return run.fails_with(
                1,
                "error: MariaDB/MySQL commits each change of a table by itself, so the run on database `default` cannot be one \
                 transaction\nhint: `--plan` shows what would be done; `--database` chooses others; without \
                 `--single-transaction` each migration is resumable\n",
            );
        }
        let told = run.fails(1);
        assert!(told.contains("migrations/barn/0003_bad.sql:1") && told.contains("the whole run was rolled back"), "{told}");
        assert_eq!(columns(&db).await, 0);
        assert_eq!(db.workspace.manage(["showmigrations", "--format", "plain"]).succeeds().matches("[ ]").count(), 3);
        db.workspace.write("migrations/barn/0003_bad.sql", "SET search_path = '';\n");
        if db.kind == Kind::Sqlite {
            db.workspace.write("migrations/barn/0003_bad.sql", "PRAGMA foreign_keys = off;\nINSERT INTO crate VALUES (1, 'a', 2);\n");
        }
        db.workspace.write("migrations/barn/0004_more.sql", "ALTER TABLE crate ADD COLUMN height integer;\n");
        db.workspace.manage(["migrate", "--single-transaction", "-v", "0"]).succeeds();
        assert_eq!(columns(&db).await, 4);
        db.workspace.manage(["migrate", "--check"]).says("");
    }

    async fn a_dry_run_does_everything_says_what_it_touched_and_leaves_nothing(db in TestDatabase) {
        barn(&db, &[]);
        if db.kind == Kind::Mariadb {
            let told = db.workspace.manage(["migrate", "--dry-run"]).fails(1);
            assert!(told.starts_with("error: MariaDB/MySQL commits each change of a table by itself"), "{told}");
            return;
        }
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        db.database.execute("INSERT INTO crate (id, label) VALUES (1, 'a')", &[]).await.unwrap();
        barn(&db, &[
            ("0002_weight.sql", ADD),
            ("0003_fill.sql", "UPDATE crate SET weight = 1;\nINSERT INTO crate (id, label) VALUES (2, 'b'), (3, 'c');\n"),
        ]);
        let shown = db.workspace.manage(["migrate", "--dry-run"]).succeeds();
        let (_, touched) = shown.split_once("0003_fill... OK\n").unwrap_or_else(|| panic!("{shown}"));
        assert_eq!(touched, match db.kind {
            Kind::Sqlite => "Rolled back; it would touch:\n  5 rows written\n",
            _ => {
                "Rolled back; it would touch:\n  crate: 2 rows put in, 1 row changed, no reads, no writes by others meanwhile\n  \
                 manage_migrations: 2 rows put in\n"
            }
        });
        assert_eq!(columns(&db).await, 2);
        db.workspace.manage(["migrate", "--check"]).fails_with(4, "");
        // What would fail fails.
        db.workspace.write("migrations/barn/0004_bad.sql", "INSERT INTO nowhere VALUES (1);\n");
        assert!(db.workspace.manage(["migrate", "--dry-run"]).fails(1).contains("0004_bad.sql:1"));
    }

    async fn a_run_that_is_told_to_end_stops_its_statement_and_gives_the_lock_back(db in TestDatabase) {
        let slow = match db.kind {
            Kind::Sqlite => {
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n"
            }
            Kind::Postgresql => "SELECT pg_sleep(60);\n",
            Kind::Mariadb => "SELECT SLEEP(60);\n",
        };
        barn(&db, &[("0002_slow.sql", slow)]);
        let child = start(&db, &["migrate"]);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let ended = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(ended.success());
        let started = Instant::now();
        let told = Run::of(child).fails(143);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert!(told.contains("stopped while applying barn.0002_slow on database `default`; run it again"), "{told}");
        db.workspace.write("migrations/barn/0002_slow.sql", ADD);
        // Nobody is waited for.
        let again = db.workspace.manage(["migrate", "--lock-timeout", "1s"]);
        assert_eq!(again.stderr, "");
        assert!(again.succeeds().ends_with("Applying barn.0002_slow... OK\n"));
    }

    async fn a_run_can_be_read_by_programs(db in TestDatabase) {
        barn(&db, &[("0002_bad.sql", "INSERT INTO nowhere VALUES (1);\n")]);
        let run = db.workspace.manage(["migrate", "--format", "json"]);
        assert_eq!(run.status, 1);
        let whole: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let database = &whole["databases"][0];
        assert_eq!(database["alias"], "default");
        assert_eq!(database["direction"], "forwards");
        let states: Vec<_> = database["migrations"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["applied", "failed"]);
        let first = &database["migrations"][0];
        assert_eq!(first["operations"][0]["sql"][0], "CREATE TABLE crate (id integer PRIMARY KEY, label varchar(20))");
        assert!(first["milliseconds"].as_f64().unwrap() > 0.0);
        assert!(whole["error"]["message"].as_str().unwrap().contains("migrations/barn/0002_bad.sql:1"), "{whole}");
        assert_eq!(whole["error"]["exit_status"], 1);
        assert!(run.stderr.starts_with("error: applying barn.0002_bad on database `default` failed"), "{}", run.stderr);
        std::fs::remove_file(db.workspace.path().join("migrations/barn/0002_bad.sql")).unwrap();
        let undone = db.workspace.manage(["migrate", "barn", "zero", "--format", "jsonl"]).succeeds();
        let lines: Vec<serde_json::Value> = undone.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["database", "migration", "end"]);
        assert_eq!(lines[1]["state"], "undone");
        assert_eq!((&lines[2]["migrations"], &lines[2]["error"]), (&serde_json::json!(1), &serde_json::Value::Null));
        let check = db.workspace.manage(["migrate", "--check", "--format", "json"]);
        assert_eq!(check.status, 4);
        let check: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
        assert_eq!(check["databases"][0]["migrations"][0]["state"], "planned");
    }
}

/// Passes bytes on, from a port that nobody listens at before.
async fn forward_later(port: u16, to: String, after: Duration) {
    tokio::time::sleep(after).await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let to = to.clone();
        tokio::spawn(async move {
            let mut far = tokio::net::TcpStream::connect(to).await.unwrap();
            drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
        });
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn on_a_server(test: impl AsyncFn(TestDatabase, String)) {
    for kind in [Kind::Postgresql, Kind::Mariadb] {
        block_on(async {
            let db = TestDatabase::create(kind).await;
            let address = db.url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
            test(db, address).await;
        });
    }
}

#[test]
fn a_run_waits_for_a_server_that_is_not_up_yet() {
    on_a_server(async |mut db, address| {
        let port = free_port();
        db.url = db.url.replace(&address, &format!("127.0.0.1:{port}"));
        barn(&db, &[]);
        let server = tokio::spawn(forward_later(port, address, Duration::from_secs(2)));
        let child = start(&db, &["migrate", "--wait=20s"]);
        let run = tokio::task::spawn_blocking(move || Run::of(child)).await.unwrap();
        assert!(
            run.stderr.starts_with("database `default` does not answer yet; waiting for at most 20 s: "),
            "{run:?}"
        );
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
        assert!(run.succeeds().ends_with("Applying barn.0001_crate... OK\n"));
        server.abort();
    });
}

#[test]
fn a_server_that_never_comes_up_is_waited_for_no_longer_than_that() {
    on_a_server(async |mut db, address| {
        db.url = db.url.replace(&address, &format!("127.0.0.1:{}", free_port()));
        barn(&db, &[]);
        let started = Instant::now();
        let told = db.workspace.manage(["migrate", "--wait=1s"]).fails(5);
        assert!(told.contains("connection refused"), "{told}");
        let took = started.elapsed();
        assert!(took > Duration::from_secs(1) && took < Duration::from_secs(4), "{took:?}");
    });
}

#[test]
fn a_database_that_does_not_exist_is_not_waited_for() {
    on_a_server(async |mut db, _| {
        db.url.push_str("_not");
        barn(&db, &[]);
        let started = Instant::now();
        db.workspace.manage(["migrate", "--wait"]).fails(5);
        assert!(started.elapsed() < Duration::from_secs(5));
    });
}

/// Three databases on a server, each with an app of its own.
async fn three(kind: Kind, slow: &str) -> (TestDatabase, Vec<TestDatabase>) {
    let db = TestDatabase::create(kind).await;
    let others = vec![TestDatabase::create(kind).await, TestDatabase::create(kind).await];
    let mut settings =
        format!("apps = [\"barn\", \"mill\", \"pond\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    for (alias, other) in ["eu", "us"].iter().zip(&others) {
        settings += &format!("[databases.{alias}]\nurl = \"{}\"\n", other.url);
    }
    settings += "[routes]\nmill = \"eu\"\npond = \"us\"\n";
    db.workspace
        .write("settings/base.toml", &settings)
        .write("migrations/barn/0001_slow.sql", slow)
        .write("migrations/mill/0001_slow.sql", slow)
        .write("migrations/pond/0001_fast.sql", "CREATE TABLE pond (id integer);\n");
    (db, others)
}

const THREE_SHOWN: &str = "Database default:\nOperations to perform:\n  Apply all migrations: barn\nRunning migrations:\n  \
    Applying barn.0001_slow... OK\n\
    Database eu:\nOperations to perform:\n  Apply all migrations: mill\nRunning migrations:\n  \
    Applying mill.0001_slow... OK\n\
    Database us:\nOperations to perform:\n  Apply all migrations: pond\nRunning migrations:\n  \
    Applying pond.0001_fast... OK\n";

#[test]
fn several_databases_are_migrated_at_once_and_shown_one_after_the_other() {
    block_on(async {
        let (db, _others) = three(Kind::Postgresql, "SELECT pg_sleep(3);\n").await;
        let started = Instant::now();
        db.workspace.manage(["migrate"]).succeeds_with(THREE_SHOWN);
        assert!(started.elapsed() < Duration::from_millis(5500), "{:?}", started.elapsed());
    });
}

#[test]
fn when_one_of_several_databases_fails_the_others_finish_what_they_are_at() {
    block_on(async {
        let (db, _others) = three(Kind::Postgresql, "SELECT pg_sleep(4);\n").await;
        // When the others are at it.
        let late = "SELECT pg_sleep(2);\nINSERT INTO nowhere VALUES (1);\n";
        db.workspace.write("migrations/pond/0001_fast.sql", late);
        let run = db.workspace.manage(["migrate"]);
        assert_eq!(run.stdout, THREE_SHOWN.replace("pond.0001_fast... OK", "pond.0001_fast... FAILED"));
        assert!(!run.fails(1).contains("still to be migrated"));
        let (db, _others) = three(Kind::Postgresql, late).await;
        let told = db.workspace.manage(["migrate", "--jobs", "1"]).fails(1);
        assert!(told.ends_with("hint: still to be migrated: eu, us\n"), "{told}");
        let told = db.workspace.manage(["migrate", "--jobs", "3"]).fails(1);
        assert!(told.contains("warning: database `") && told.contains("` failed as well: "), "{told}");
    });
}

#[test]
fn a_run_in_one_transaction_that_another_database_stops_keeps_nothing() {
    block_on(async {
        let (db, others) = three(Kind::Postgresql, "SELECT pg_sleep(1);\n").await;
        db.workspace
            .write("migrations/pond/0001_fast.sql", "SELECT pg_sleep(2);\nINSERT INTO nowhere VALUES (1);\n")
            .write("migrations/mill/0001_slow.sql", "CREATE TABLE stone (id integer);\nSELECT pg_sleep(4);\n")
            .write("migrations/mill/0002_more.sql", "CREATE TABLE wheel (id integer);\n");
        let run =
            db.workspace.manage(["migrate", "--single-transaction", "--database", "eu", "--database", "us"]);
        assert!(
            run.stdout.contains("Applying mill.0001_slow... OK\n  Rolled back; nothing of it stays.\n"),
            "{run:?}"
        );
        let told = run.fails(1);
        assert!(told.contains("hint: still to be migrated: eu\n"), "{told}");
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(others[0].database.query::<(i64,)>(tables, &[]).await.unwrap(), [(0,)]);
    });
}
