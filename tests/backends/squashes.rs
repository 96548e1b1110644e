//! What a squash makes is compared with what the old migrations make, on databases that are gone afterwards.

use crate::support::{Kind, TestDatabase, on_every_database};

const MODELS: &str = "[Crate]\nfields = [{ name = \"label\", type = \"Char\", max_length = 20 }]\n";

/// Names of the databases beside the test's.
async fn left(db: &TestDatabase) -> Vec<(String,)> {
    let sql = match db.kind {
        Kind::Sqlite => return Vec::new(),
        Kind::Postgresql => "SELECT datname::text FROM pg_database WHERE datname LIKE 'manage_scratch_%'",
        Kind::Mariadb => {
            "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata WHERE schema_name LIKE 'manage_scratch_%'"
        }
    };
    db.database.query(sql, &[]).await.unwrap()
}

on_every_database! {
    async fn a_squash_is_proved_on_databases_that_are_gone_afterwards(db in TestDatabase) {
        let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings).write("models/barn.toml", MODELS);
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        db.workspace.write("models/barn.toml", &MODELS.replace("20", "30"));
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        let sql = "-- depends: barn.0002_alter_crate_label\nCREATE VIEW labels AS SELECT label FROM barn_crate;\n";
        db.workspace.write("migrations/barn/0003_view.sql", sql);
        let squashed = db.workspace.manage(["squashmigrations", "barn"]);
        let name = match db.kind {
            Kind::Sqlite => "SQLite",
            Kind::Postgresql => "PostgreSQL",
            Kind::Mariadb => "MariaDB/MySQL",
        };
        assert!(squashed.stderr.starts_with(&format!("Comparing what both make on {name} ...\n")), "{squashed:?}");
        squashed.succeeds();
        assert_eq!(left(&db).await, []);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
    }

    async fn what_a_squash_stands_for_is_a_target_whatever_is_applied(db in TestDatabase) {
        let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        let file = |number: u8, name: &str, before: &str| {
            let sql = format!("{before}CREATE TABLE t{number} (a integer);\n-- down\nDROP TABLE t{number};\n");
            db.workspace.write(&format!("migrations/barn/000{number}_{name}.sql"), &sql);
        };
        db.workspace.write("settings/base.toml", &settings);
        for (number, name) in [(1, "one"), (2, "two"), (3, "three")] {
            file(number, name, "");
        }
        // By hand: its proof would leave traces beside those that the other case looks for.
        let mut squash = "replaces = [\"barn.0001_one\", \"barn.0002_two\", \"barn.0003_three\"]\n".to_owned();
        for number in 1..=3 {
            squash += &format!(
                "[[operation]]\nop = \"RunSql\"\nforwards = \"CREATE TABLE t{number} (a integer)\"\nbackwards = \"DROP TABLE \
                 t{number}\"\n"
            );
        }
        db.workspace.write("migrations/barn/0001_all.toml", &squash);
        file(4, "four", "-- depends: barn.0001_all\n");
        for (target, rows) in [
            (&[] as &[&str], &["0001_all", "0004_four"] as &[&str]),
            (&["0002"], &["0001_one", "0002_two"]),
            (&[], &["0001_all", "0001_one", "0002_two", "0003_three", "0004_four"]),
            (&["0001_one"], &["0001_one"]),
            (&["0003_three"], &["0001_one", "0002_two", "0003_three"]),
            (&["0001_all"], &["0001_all", "0001_one", "0002_two", "0003_three"]),
            (&["0002", "--fake"], &["0001_one", "0002_two"]),
            (&["0003", "--fake"], &["0001_one", "0002_two", "0003_three"]),
            (&["zero"], &[]),
            (&["0002_two"], &["0001_one", "0002_two"]),
            (&["0001_all"], &["0001_all", "0001_one", "0002_two", "0003_three"]),
            (&["zero"], &[]),
            (&["0001_all"], &["0001_all"]),
            (&["0003_three"], &["0001_all", "0001_one", "0002_two", "0003_three"]),
        ] {
            let app: &[&str] = if target.is_empty() { &[] } else { &["barn"] };
            db.workspace.manage([&["migrate", "-v", "0"], app, target].concat()).says("");
            let sql = "SELECT name FROM manage_migrations ORDER BY name";
            let names: Vec<(String,)> = db.database.query(sql, &[]).await.unwrap();
            let names: Vec<&str> = names.iter().map(|(name,)| name.trim_start_matches("barn__")).collect();
            assert_eq!(names, rows, "{target:?}");
            if target.contains(&"--fake") {
                continue;
            }
            for (number, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
                let is_there = db.database.execute(&format!("DELETE FROM t{number}"), &[]).await.is_ok();
                let is_recorded = rows.contains(&format!("000{number}_{name}").as_str())
                    || (number < 4 && rows.contains(&"0001_all"));
                assert_eq!(is_there, is_recorded, "{target:?}: t{number}");
            }
        }
        // Where the files are gone, it is the squash that can be named.
        std::fs::remove_file(db.workspace.path().join("migrations/barn/0002_two.sql")).unwrap();
        let told = db.workspace.manage(["migrate", "barn", "0003_three"]).fails(2);
        assert!(told.starts_with("error: barn.0003_three is a part of barn.0001_all\nhint: name barn.0001_all"), "{told}");
    }
}
