//! `manage showmigrations`.

use crate::support::{Kind, TestDatabase, Workspace, block_on};

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"people\", \"shop\", \"empty\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n[routes]\npeople = \"users\"\n",
        )
        .write("models/empty.toml", "")
        .write("migrations/people/0001_initial.sql", "CREATE TABLE a (b);\n-- down\nDROP TABLE a;")
        .write("migrations/shop/0001_initial.sql", "-- depends: people.0001_initial\nCREATE TABLE a (b);")
        .write("migrations/shop/0002_more.sql", "CREATE TABLE c (d);");
    workspace
}

#[test]
fn plain_is_djangos_list() {
    let workspace = workspace();
    workspace.manage(["migrate", "shop", "0001"]).succeeds();
    workspace.manage(["showmigrations", "--format", "plain"]).succeeds_with(
        "Database default:\nempty\n (no migrations)\nshop\n [X] 0001_initial\n [ ] 0002_more\n\
         Database users:\npeople\n [X] 0001_initial\n",
    );
    workspace
        .manage(["showmigrations", "--format", "plain", "--plan", "-v", "2", "--database", "default"])
        .succeeds_with(
            "[X]  shop.0001_initial ... (people.0001_initial)\n[ ]  shop.0002_more ... (shop.0001_initial)\n",
        );
    workspace
        .manage(["showmigrations", "shp"])
        .fails_with(2, "error: no installed app has the label `shp`\nhint: did you mean `shop`?\n");
}

/// Every state: of `shop` on two databases and a third one that does not answer.
fn every_state() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"people\", \"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n[databases.away]\nurl = \"sqlite:///away/db.sqlite3\"\n\
             [routes]\npeople = \"users\"\nshop = [\"default\", \"users\", \"away\"]\n",
        )
        .write("away/db.sqlite3", "")
        .write("migrations/people/0001_initial.sql", "CREATE TABLE a (b);")
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE c (d);")
        .write("migrations/shop/0002_gone.sql", "CREATE TABLE e (f);")
        .write("migrations/shop/0003_steps.sql", "-- atomic: false\nCREATE TABLE g (h);\nINSERT INTO stock VALUES (1);");
    workspace.manage(["migrate", "shop", "0001"]).succeeds();
    let default = ["migrate", "--database", "default"];
    assert!(workspace.manage(default).fails(1).contains("no such table: stock"));
    workspace.write("migrations/shop/0001_initial.sql", "CREATE TABLE other (b);");
    std::fs::remove_file(workspace.path().join("migrations/shop/0002_gone.sql")).unwrap();
    workspace.write("migrations/shop/0004_alter_customer_invoice_address_and_more.sql", "SELECT 1;");
    std::fs::remove_dir_all(workspace.path().join("away")).unwrap();
    workspace
}

const SUMMARY: &str = "5 migrations, 3 pending on default, users, 1 half done on default, 1 missing file on default, \
                       1 edited on default, users; away does not answer\n";

#[test]
fn the_table_has_a_column_for_each_database_and_every_state() {
    let run = every_state().manage(["showmigrations"]);
    assert_eq!(run.status, 5);
    assert_eq!(
        run.stdout,
        "\x20App     Migration                                     default       away         users\n\
         \x20people  0001_initial                                  -             -            pending\n\
         \x20shop    0001_initial                                  edited        unreachable  edited\n\
         \x20shop    0003_steps                                    half done     unreachable  pending\n\
         \x20shop    0004_alter_customer_invoice_address_and_more  pending       unreachable  pending\n\
         \x20shop    0002_gone                                     missing file  -            -\n"
    );
    assert!(run.stderr.starts_with(SUMMARY), "{}", run.stderr);
    assert!(run.stderr.contains("error: cannot connect to database `away`"), "{}", run.stderr);
}

#[test]
fn states_have_colours() {
    let run = every_state().manage(["showmigrations", "--color", "always", "--pending"]);
    assert_eq!(
        run.stdout,
        "\x20App     Migration                                     default       away         users\n\
         \x20people  0001_initial                                  -             -            \u{1b}[33mpending\u{1b}[0m\n\
         \x20shop    0001_initial                                  \u{1b}[1;31medited\u{1b}[0m        \u{1b}[1;31munreachable\u{1b}[0m  \u{1b}[1;31medited\u{1b}[0m\n\
         \x20shop    0003_steps                                    \u{1b}[1;31mhalf done\u{1b}[0m     \u{1b}[1;31munreachable\u{1b}[0m  \u{1b}[33mpending\u{1b}[0m\n\
         \x20shop    0004_alter_customer_invoice_address_and_more  \u{1b}[33mpending\u{1b}[0m       \u{1b}[1;31munreachable\u{1b}[0m  \u{1b}[33mpending\u{1b}[0m\n\
         \x20shop    0002_gone                                     \u{1b}[1;31mmissing file\u{1b}[0m  -            -\n"
    );
}

#[test]
fn plain_names_what_is_not_as_it_should_be() {
    let run = every_state().manage(["showmigrations", "--format", "plain", "--pending"]);
    assert_eq!(
        run.stdout,
        "Database default:\n\
         shop\n\
         \x20[X] 0001_initial (edited)\n\
         \x20[ ] 0003_steps (half done)\n\
         \x20[ ] 0004_alter_customer_invoice_address_and_more\n\
         \x20[X] 0002_gone (missing file)\n\
         Database away:\n\
         \x20(does not answer)\n\
         Database users:\n\
         people\n\
         \x20[ ] 0001_initial\n\
         shop\n\
         \x20[X] 0001_initial (edited)\n\
         \x20[ ] 0003_steps\n\
         \x20[ ] 0004_alter_customer_invoice_address_and_more\n"
    );
}

#[test]
fn one_database_tells_when_each_was_applied_in_the_zone_of_the_reader() {
    let mut db = block_on(TestDatabase::create(Kind::Sqlite));
    db.workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///test.sqlite3\"\n",
        )
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE a (b);")
        .write("migrations/shop/0002_more.sql", "CREATE TABLE c (d);");
    db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
    let past = "UPDATE manage_migrations SET applied_on = '2026-03-04T15:04:05.5Z'";
    block_on(async { db.database.execute(past, &[]).await.unwrap() });
    db.workspace.set("TZ", "Europe/Berlin");
    let run = db.workspace.manage(["showmigrations"]);
    assert_eq!(run.stderr, "2 migrations, 1 pending\n");
    run.succeeds_with(
        "\x20App   Migration     State    Applied at\n\
         \x20shop  0001_initial  applied  2026-03-04 16:04:05 CET\n\
         \x20shop  0002_more     pending  -\n",
    );
    db.workspace.manage(["showmigrations", "-v", "2", "shop"]).succeeds_with(
        "\x20App   Migration     State    Applied at               Depends on\n\
         \x20shop  0001_initial  applied  2026-03-04 16:04:05 CET  -\n\
         \x20shop  0002_more     pending  -                        shop.0001_initial\n",
    );
    db.workspace
        .manage(["showmigrations", "-v", "2", "--format", "plain"])
        .succeeds_with("shop\n [X] 0001_initial (applied at 2026-03-04 16:04:05 CET)\n [ ] 0002_more\n");
    db.workspace.manage(["migrate"]).succeeds();
    let run = db.workspace.manage(["showmigrations", "--pending"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "2 migrations, all applied\n"));
}

#[test]
fn what_no_line_can_show_is_a_warning() {
    let workspace = workspace();
    workspace.manage(["migrate"]).succeeds();
    workspace.write(
        "settings/base.toml",
        "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
         [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n",
    );
    workspace.write("migrations/shop/0001_initial.sql", "CREATE TABLE a (b);");
    let run = workspace.manage(["showmigrations"]);
    assert_eq!(
        run.stderr,
        "warning: 1 migration of app `people`, which is not installed, is applied on database `users`; \
         `manage migrate --forget people` forgets them\n2 migrations, all applied\n"
    );
    run.succeeds();
}

#[test]
fn what_was_applied_before_what_it_depends_on_is_a_warning() {
    let workspace = workspace();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.write("migrations/shop/0001_late.sql", "-- depends: shop.0001_initial\nSELECT 1;");
    workspace.write("migrations/shop/0002_more.sql", "-- depends: shop.0001_late\nCREATE TABLE c (d);");
    let told = "warning: migrations/shop/0002_more.sql:1: shop.0002_more is applied on database `default` before \
                shop.0001_late, which it depends on\n";
    let run = workspace.manage(["showmigrations"]);
    assert_eq!(run.stderr, format!("{told}4 migrations, 1 pending on default\n"));
    let run = workspace.manage(["showmigrations", "people"]);
    assert_eq!(run.stderr, "1 migration, all applied\n");
}

#[test]
fn json_is_one_object() {
    let workspace = every_state();
    let run = workspace.manage(["showmigrations", "--format", "json", "--pending"]);
    let mut json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for place in ["/databases/0/migrations", "/databases/2/migrations"] {
        for migration in json.pointer_mut(place).unwrap().as_array_mut().unwrap() {
            let is_recorded = matches!(migration["state"].as_str(), Some("edited" | "missing file"));
            assert_eq!(migration["applied_at"].take().is_string(), is_recorded);
        }
    }
    assert_eq!(run.status, 5);
    let folder = workspace.path().join("away");
    let folder = folder.display();
    let error = format!(
        "cannot connect to database `away` at {folder}/db.sqlite3: the folder {folder} does not exist"
    );
    assert_eq!(
        json,
        serde_json::json!({
            "databases": [
                { "alias": "default", "migrations": [
                    { "app": "shop", "name": "0001_initial", "state": "edited", "applied_at": null, "depends": [] },
                    { "app": "shop", "name": "0003_steps", "state": "half done", "applied_at": null,
                      "depends": ["shop.0001_initial"] },
                    { "app": "shop", "name": "0004_alter_customer_invoice_address_and_more", "state": "pending",
                      "applied_at": null, "depends": ["shop.0003_steps"] },
                    { "app": "shop", "name": "0002_gone", "state": "missing file", "applied_at": null, "depends": [] },
                ] },
                { "alias": "away", "error": error },
                { "alias": "users", "migrations": [
                    { "app": "people", "name": "0001_initial", "state": "pending", "applied_at": null, "depends": [] },
                    { "app": "shop", "name": "0001_initial", "state": "edited", "applied_at": null, "depends": [] },
                    { "app": "shop", "name": "0003_steps", "state": "pending", "applied_at": null,
                      "depends": ["shop.0001_initial"] },
                    { "app": "shop", "name": "0004_alter_customer_invoice_address_and_more", "state": "pending",
                      "applied_at": null, "depends": ["shop.0003_steps"] },
                ] },
            ],
            "summary": { "migrations": 5, "applied": 0, "pending": 4, "squash to finish": 0, "half done": 1, "newer release": 0,
                         "missing file": 1, "edited": 2, "unreachable": 3 },
        })
    );
}
