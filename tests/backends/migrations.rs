//! What migrating has to hold on every kind of database.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use manage::db::migrations::{Event, Fake, Functions, How, Mode, Request, Target, Work, load, pending, run};
use manage::db::{Connections, DatabaseSettings, Folder, Router, params};

use crate::support::{Gate, Kind, Run, Server, TestDatabase, block_on, on_every_database};

const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Customer"
fields = [
  { name = "email", type = "Email", unique = true },
  { name = "age", type = "PositiveSmallInteger", null = true },
  { name = "extra", type = "Json", null = true },
  { name = "friends", type = "ManyToMany", to = "self" },
]

[[operation]]
op = "CreateModel"
model = "Order"
fields = [
  { name = "customer", type = "ForeignKey", to = "shop.Customer", on_delete = "CASCADE" },
  { name = "total", type = "Decimal", max_digits = 12, decimal_places = 2 },
  { name = "placed_at", type = "DateTime", db_default = "now" },
  { name = "note", type = "Text", null = true },
]
indexes = [{ name = "shop_order_recent", fields = ["-placed_at", "customer"] }]
constraints = [
  { name = "shop_order_total_positive", check = "total >= 0" },
  { name = "shop_order_once", unique = ["customer", "placed_at"] },
]

[[operation]]
op = "RunSql"
forwards = [
  "INSERT INTO shop_customer (email) VALUES ('a@example.com'), ('b@example.com')",
  "INSERT INTO shop_order (customer_id, total, placed_at) SELECT id, 10, '2026-03-04 05:06:07' FROM shop_customer",
]
backwards = ""
"#;

const CHANGES: &str = r#"
depends = ["shop.0001_initial"]

[[operation]]
op = "AddField"
model = "Order"
field = { name = "paid", type = "Boolean", default = true }

[[operation]]
op = "AddField"
model = "Order"
field = { name = "code", type = "Uuid", default = "uuid7", unique = true }

[[operation]]
op = "AddField"
model = "Order"
field = { name = "sent_by", type = "ForeignKey", to = "shop.Customer", null = true, on_delete = "SET_NULL" }

[[operation]]
op = "AddIndex"
model = "Order"
index = { fields = ["paid", "-total"] }

[[operation]]
op = "RemoveField"
model = "Order"
name = "note"

[[operation]]
op = "RemoveIndex"
model = "Order"
name = "shop_order_recent"

[[operation]]
op = "RemoveConstraint"
model = "Order"
name = "shop_order_total_positive"

[[operation]]
op = "AddConstraint"
model = "Order"
constraint = { name = "shop_order_total_small", check = "total < 1000" }

[[operation]]
op = "RemoveConstraint"
model = "Order"
name = "shop_order_once"
"#;

fn shop(db: &TestDatabase) {
    db.workspace
        .write(
            "settings/base.toml",
            &format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url),
        )
        .write("migrations/shop/0001_initial.toml", INITIAL)
        .write("migrations/shop/0002_changes.toml", CHANGES);
}

async fn count(db: &TestDatabase, sql: &str) -> i64 {
    let rows: Vec<(i64,)> = db.database.query(sql, params![]).await.unwrap();
    rows[0].0
}

/// Small migrations of two statements each, so that a run takes a while.
fn many(db: &TestDatabase, number: usize) {
    db.workspace.write(
        "settings/base.toml",
        &format!("apps = [\"many\"]\n[databases.default]\nurl = \"{}\"\n", db.url),
    );
    for index in 1..=number {
        let text = format!(
            "-- up\nCREATE TABLE t{index} (n integer);\nINSERT INTO t{index} VALUES ({index});\n\
             -- down\nDROP TABLE t{index};\n"
        );
        db.workspace.write(&format!("migrations/many/{index:04}_t.sql"), &text);
    }
}

on_every_database! {
    async fn migrations_are_applied_undone_and_applied_again_with_their_rows(db in TestDatabase) {
        shop(&db);
        db.workspace.manage(["migrate"]).succeeds_with(
            "Operations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  \
             Applying shop.0001_initial... OK\n  Applying shop.0002_changes... OK\n",
        );
        assert_eq!(count(&db, "SELECT count(*) FROM shop_order WHERE paid").await, 2);
        assert_eq!(count(&db, "SELECT count(DISTINCT code) FROM shop_order").await, 2);
        let too_much = "INSERT INTO shop_order (customer_id, total, placed_at, paid, code) \
                        SELECT customer_id, 1000, placed_at, paid, code FROM shop_order";
        assert!(db.database.execute(too_much, params![]).await.is_err());
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds_with(
            "Operations to perform:\n  Target specific migration: 0001_initial, from shop\nRunning migrations:\n  \
             Rendering model states... DONE\n  Unapplying shop.0002_changes... OK\n",
        );
        assert_eq!(count(&db, "SELECT count(*) FROM shop_order WHERE note IS NULL").await, 2);
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.manage(["migrate", "shop", "zero"]).succeeds();
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.manage(["migrate"]).succeeds_with(
            "Operations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  No migrations to apply.\n",
        );
    }

    async fn of_eight_at_once_one_applies_and_seven_find_nothing_to_do(db in TestDatabase) {
        many(&db, 12);
        let started: Vec<_> = (0..8).map(|_| db.workspace.command(["migrate"]).spawn().unwrap()).collect();
        let answers: Vec<String> = started.into_iter().map(|child| Run::of(child).succeeds()).collect();
        let (idle, busy): (Vec<&String>, Vec<&String>) =
            answers.iter().partition(|answer| answer.contains("No migrations to apply."));
        assert_eq!((idle.len(), busy.len()), (7, 1), "{answers:?}");
        assert_eq!(busy[0].matches("... OK").count(), 12);
    }

    async fn a_run_that_is_killed_at_any_moment_is_finished_by_the_next(db in TestDatabase) {
        many(&db, 20);
        let started = Instant::now();
        db.workspace.manage(["migrate"]).succeeds();
        let whole = started.elapsed();
        db.workspace.manage(["migrate", "many", "zero"]).succeeds();
        for moment in 0..20 {
            let mut child = db.workspace.command(["migrate"]).spawn().unwrap();
            std::thread::sleep(whole * moment / 20);
            child.kill().unwrap();
            let _status = child.wait().unwrap();
            db.workspace.manage(["migrate"]).succeeds();
            assert_eq!(count(&db, "SELECT count(*) FROM manage_migrations").await, 20);
            for index in 1..=20 {
                assert_eq!(count(&db, &format!("SELECT count(*) FROM t{index}")).await, 1, "table {index}");
            }
            db.workspace.manage(["migrate", "many", "zero"]).succeeds();
        }
    }

    async fn a_statement_that_fails_is_named_and_the_next_run_goes_on(db in TestDatabase) {
        many(&db, 2);
        let broken = "-- up\nCREATE TABLE t3 (n integer);\nINSERT INTO nowhere VALUES (1);\n-- down\nDROP TABLE t3;\n";
        db.workspace.write("migrations/many/0003_t.sql", broken);
        let run = db.workspace.manage(["migrate"]);
        assert!(run.stdout.ends_with("  Applying many.0002_t... OK\n  Applying many.0003_t... FAILED\n"));
        let told = run.fails(1);
        assert!(told.starts_with(
            "error: applying many.0003_t on database `default` failed at migrations/many/0003_t.sql:3\n  \
             statement: INSERT INTO nowhere VALUES (?)\n"
        ), "{told}");
        let outcome = if db.database.backend().features().can_rollback_ddl {
            "  the whole migration was rolled back\n"
        } else {
            "  the statement before it is done and stays\n"
        };
        assert!(told.contains(outcome), "{told}");
        assert!(told.contains("  because: "), "{told}");
        db.workspace.write("migrations/many/0003_t.sql", &broken.replace("nowhere", "t3"));
        db.workspace.manage(["migrate"]).succeeds();
        assert_eq!(count(&db, "SELECT count(*) FROM t3").await, 1);
    }

    async fn a_migration_without_a_transaction_keeps_what_is_done_and_goes_on(db in TestDatabase) {
        many(&db, 1);
        let broken = "-- atomic: false\n-- up\nCREATE TABLE t2 (n integer);\nINSERT INTO t2 VALUES (2);\n\
                      INSERT INTO nowhere VALUES (1);\n-- down\nDROP TABLE t2;\n";
        db.workspace.write("migrations/many/0002_t.sql", broken);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("  the statement before it is done and stays\n"), "{told}");
        let changed = broken.replace("(n integer)", "(n bigint)");
        db.workspace.write("migrations/many/0002_t.sql", &changed);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert_eq!(
            told,
            "error: migrations/many/0002_t.sql:1: many.0002_t is half done on database `default`, and its \
             statement 1, which is done, was changed in the file since\n\
             hint: put that statement back as it was; those behind it may be changed\n"
        );
        db.workspace.write("migrations/many/0002_t.sql", &broken.replace("nowhere", "t2"));
        db.workspace.manage(["migrate"]).succeeds();
        assert_eq!(count(&db, "SELECT count(*) FROM t2").await, 2);
        assert_eq!(count(&db, "SELECT count(*) FROM manage_migration_steps").await, 0);
    }

    async fn a_step_of_which_nobody_knows_whether_it_was_done_is_done_once(db in TestDatabase) {
        let text = "-- atomic: false\n-- up\nCREATE TABLE t1 (n integer);\nINSERT INTO t1 VALUES (1);\n";
        many(&db, 0);
        db.workspace.write("migrations/many/0001_t.sql", text);
        db.workspace.manage(["migrate"]).succeeds();
        // As if the run had died between the first statement and the note that it is done.
        let versions: Vec<(i64,)> =
            db.database.query("SELECT version FROM manage_migrations", params![]).await.unwrap();
        let hash = manage::crypto::sha256_hex(b"CREATE TABLE t1 (n integer)");
        let note = "INSERT INTO manage_migration_steps (version, direction, step, state, hash) \
                    VALUES (?, 'forwards', 0, 'started', ?)";
        db.database.execute(note, params![versions[0].0, hash]).await.unwrap();
        db.database.execute("DELETE FROM manage_migrations", params![]).await.unwrap();
        db.database.execute("DELETE FROM t1", params![]).await.unwrap();
        db.workspace.write("migrations/many/0002_u.sql", "SELECT 1;\n-- down\nSELECT 1;\n");
        db.workspace.manage(["migrate", "many", "zero"]).fails_with(
            1,
            "error: many.0001_t was begun and not finished on database `default`\n\
             hint: finish it: `manage migrate many 0001_t --database default`\n",
        );
        db.workspace.manage(["migrate"]).succeeds();
        assert_eq!(count(&db, "SELECT count(*) FROM t1").await, 1);
        assert_eq!(count(&db, "SELECT count(*) FROM manage_migration_steps").await, 0);
    }

    async fn rows_and_tables_change_in_one_migration(db in TestDatabase) {
        shop(&db);
        let more = INITIAL.to_owned()
            + "\n[[operation]]\nop = \"AddField\"\nmodel = \"Order\"\n\
               field = { name = \"paid\", type = \"Boolean\", default = false }\n";
        db.workspace.write("migrations/shop/0001_initial.toml", &more);
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        assert_eq!(count(&db, "SELECT count(*) FROM shop_order WHERE NOT paid").await, 2);
    }

    async fn a_run_is_a_function_of_files_and_databases_alone(db in TestDatabase) {
        shop(&db);
        let settings = DatabaseSettings::from_url(&db.url).unwrap();
        let root = db.workspace.path().to_owned();
        let connections = Connections::new(&BTreeMap::from([("default".to_owned(), settings)]), &root).unwrap();
        // A task of its own: a site may wait for it while it starts.
        let told = tokio::spawn(async move {
            let graph = load(&Folder::new(&root), &["shop".to_owned()], &connections.dialects()).unwrap();
            let (router, functions) = (Router::default(), Functions::default());
            let mut told = Vec::new();
            for (mode, target) in [
                (Mode::Plan(Fake::No), Target::All),
                (Mode::Apply(How::default()), Target::named(&graph, Some("shop"), Some("0001")).unwrap()),
                (Mode::Apply(How { fake: Fake::Yes, ..How::default() }), Target::All),
                (Mode::Apply(How::default()), Target::All),
            ] {
                let missing = pending(&connections, &graph, &router).await.unwrap();
                told.push(format!("{} pending{}", missing.migrations.len(), if missing.is_new { ", new" } else { "" }));
                let work = Work { graph: &graph, router: &router, functions: &functions };
                let request = Request { target, mode, ..Request::new(&connections, work) };
                let number = run(&request, &mut |event| told.extend(match event {
                    Event::Database(site) => Some(format!("{}: {}", site.alias, site.plan.migrations.len())),
                    Event::Started { migration, .. } => Some(migration.key.to_string()),
                    Event::Finished { is_faked: true, .. } => Some("faked".to_owned()),
                    _ => None,
                })).await.unwrap();
                told.push(format!("{number} done"));
            }
            connections.close_idle();
            told
        }).await.unwrap();
        assert_eq!(told, [
            "2 pending, new", "default: 2", "2 done",
            "2 pending, new", "default: 1", "shop.0001_initial", "1 done",
            "1 pending", "default: 1", "shop.0002_changes", "faked", "1 done",
            "0 pending", "default: 0", "0 done",
        ]);
        assert_eq!(count(&db, "SELECT count(*) FROM shop_order").await, 2);
        assert!(db.database.query::<(i64,)>("SELECT count(*) FROM shop_order WHERE paid", &[]).await.is_err());
    }

    async fn faking_changes_the_history_alone(db in TestDatabase) {
        shop(&db);
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        db.workspace.manage(["migrate", "--fake", "shop", "zero"]).succeeds_with(
            "Operations to perform:\n  Unapply all migrations: shop\nRunning migrations:\n  \
             Rendering model states... DONE\n  Unapplying shop.0001_initial... FAKED\n",
        );
        assert_eq!(count(&db, "SELECT count(*) FROM shop_order").await, 2);
        db.workspace.manage(["migrate", "--fake-initial"]).succeeds_with(
            "Operations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  \
             Applying shop.0001_initial... FAKED\n  Applying shop.0002_changes... OK\n",
        );
        assert_eq!(count(&db, "SELECT count(*) FROM manage_migrations").await, 2);
    }
}

#[test]
fn an_interrupted_run_is_rolled_back_and_says_where_it_stopped() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        many(&db, 1);
        let slow = "CREATE TABLE t2 (n integer);\nSELECT pg_sleep(60);\n";
        db.workspace.write("migrations/many/0002_t.sql", slow);
        let child = db.workspace.command(["migrate"]).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let process = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        let told = Run::of(child).fails(130);
        assert_eq!(
            told,
            "error: interrupted\nhint: stopped while applying many.0002_t on database `default`; run it again: it \
             goes on where this run stopped\n"
        );
        db.workspace.write("migrations/many/0002_t.sql", &slow.replace("60", "0"));
        let started = Instant::now();
        db.workspace.manage(["migrate"]).succeeds();
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the server kept the lock of the interrupted run"
        );
    });
}

#[test]
fn the_statement_of_an_interrupted_run_is_stopped_at_the_server() {
    block_on(async {
        let db = TestDatabase::create(Kind::Mariadb).await;
        many(&db, 1);
        db.workspace.write("migrations/many/0002_t.sql", "DO SLEEP(61);\n");
        let child = db.workspace.command(["migrate"]).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let process = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        Run::of(child).fails(130);
        let running = "SELECT count(*) FROM information_schema.processlist WHERE info = 'DO SLEEP(61)'";
        for _ in 0..20 {
            if count(&db, running).await == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the statement still runs");
    });
}

#[test]
fn an_index_built_without_blocking_replaces_what_a_broken_run_left() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        shop(&db);
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.write(
            "migrations/shop/0003_fast.toml",
            "depends = [\"shop.0002_changes\"]\natomic = false\n[[operation]]\nop = \"AddIndex\"\n\
             model = \"Order\"\nconcurrently = true\nindex = { name = \"fast\", fields = [\"total\"] }\n",
        );
        for sql in [
            "CREATE INDEX fast ON shop_order (total)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'fast'::regclass",
        ] {
            db.database.execute(sql, params![]).await.unwrap();
        }
        db.workspace.manage(["migrate"]).succeeds();
        let valid = "SELECT count(*) FROM pg_index WHERE indexrelid = 'fast'::regclass AND indisvalid";
        assert_eq!(count(&db, valid).await, 1);
        db.workspace.manage(["migrate", "shop", "0002"]).succeeds();
    });
}

#[test]
fn a_run_with_nothing_to_do_takes_four_statements() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        shop(&db);
        db.workspace.manage(["migrate"]).succeeds();
        let gate = Gate::before(&db);
        db.workspace.write(
            "settings/base.toml",
            &format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", gate.url),
        );
        db.workspace.manage(["migrate"]).succeeds();
        assert_eq!(gate.passed(), (1, 4));
    });
}

#[test]
fn readyz_asks_through_the_pool_and_remembers_that_nothing_is_missing() {
    block_on(async {
        let mut db = TestDatabase::create(Kind::Postgresql).await;
        let gate = Gate::before(&db);
        db.workspace.set("MANAGE__DATABASES__DEFAULT__URL", &gate.url);
        db.workspace.manage(["migrate", "--database", "users"]).succeeds();
        // Each worker has a pool and a memory of its own.
        db.workspace.set("MANAGE__SERVER__WORKERS", "1");
        let server = Server::of(db.workspace);
        let probe = |status| {
            let before = gate.passed();
            assert_eq!(server.browser().get("/readyz").status, status);
            let after = gate.passed();
            (after.0 - before.0, after.1 - before.1)
        };
        // The pool opens its connection; then it is asked whether it answers, and what it remembers.
        assert_eq!(probe(503), (1, 2));
        assert_eq!(probe(503), (0, 2));
        server.workspace.manage(["migrate"]).succeeds();
        assert_eq!(probe(200), (0, 3));
        assert_eq!(probe(200), (0, 1));
        assert_eq!(probe(200), (0, 1));
        assert!(server.browser().get("/readyz").body.contains("\"pending_migrations\":0"));
    });
}
