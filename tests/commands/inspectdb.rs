//! `manage inspectdb` and `manage checkdrift`. What is read on each database: `tests/backends/inspection.rs`.

use manage::db::models::{Model, ModelState, declared};

use crate::support::Workspace;

/// What `inspectdb --rust` writes of `inspectdb/tables.sql`.
#[expect(unreachable_pub, reason = "as it is written for a module of a site")]
mod structs {
    include!("inspectdb/structs.rs");
}

const TABLES: &str = "\
CREATE TABLE shop_customer (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, email varchar(80) NOT NULL, kind tinytext);
CREATE TABLE orders (number varchar(10) NOT NULL PRIMARY KEY, customer_id integer NOT NULL REFERENCES shop_customer (id) \
ON DELETE CASCADE, type text NOT NULL DEFAULT 'x');
CREATE INDEX by_customer ON orders (customer_id, type);
CREATE TRIGGER noted AFTER INSERT ON orders BEGIN SELECT 1; END;
";

/// A project without models, whose app `tables` has made tables.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"tables\", \"shop\"]\n[databases.default]\nengine = \"sqlite\"\nname = \"db.sqlite3\"\n",
        )
        .write("migrations/tables/0001_initial.sql", TABLES)
        .write("models/shop.toml", "");
    workspace.manage(["migrate", "tables"]).succeeds();
    workspace
}

#[test]
fn models_are_written_as_people_would_write_them() {
    let workspace = workspace();
    let run = workspace.manage(["inspectdb", "--app", "shop"]);
    assert_eq!(
        run.stderr,
        "1 thing that no model can say is in the comment at the end: trigger noted of orders\n"
    );
    assert_eq!(
        run.stdout,
        r#"[Customer]
fields = [
  { name = "id", type = "Auto", primary_key = true },
  { name = "email", type = "Char", max_length = 80 },
  { name = "kind", type = "Text", null = true, db_type = "tinytext" },
]

[Orders]
table = "orders"
fields = [
  { name = "number", type = "Char", max_length = 10, primary_key = true },
  { name = "customer", type = "ForeignKey", to = "shop.Customer", db_index = false, deferrable = false },
  { name = "type", type = "Text", db_default = "x" },
]
indexes = [{ name = "by_customer", fields = ["customer", "type"] }]

# What no model can say. Where it is to be made as well, put it into a migration, behind the models:
#
# trigger noted of orders
# [[operation]]
# op = "RunSql"
# forwards = "CREATE TRIGGER noted AFTER INSERT ON orders BEGIN SELECT 1; END"
"#
    );
}

#[test]
fn structs_say_the_same() {
    workspace().manage(["inspectdb", "orders", "--app", "shop", "--rust"]).succeeds_with(
        r#"use manage::db::models::Model;

/// A row of `orders`.
#[derive(Debug, Clone, Model)]
#[model(app = "shop", table = "orders")]
#[model(index(name = "by_customer", fields = ["customer_id", "type_field"]))]
pub struct Orders {
    /// The column `number`.
    #[field(primary_key = true, max_length = 10)]
    pub number: String,
    /// The column `customer_id`.
    pub customer_id: i32,
    /// The column `type`.
    #[field(db_default = "x", db_column = "type")]
    pub type_field: String,
}

// What no model can say. Where it is to be made as well, put it into a migration, behind the models:
//
// foreign key (customer_id) of orders points to a table that is no model: FOREIGN KEY ("customer_id") REFERENCES "shop_customer" ("id") ON DELETE CASCADE
//
// trigger noted of orders
// [[operation]]
// op = "RunSql"
// forwards = "CREATE TRIGGER noted AFTER INSERT ON orders BEGIN SELECT 1; END"
"#,
    );
}

#[test]
fn structs_and_files_come_to_the_same_models() {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"tables\"]\n[databases.default]\nengine = \"sqlite\"\nname = \"db.sqlite3\"\n",
        )
        .write("migrations/tables/0001_initial.sql", include_str!("inspectdb/tables.sql"));
    workspace.manage(["migrate"]).succeeds();
    let inspectdb = ["inspectdb", "--app", "shop"];
    let models = workspace.manage(inspectdb).succeeds();
    let mut states = [structs::Customer::state(), structs::Orders::state(), structs::Detail::state()];
    states.iter_mut().for_each(ModelState::complete);
    assert_eq!(declared::read("shop", "models/shop.toml", &models).unwrap(), states, "{models}");
    workspace.manage(inspectdb.iter().chain(&["--rust"])).succeeds_with(include_str!("inspectdb/structs.rs"));
}

#[test]
fn what_is_not_there_or_no_name_is_refused() {
    let workspace = workspace();
    workspace
        .manage(["inspectdb", "order"])
        .fails_with(2, "error: database `default` has no table `order`\nhint: did you mean `orders`?\n");
    let told = workspace.manage(["inspectdb", "--app", "My App"]).fails(2);
    assert!(told.contains("`My App` is no name for an app"), "{told}");
    workspace
        .manage(["checkdrift", "--default", "shop.A.b=1"])
        .fails_with(2, "error: nothing is asked without `--write`\nhint: leave the answers out\n");
}

#[test]
fn tables_of_other_apps_are_left_out_and_pointed_to() {
    let workspace = workspace();
    workspace.write(
        "models/tables.toml",
        "[Customer]\ntable = \"shop_customer\"\nfields = [{ name = \"id\", type = \"Auto\", primary_key = true }]\n",
    );
    let models = workspace.manage(["inspectdb", "--app", "shop"]).succeeds();
    assert!(models.starts_with("[Orders]\n") && models.contains("to = \"tables.Customer\""), "{models}");
}

#[test]
fn a_database_that_does_not_answer_is_told_after_the_others() {
    let workspace = workspace();
    workspace.write("models/shop.toml", "").write(
        "settings/base.toml",
        "apps = [\"shop\"]\n[databases.away]\nurl = \"postgresql://me@127.0.0.1:1/x\"\n[databases.default]\nurl = \
         \"sqlite:///db.sqlite3\"\n[databases.gone]\nurl = \"postgresql://me@127.0.0.1:1/y\"\n",
    );
    let run = workspace.manage(["checkdrift"]);
    let told = "    + table is in no model: id, email, kind\n";
    assert!(
        run.stdout.starts_with("Database default:\n  shop_customer\n") && run.stdout.ends_with(told),
        "{run:?}"
    );
    assert_eq!(run.status, 5, "{run:?}");
    let away = |alias: &str| run.stderr.matches(&format!("cannot connect to database `{alias}` at ")).count();
    assert_eq!((away("away"), away("gone")), (1, 1), "{run:?}");
    let json: serde_json::Value =
        serde_json::from_str(&workspace.manage(["checkdrift", "--format", "json"]).stdout).unwrap();
    let aliases: Vec<_> = json["databases"].as_array().unwrap().iter().map(|one| &one["alias"]).collect();
    assert_eq!(aliases, ["default", "away", "gone"]);
    assert!(json["databases"][1]["error"].is_string(), "{json}");
}

#[test]
fn what_is_pending_and_what_is_nobodys_is_told_besides() {
    let workspace = workspace();
    workspace.write("models/shop.toml", "[Note]\nfields = [{ name = \"text\", type = \"Text\" }]\n");
    workspace.manage(["makemigrations", "shop"]).succeeds();
    let run = workspace.manage(["checkdrift"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (
            1,
            "Database default:\n  shop_customer\n    + table is in no model: id, email, kind\n",
            "warning: 1 migration is not applied on database `default`, beginning with shop.0001_initial; compared is what \
             the applied ones make\nwarning: database `default` has tables that are in no model and no app's: orders\n"
        )
    );
    let json = workspace.manage(["checkdrift", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "databases": [{
                "alias": "default",
                "differences": [{
                    "table": "shop_customer", "part": "table", "name": "", "expected": null, "found": "id, email, kind"
                }],
                "pending": ["shop.0001_initial"],
                "strangers": ["orders"],
                "unsaid": [],
            }],
            "written": [],
        })
    );
}
