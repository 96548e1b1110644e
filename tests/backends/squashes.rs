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
}
