//! Tables that somebody changed by hand: whatever is changed is told, and written down where a migration can say it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Kind, Run, TestDatabase, on_every_database};

/// The changes, and the file with what is told of them.
fn changes(kind: Kind) -> (&'static str, PathBuf) {
    let (sql, file) = match kind {
        Kind::Postgresql => (include_str!("drift/postgresql.sql"), "postgresql.txt"),
        Kind::Mariadb => (include_str!("drift/mysql.sql"), "mysql.txt"),
        Kind::Sqlite => (include_str!("drift/sqlite.sql"), "sqlite.txt"),
    };
    (sql, Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backends/drift").join(file))
}

#[expect(clippy::disallowed_methods, reason = "whoever changed an output says so")]
fn is_writing() -> bool {
    std::env::var("MANAGE_TEST_GOLDEN").is_ok_and(|value| value == "write")
}

/// A model for each change.
fn models(number: usize) -> String {
    let mut models =
        "[Base]\nfields = [{ name = \"id\", type = \"BigAuto\", primary_key = true }]\n".to_owned();
    for at in 0..number {
        write!(
            models,
            r#"
[C{at:02}]
fields = [
  {{ name = "t", type = "Text", null = true }},
  {{ name = "c", type = "Char", max_length = 40, unique = true }},
  {{ name = "n", type = "Integer", db_default = 5 }},
  {{ name = "m", type = "Integer", null = true }},
  {{ name = "base", type = "ForeignKey", to = "shop.Base" }},
  {{ name = "twice", type = "Generated", expression = "n * 2", output = "Integer" }},
]
indexes = [{{ name = "c{at:02}_two", fields = ["n", "m"] }}]
constraints = [{{ name = "c{at:02}_ck", check = "n > 0" }}, {{ name = "c{at:02}_uq", unique = ["m", "n"] }}]
"#
        )
        .unwrap();
    }
    models
}

fn project(db: &TestDatabase, models: &str) {
    let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings).write("models/shop.toml", models);
}

/// The flags that a run which asks says would answer it.
fn answers(asked: &Run) -> Vec<String> {
    let flags = asked.stderr.split('`').filter(|text| text.starts_with("--"));
    let flags = flags.filter(|flag| !flag.starts_with("--no-rename") && !flag.starts_with("--rename"));
    flags
        .flat_map(|flag| flag.replace("=VALUE", "=0").split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn told(command: &str, run: &Run) -> String {
    format!("$ manage {command}\n{}{}exit status {}\n\n", run.stdout, run.stderr, run.status)
}

on_every_database! {
    async fn whatever_is_changed_by_hand_is_told_and_what_a_migration_can_say_is_written(db in TestDatabase) {
        let (sql, file) = changes(db.kind);
        let cases: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
        project(&db, &models(cases.len()));
        db.workspace.manage(["makemigrations"]).succeeds();
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.manage(["checkdrift"]).says("Database default: the tables are as the migrations make them.\n");
        for (at, case) in cases.iter().enumerate() {
            let mut connection = db.database.backend().connect().await.unwrap();
            let number = format!("{at:02}");
            for sql in case.replace("T#", "shop_c#").replace('#', &number).split(" ;; ") {
                connection.batch(&[sql]).await.map_err(|failed| failed.error).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
        }
        let drift = db.workspace.manage(["checkdrift"]);
        let mut said = told("checkdrift", &drift);
        for (at, case) in cases.iter().enumerate() {
            assert!(said.contains(&format!("c{at:02}")), "nothing is told of {case}");
        }
        let write = ["checkdrift", "--write", "--format", "json"].map(str::to_owned);
        let mut args = write.to_vec();
        let mut run = db.workspace.manage(&args);
        while run.status == 3 {
            args.extend(answers(&run));
            run = db.workspace.manage(&args);
        }
        let untold: String = run.stderr.lines().filter(|line| line.starts_with("warning: shop_")).fold(String::new(), |all, line| all + line + "\n");
        said += &format!("$ manage checkdrift --write\n{untold}exit status {}\n\n", run.status);
        db.workspace.manage(["migrate", "--fake"]).succeeds();
        let after = db.workspace.manage(["checkdrift"]);
        said += &told("checkdrift", &Run { stderr: String::new(), ..after });
        if is_writing() {
            fs::write(&file, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&file).unwrap_or_default());
        // What is written makes the same on a database that has nothing yet.
        let other = TestDatabase::create(db.kind).await;
        project(&db, &models(cases.len()));
        let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", other.url);
        let settings = settings.replace("test.sqlite3", "other.sqlite3");
        db.workspace.write("settings/base.toml", &settings);
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.manage(["checkdrift"]).says("Database default: the tables are as the migrations make them.\n");
        other.discard().await;
    }
}
