//! What is left of a run that was killed, cut off, or ran out of room, and what the next one makes of it.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Gate, Kind, Run, TestDatabase, block_on, on_every_database, schema};

/// A table and rows; a change by the differ; steps without a transaction.
const FILES: [(&str, &str); 3] = [
    (
        "0001_crates.sql",
        "CREATE TABLE crate (id integer PRIMARY KEY, label varchar(20));\nINSERT INTO crate VALUES (1, 'apples');\n\
         -- down\nDROP TABLE crate;\n",
    ),
    (
        "0002_stall.toml",
        "depends = [\"barn.0001_crates\"]\n\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Stall\"\n\
         fields = [{ name = \"name\", type = \"Char\", max_length = 20, unique = true }]\n",
    ),
    (
        "0003_steps.sql",
        "-- atomic: false\n-- up\nCREATE INDEX crate_label ON crate (label);\nBEGIN;\nUPDATE crate SET label = 'pears';\n\
         INSERT INTO crate VALUES (2, 'plums');\nALTER TABLE crate ADD COLUMN weight integer;\n\
         INSERT INTO crate VALUES (3, 'figs', 7);\nCOMMIT;\nINSERT INTO crate VALUES (4, 'nuts', 7);\n\
         -- down\nALTER TABLE crate DROP COLUMN weight;\nDELETE FROM crate WHERE id > 1;\nALTER TABLE crate RENAME TO box;\n\
         ALTER TABLE box RENAME TO crate;\n",
    ),
];

fn barn(db: &TestDatabase, url: &str, files: &[(&str, &str)]) {
    let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{url}\"\n");
    db.workspace.write("settings/base.toml", &settings);
    for (file, text) in files {
        db.workspace.write(&format!("migrations/barn/{file}"), text);
    }
}

async fn number(db: &TestDatabase, sql: &str) -> i64 {
    db.database.query::<(i64,)>(sql, &[]).await.unwrap()[0].0
}

/// The schema, the rows, and what the history says.
async fn whole(db: &TestDatabase) -> Vec<String> {
    let mut lines = schema(db.kind, &db.database).await;
    if lines.iter().any(|line| line.starts_with("crate")) {
        let rows = "SELECT id, label, weight FROM crate ORDER BY id";
        let rows: Vec<(i64, String, Option<i64>)> = db.database.query(rows, &[]).await.unwrap();
        lines.extend(rows.iter().map(|row| format!("{row:?}")));
    }
    lines.push(format!("{} applied", number(db, "SELECT count(*) FROM manage_migrations").await));
    lines.push(format!("{} half done", number(db, "SELECT count(*) FROM manage_migration_steps").await));
    lines
}

const FORTH: &[&str] = &["migrate", "-v", "0"];
const BACK: &[&str] = &["migrate", "barn", "zero", "-v", "0"];

/// What befalls a run.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed,
    CutOff,
}

/// Lets `fault` befall a run behind each of its statements, forth and back, and looks at what the next run makes of it.
async fn behind_every_statement(kind: Kind, fault: Fault) {
    let db = TestDatabase::create(kind).await;
    let gate = Gate::before(&db);
    barn(&db, &gate.url, &FILES);
    let mut ways = Vec::new();
    for way in [FORTH, BACK] {
        db.workspace.manage(way).succeeds();
        ways.push((way, whole(&db).await));
    }
    let mut statement = 0;
    let mut is_last = false;
    while !is_last {
        statement += 1;
        is_last = true;
        for (way, expected) in &ways {
            gate.stop_behind(statement);
            let mut child = db.workspace.command(*way).spawn().unwrap();
            if gate.is_reached(&mut child) {
                is_last = false;
                befall(fault, &gate, child);
                db.workspace.manage(*way).succeeds();
            } else {
                gate.cut();
                Run::of(child).succeeds();
            }
            assert_eq!(&whole(&db).await, expected, "{way:?}, {fault:?} behind statement {statement}");
        }
    }
    assert!(statement > 20, "only {statement} statements were seen");
}

fn befall(fault: Fault, gate: &Gate, mut child: std::process::Child) {
    match fault {
        Fault::Killed => {
            child.kill().unwrap();
            assert_eq!(Run::of(child).status, 137);
            gate.cut();
        }
        Fault::CutOff => {
            gate.cut();
            let run = Run::of(child);
            assert!(matches!(run.status, 1 | 5), "{run:?}");
            assert!(run.stderr.starts_with("error: "), "{run:?}");
        }
    }
}

#[test]
fn a_run_that_is_killed_behind_any_statement_of_postgresql_is_finished_by_the_next() {
    block_on(behind_every_statement(Kind::Postgresql, Fault::Killed));
}

#[test]
fn a_run_that_is_killed_behind_any_statement_of_mariadb_is_finished_by_the_next() {
    block_on(behind_every_statement(Kind::Mariadb, Fault::Killed));
}

#[test]
fn a_run_that_is_cut_off_behind_any_statement_of_postgresql_is_finished_by_the_next() {
    block_on(behind_every_statement(Kind::Postgresql, Fault::CutOff));
}

#[test]
fn a_run_that_is_cut_off_behind_any_statement_of_mariadb_is_finished_by_the_next() {
    block_on(behind_every_statement(Kind::Mariadb, Fault::CutOff));
}

on_every_database! {
    async fn of_eight_at_once_one_is_killed_and_another_finishes(db in TestDatabase) {
        let slow = match db.kind {
            Kind::Sqlite => {
                "CREATE TABLE sand AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) \
                 SELECT count(*) AS grains FROM n;\n"
            }
            Kind::Postgresql => "CREATE TABLE sand (grains integer);\nSELECT pg_sleep(1);\n",
            Kind::Mariadb => "CREATE TABLE sand (grains integer);\nDO SLEEP(1);\n",
        };
        barn(&db, &db.url, &FILES);
        db.workspace.write("migrations/barn/0004_slow.sql", slow);
        let mut first = db.workspace.command(["migrate"]).spawn().unwrap();
        let started = Instant::now();
        while db.database.query::<(i64,)>("SELECT id FROM crate WHERE id = 4", &[]).await.is_ok_and(|rows| rows.is_empty()) {
            assert!(started.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let others: Vec<_> = (0..7).map(|_| db.workspace.command(["migrate"]).spawn().unwrap()).collect();
        first.kill().unwrap();
        assert_eq!(Run::of(first).status, 137);
        let answers: Vec<String> = others.into_iter().map(|child| Run::of(child).succeeds()).collect();
        let idle = answers.iter().filter(|answer| answer.contains("No migrations to apply.")).count();
        assert_eq!(idle, 6, "{answers:?}");
        assert_eq!(number(&db, "SELECT count(*) FROM manage_migrations").await, 4);
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 4);
    }

    async fn an_old_reader_is_waited_for_and_keeps_what_it_saw(db in TestDatabase) {
        barn(&db, &db.url, &FILES[..1]);
        db.workspace.manage(FORTH).succeeds();
        let mut reader = db.database.backend().connect().await.unwrap();
        reader.begin().await.unwrap();
        if db.kind == Kind::Sqlite {
            reader.rollback().await.unwrap();
            reader.batch(&["BEGIN"]).await.unwrap();
        }
        reader.batch(&["SELECT * FROM crate"]).await.unwrap();
        barn(&db, &db.url, &[("0002_weight.sql", "ALTER TABLE crate ADD COLUMN weight integer;\n")]);
        let child = db.workspace.command(["migrate"]).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        // Whoever reads now is not kept waiting behind the migration for long.
        let started = Instant::now();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 1);
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        reader.batch(&["SELECT label FROM crate"]).await.unwrap();
        reader.rollback().await.unwrap();
        let run = Run::of(child);
        let waits = run.stderr.starts_with("database `default`: waiting for a lock, for at most 10 minutes; held by ");
        assert_eq!(waits, db.kind != Kind::Sqlite, "{run:?}");
        run.succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate WHERE weight IS NULL").await, 1);
    }
}

/// A small disk that is gone when the test ends.
struct Disk(PathBuf);

impl Disk {
    /// None where nothing can be mounted.
    fn of(megabytes: u32, path: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let disk = Self(path);
        let is_mounted = disk.mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=777"), "tmpfs"]);
        if !is_mounted {
            #[expect(clippy::print_stdout, reason = "a test that shows nothing says so")]
            {
                println!("skipped: nothing can be mounted here");
            }
        }
        is_mounted.then_some(disk)
    }

    fn grow(&self, megabytes: u32) {
        assert!(self.mount(&["-o", &format!("remount,size={megabytes}m")]));
    }

    fn mount(&self, args: &[&str]) -> bool {
        Command::new("mount").args(args).arg(&self.0).output().is_ok_and(|done| done.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).output());
    }
}

#[test]
fn a_full_disk_undoes_the_migration_and_the_next_run_finds_room() {
    block_on(async {
        let mut db = TestDatabase::create(Kind::Sqlite).await;
        let Some(disk) = Disk::of(2, db.workspace.path().join("disk")) else {
            return;
        };
        db.url = "sqlite:///disk/db.sqlite3".to_owned();
        db.database = db.reopen(|_| {});
        fills_up(&db, "database or disk is full").await;
        disk.grow(50);
        db.workspace.manage(FORTH).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM sack").await, 4000);
    });
}

#[test]
fn a_full_disk_of_postgresql_undoes_the_migration_and_the_next_run_finds_room() {
    block_on(async {
        let mut db = TestDatabase::create(Kind::Postgresql).await;
        let Some(disk) = Disk::of(4, db.workspace.path().join("disk")) else {
            return;
        };
        let data = "SELECT current_setting('data_directory')";
        let data = db.database.query::<(String,)>(data, &[]).await.unwrap().remove(0).0;
        let owned = Command::new("chown").arg(format!("--reference={data}")).arg(&disk.0).status().unwrap();
        assert!(owned.success());
        let space = format!("disk_{}", std::process::id());
        let place = disk.0.display();
        db.database.execute(&format!("CREATE TABLESPACE {space} LOCATION '{place}'"), &[]).await.unwrap();
        let plain = db.url.clone();
        db.url = format!("{plain}?options=-c%20default_tablespace%3D{space}");
        fills_up(&db, "No space left on device").await;
        disk.grow(50);
        db.workspace.manage(FORTH).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM sack").await, 4000);
        db.url = plain;
        db.discard().await;
        let other = TestDatabase::create(Kind::Postgresql).await;
        other.database.execute(&format!("DROP TABLESPACE {space}"), &[]).await.unwrap();
        other.discard().await;
    });
}

/// A first migration that fits, and a second that does not.
async fn fills_up(db: &TestDatabase, reason: &str) {
    let fill = match db.kind {
        Kind::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
             INSERT INTO sack SELECT i, hex(zeroblob(500)) FROM n;\n"
        }
        _ => {
            "ALTER TABLE sack ALTER COLUMN label SET STORAGE PLAIN;\n\
              INSERT INTO sack SELECT i, repeat('x', 1000) FROM generate_series(1, 4000) AS i;\n"
        }
    };
    barn(
        db,
        &db.url,
        &[("0001_sack.sql", "CREATE TABLE sack (id integer, label text);\n"), ("0002_fill.sql", fill)],
    );
    let told = db.workspace.manage(["migrate"]).fails(1);
    assert!(
        told.starts_with(
            "error: applying barn.0002_fill on database `default` failed at migrations/barn/0002_fill.sql:"
        ),
        "{told}"
    );
    assert!(told.contains("  the whole migration was rolled back\n") && told.contains(reason), "{told}");
    assert_eq!(number(db, "SELECT count(*) FROM sack").await, 0);
    assert_eq!(number(db, "SELECT count(*) FROM manage_migrations").await, 1);
}

#[test]
fn rows_that_no_transaction_undoes_are_put_in_once() {
    const LOOSE: &str = "CREATE TABLE log (line varchar(20)) ENGINE=MyISAM;\nINSERT INTO log VALUES ('a');\n\
                         INSERT INTO log VALUES ('b');\nUPDATE log SET line = 'c' WHERE line = 'b';\n";
    block_on(async {
        let db = TestDatabase::create(Kind::Mariadb).await;
        let gate = Gate::before(&db);
        barn(&db, &gate.url, &[("0001_log.sql", &format!("{LOOSE}INSERT INTO nowhere VALUES (1);\n"))]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("the 4 statements before it are done and stay"), "{told}");
        db.workspace.write("migrations/barn/0001_log.sql", LOOSE);
        db.workspace.manage(["migrate"]).succeeds();
        let lines = "SELECT count(*) FROM log";
        assert_eq!(number(&db, lines).await, 2);
        db.database.execute("DROP TABLE log", &[]).await.unwrap();
        db.workspace.manage(["migrate", "--forget", "barn.0001_log", "--yes"]).succeeds();
        // Killed behind each of its statements, it never puts a row in twice: it goes on, or somebody has to look.
        let mut in_doubt = 0;
        for statement in 1.. {
            gate.stop_behind(statement);
            let mut child = db.workspace.command(["migrate"]).spawn().unwrap();
            if !gate.is_reached(&mut child) {
                gate.cut();
                Run::of(child).succeeds();
                break;
            }
            befall(Fault::Killed, &gate, child);
            let next = db.workspace.manage(["migrate"]);
            if next.status != 0 {
                let told = next.fails(1);
                assert!(
                    told.contains("the run that died may have done this statement or a part of it"),
                    "{told}"
                );
                assert!(
                    told.contains("undo by hand what is done, forget it (`manage migrate --repair`)"),
                    "{told}"
                );
                in_doubt += 1;
                db.database.execute("DROP TABLE log", &[]).await.unwrap();
                db.workspace.manage(["migrate", "--repair", "--yes"]).succeeds();
                db.workspace.manage(["migrate"]).succeeds();
            }
            assert_eq!(number(&db, lines).await, 2, "behind statement {statement}");
            db.database.execute("DROP TABLE log", &[]).await.unwrap();
            db.workspace.manage(["migrate", "--forget", "barn.0001_log", "--yes"]).succeeds();
        }
        assert!(in_doubt >= 3, "{in_doubt}");
    });
}
