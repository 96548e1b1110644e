//! An earlier release undoes what a later one has applied, though it does not have its files.

use manage::db::params;

use crate::support::{Kind, TestDatabase, on_every_database};

const FIRST: &str = r#"
[[operation]]
op = "CreateModel"
model = "Crate"
fields = [{ name = "label", type = "Char", max_length = 20 }]
"#;

/// A change for which SQLite makes the table anew.
const LATER: &str = r#"
depends = ["barn.0001_initial"]

[[operation]]
op = "AddField"
model = "Crate"
field = { name = "weight", type = "Integer", default = 7 }

[[operation]]
op = "AlterField"
model = "Crate"
field = { name = "label", type = "Char", max_length = 40, unique = true }
"#;

const SCRIPT: &str =
    "CREATE TABLE lid (id integer PRIMARY KEY);\nINSERT INTO lid VALUES (1);\n-- down\nDROP TABLE lid;\n";

fn barn(db: &TestDatabase) {
    let settings = format!("apps = [\"barn\", \"mill\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace
        .write("settings/base.toml", &settings)
        .write("migrations/barn/0001_initial.toml", FIRST)
        .write(
            "migrations/mill/0001_initial.sql",
            "-- depends: barn.0001_initial\nCREATE TABLE mill (id integer);\n",
        );
}

/// The earlier release: without the later files.
fn go_back(db: &TestDatabase, files: &[&str]) {
    for file in files {
        std::fs::remove_file(db.workspace.path().join("migrations").join(file)).unwrap();
    }
}

async fn has(db: &TestDatabase, sql: &str) -> bool {
    db.database.query::<(i64,)>(sql, params![]).await.is_ok()
}

on_every_database! {
    async fn an_earlier_release_undoes_what_a_later_one_applied(db in TestDatabase) {
        barn(&db);
        db.workspace.write("migrations/barn/0002_later.toml", LATER).write("migrations/barn/0003_script.sql", SCRIPT);
        db.workspace.write(
            "migrations/mill/0002_more.sql",
            "-- depends: barn.0003_script\nCREATE TABLE wheel (id integer);\n-- down\nDROP TABLE wheel;\n",
        );
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        db.database.execute("INSERT INTO barn_crate (label, weight) VALUES ('a', 1)", params![]).await.unwrap();
        go_back(&db, &["barn/0002_later.toml", "barn/0003_script.sql", "mill/0002_more.sql"]);
        let plan = db.workspace.manage(["migrate", "barn", "0001", "--plan"]).succeeds();
        assert_eq!(
            plan.lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>(),
            ["Planned operations:", "mill.0002_more", "barn.0003_script", "barn.0002_later"]
        );
        assert!(plan.contains("    Undo Add field weight to crate\n"), "{plan}");
        let run = db.workspace.manage(["migrate", "barn", "0001"]);
        let warned = "warning: applied on database `default` by a newer release or another branch, without a file here: \
                      barn.0002_later, barn.0003_script, mill.0002_more\n";
        assert_eq!(run.stderr, warned);
        run.succeeds_with(
            "Operations to perform:\n  Target specific migration: 0001_initial, from barn\nRunning migrations:\n  \
             Rendering model states... DONE\n  Unapplying mill.0002_more... OK\n  Unapplying barn.0003_script... OK\n  \
             Unapplying barn.0002_later... OK\n",
        );
        assert!(!has(&db, "SELECT id FROM lid").await && !has(&db, "SELECT id FROM wheel").await);
        assert!(!has(&db, "SELECT weight FROM barn_crate").await);
        let labels = db.database.query::<(String,)>("SELECT label FROM barn_crate", params![]).await.unwrap();
        assert_eq!(labels, [("a".to_owned(),)]);
        db.workspace.manage(["migrate", "--check"]).says("");
        // The later release comes again.
        db.workspace.write("migrations/barn/0002_later.toml", LATER).write("migrations/barn/0003_script.sql", SCRIPT);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert!(has(&db, "SELECT weight FROM barn_crate").await && has(&db, "SELECT id FROM lid").await);
        // All of the app goes, with what depends on it.
        go_back(&db, &["barn/0002_later.toml", "barn/0003_script.sql"]);
        let told = db.workspace.manage(["migrate", "barn", "zero"]).fails(1);
        assert!(told.contains("mill.0001_initial cannot be undone"), "{told}");
        db.workspace.manage(["migrate", "mill", "zero", "--fake", "-v", "0"]).succeeds();
        db.workspace.manage(["migrate", "barn", "zero", "-v", "0"]).succeeds();
        assert!(!has(&db, "SELECT id FROM barn_crate").await);
    }

    async fn what_nothing_is_kept_of_is_not_passed_over(db in TestDatabase) {
        barn(&db);
        db.workspace.write("migrations/barn/0002_seed.sql", "INSERT INTO barn_crate (label) VALUES ('a');\n");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        go_back(&db, &["barn/0002_seed.sql"]);
        let told = db.workspace.manage(["migrate", "barn", "0001"]).fails(1);
        assert!(
            told.ends_with(
                "error: barn.0002_seed is applied on database `default` and would have to be undone, but it has no file here, \
                 and the database keeps nothing that undoes it\n\
                 hint: undo it with the release that has its file\n\
                 hint: when it was undone by hand, `manage migrate --forget barn.0002_seed`\n"
            ),
            "{told}"
        );
        let faked = db.workspace.manage(["migrate", "barn", "0001", "--fake"]).succeeds();
        assert!(faked.ends_with("  Unapplying barn.0002_seed... FAKED\n"), "{faked}");
        db.workspace.manage(["migrate", "--check"]).says("");
    }

    async fn what_is_kept_is_of_the_migration_that_was_applied(db in TestDatabase) {
        barn(&db);
        db.workspace.write("migrations/barn/0002_script.sql", SCRIPT);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        // Undone and applied in another form by a program that keeps nothing.
        let sql = "UPDATE manage_migrations SET checksum = '1' WHERE name = 'barn__0002_script'";
        db.database.execute(sql, params![]).await.unwrap();
        go_back(&db, &["barn/0002_script.sql"]);
        let told = db.workspace.manage(["migrate", "barn", "0001"]).fails(1);
        assert!(told.contains("the database keeps nothing that undoes it"), "{told}");
    }

    async fn half_an_undo_without_a_file_is_finished(db in TestDatabase) {
        if db.kind != Kind::Mariadb {
            return;
        }
        barn(&db);
        let script = "CREATE TABLE one (id integer);\nCREATE TABLE two (id integer);\n-- down\nDROP TABLE two;\nDROP TABLE one;\n";
        db.workspace.write("migrations/barn/0002_script.sql", script);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        go_back(&db, &["barn/0002_script.sql"]);
        db.database.execute("RENAME TABLE one TO away", params![]).await.unwrap();
        let told = db.workspace.manage(["migrate", "barn", "0001"]).fails(1);
        assert!(told.contains("the statement before it is done and stays"), "{told}");
        db.database.execute("RENAME TABLE away TO one", params![]).await.unwrap();
        db.workspace.manage(["migrate", "barn", "0001", "-v", "0"]).succeeds();
        assert!(!has(&db, "SELECT id FROM one").await);
        db.workspace.manage(["migrate", "--check"]).says("");
    }
}
