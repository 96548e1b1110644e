//! `migrate` refuses what is unsafe on a large table, before anything runs.

use std::time::Duration;

use manage::db::params;

use crate::support::{Kind, Run, TestDatabase, on_every_database, schema};

const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Customer"
fields = [
  { name = "name", type = "Char", max_length = 20, null = true },
  { name = "code", type = "Char", max_length = 20, null = true },
]
"#;

/// The table is called otherwise before its column goes: rows are asked for by the name that it has.
const SECOND: &str = r#"
depends = ["shop.0001_initial"]
#
[[operation]]
op = "AlterModelTable"
model = "Customer"
table = "buyers"

[[operation]]
op = "RemoveField"
model = "Customer"
name = "code"
"#;

async fn shop(db: &TestDatabase, rows: usize) {
    let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace
        .write("settings/base.toml", &settings)
        .write("migrations/shop/0001_initial.toml", INITIAL)
        .write("migrations/shop/0002_x.toml", SECOND);
    db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
    let values = vec!["('a')"; rows].join(", ");
    db.database
        .execute(&format!("INSERT INTO shop_customer (name) VALUES {values}"), params![])
        .await
        .unwrap();
}

fn allow(db: &TestDatabase, codes: &str) {
    db.workspace
        .write("migrations/shop/0002_x.toml", &SECOND.replace("#\n", &format!("allow_unsafe = [{codes}]\n")));
}

/// What `migrate` refuses, and nothing of it has run.
async fn refused(db: &TestDatabase, args: &[&str]) -> String {
    let before = schema(db.kind, &db.database).await;
    let told = db.workspace.manage([&["migrate"], args].concat()).fails(1);
    assert_eq!(schema(db.kind, &db.database).await, before);
    told
}

on_every_database! {
    async fn a_large_table_keeps_its_column_until_somebody_allows_it(db in TestDatabase) {
        shop(&db, 10_001).await;
        let hints = "hint: where nobody is in the way, `manage migrate --allow-unsafe` runs them; so does";
        assert_eq!(refused(&db, &[]).await, format!(
            "error: steps that are unsafe on large tables are refused, and nothing was changed:\n  \
             migrations/shop/0002_x.toml:4: M006 renames the table shop_customer to buyers: old programs know no other name \
             (more than 10000 rows on default)\n  \
             migrations/shop/0002_x.toml:9: M003 removes the column `code` of buyers, which old programs still read \
             (more than 10000 rows on default)\n\
             hint: M003: first release programs that do not use it; `stage = \"contract\"` waits until that is said\n\
             hint: M006: let the model keep its table (`table`)\n\
             {hints} `allow_unsafe = [\"M003\", \"M006\"]` in the file, in SQL `-- allow_unsafe: M003, M006`\n\
             hint: `manage lintmigrations --explain M003` tells more\n"
        ));
        allow(&db, "\"M006\"");
        let told = refused(&db, &[]).await;
        assert!(told.contains("M003") && !told.contains("M006"), "{told}");
        // One that only says that it was run is believed, and the way back is nobody's to refuse.
        db.workspace.manage(["migrate", "--fake", "-v", "0"]).succeeds();
        db.workspace.manage(["migrate", "shop", "0001", "--fake", "-v", "0"]).succeeds();
        if db.kind != Kind::Mariadb {
            refused(&db, &["--dry-run"]).await;
        }
        db.workspace.manage(["migrate", "--allow-unsafe", "-v", "0"]).succeeds();
        db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
        allow(&db, "\"M003\", \"M006\"");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert!(schema(db.kind, &db.database).await.iter().any(|line| line.contains("buyers")));
    }

    async fn a_table_that_somebody_holds_is_waited_for_before_its_rows_are_counted(db in TestDatabase) {
        let holding = match db.kind {
            // Readers of a file wait for nobody.
            Kind::Sqlite => return,
            Kind::Postgresql => ["BEGIN", "LOCK TABLE shop_customer"],
            Kind::Mariadb => ["SET autocommit = 0", "LOCK TABLES shop_customer WRITE"],
        };
        shop(&db, 10_001).await;
        let mut holder = db.database.backend().connect().await.unwrap();
        holder.batch(&holding).await.unwrap();
        let child = db.workspace.command(["migrate"]).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let told = db.workspace.manage(["lintmigrations", "--database", "default"]);
        assert!(told.stdout.contains("(rows not counted on default)"), "{told:?}");
        drop(holder);
        let told = Run::of(child).fails(1);
        assert!(told.starts_with("database `default`: waiting for a lock, for at most 10 minutes; held by "), "{told}");
        assert_eq!(told.lines().nth(1), Some("error: steps that are unsafe on large tables are refused, and nothing was changed:"));
        assert!(told.contains("(more than 10000 rows on default)"), "{told}");
    }

    async fn a_plan_marks_what_would_be_refused(db in TestDatabase) {
        shop(&db, 10_001).await;
        let [renames, removes] = [
            "migrations/shop/0002_x.toml:4: M006 renames the table shop_customer to buyers: old programs know no other name \
             (more than 10000 rows on default)",
            "migrations/shop/0002_x.toml:9: M003 removes the column `code` of buyers, which old programs still read (more than \
             10000 rows on default)",
        ];
        db.workspace.manage(["migrate", "--plan"]).succeeds_with(&format!(
            "Planned operations:\nshop.0002_x\n    Rename table for customer to buyers\n      refused without --allow-unsafe: \
             {renames}\n    Remove field code from customer\n      refused without --allow-unsafe: {removes}\n"
        ));
        let json: serde_json::Value =
            serde_json::from_str(&db.workspace.manage(["migrate", "--plan", "--format", "json"]).succeeds()).unwrap();
        let operations = &json["databases"][0]["migrations"][0]["operations"];
        assert_eq!(operations[0]["refused"], serde_json::json!([{ "code": "M006", "text": renames }]));
        assert_eq!(operations[1]["refused"], serde_json::json!([{ "code": "M003", "text": removes }]));
        let plain = "Planned operations:\nshop.0002_x\n    Rename table for customer to buyers\n    Remove field code from \
                     customer\n";
        db.workspace.manage(["migrate", "--plan", "--allow-unsafe"]).succeeds_with(plain);
        allow(&db, "\"M003\", \"M006\"");
        db.workspace.manage(["migrate", "--plan"]).succeeds_with(plain);
    }

    async fn a_small_table_is_changed_unasked(db in TestDatabase) {
        shop(&db, 10_000).await;
        let told = db.workspace.manage(["lintmigrations"]).fails(1);
        assert!(told.starts_with("2 findings in 1 migration;"), "{told}");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
    }
}
