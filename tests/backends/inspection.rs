//! Tables that are there: models of them, and in what they differ from those that migrations make.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use manage::db::introspection::{Live, LiveTable, Relation, differences, live};
use manage::db::migrations::is_bookkeeping;

use crate::support::{Kind, TestDatabase, on_every_database};

/// What no model can say of the odd tables, as the comment at the end names it.
const UNSAID: [(Kind, &[&str]); 3] = [
    (
        Kind::Postgresql,
        &[
            "foreign key (x, y) of child has several columns",
            "table fast is made with UNLOGGED",
            "table pair: its primary key has several columns",
            "constraint needy_late of needy is NOT VALID",
            "constraint needy_key of needy is NOT VALID",
            "enum mood",
            "domain posint",
            "sequence own",
            "function f()",
            "index once_lower of customer",
            "index nullsfirst of orders",
            "index mixed_down of said_otherwise",
            "trigger tr of customer",
            "row level security of customer",
            "policy pol of customer",
            "partition part_1",
            "materialized view mv",
            "view v",
        ],
    ),
    (
        Kind::Mariadb,
        &[
            "table part is made with PARTITION BY RANGE",
            "default of column at of aged, which is refused here: '0000-00-00 00:00:00'",
            "table mi is made with ENGINE=MyISAM",
            "a part of customer: KEY \"nameprefix\" (\"name\"(10))",
            "a part of customer: FULLTEXT KEY \"ft\" (\"name\")",
            "table pair: its primary key has several columns",
            "foreign key (x, y) of child has several columns",
            "sequence sq",
            "function f",
            "trigger tr of customer",
            "view v",
        ],
    ),
    (
        Kind::Sqlite,
        &[
            "table strict_one is made with STRICT",
            "table pair: its primary key has several columns",
            "foreign key (x, y) of child has several columns",
            "index binary_order of orders",
            "index mixed_down of said_otherwise",
            "trigger tr of customers",
            "view v",
            "virtual table docs",
        ],
    ),
];

fn odd(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgresql => include_str!("odd/postgresql.sql"),
        Kind::Mariadb => include_str!("odd/mysql.sql"),
        Kind::Sqlite => include_str!("odd/sqlite.sql"),
    }
}

fn django(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgresql => include_str!("django/postgresql.sql"),
        Kind::Mariadb => include_str!("django/mysql.sql"),
        Kind::Sqlite => include_str!("django/sqlite.sql"),
    }
}

/// A project whose app `tables` makes tables by SQL, and whose app `shop` has models.
fn project(db: &TestDatabase, tables: &str, models: &str) {
    let settings = format!("apps = [\"tables\", \"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    let tables = if tables.is_empty() { "SELECT 1;\n" } else { tables };
    db.workspace
        .write("settings/base.toml", &settings)
        .write("migrations/tables/0001_initial.sql", tables)
        .write("models/shop.toml", models);
    db.workspace.manage(["migrate", "tables"]).succeeds();
}

/// Writes models of what is there, and takes them over.
fn take_over(db: &TestDatabase) -> String {
    let models = db.workspace.manage(["inspectdb", "--app", "shop"]).succeeds();
    db.workspace.write("models/shop.toml", &models);
    db.workspace.manage(["makemigrations", "shop"]).succeeds();
    db.workspace.manage(["migrate", "--fake-initial"]).succeeds();
    db.workspace.manage(["makemigrations", "--check"]).says("No changes detected\n");
    db.workspace
        .manage(["checkdrift", "shop"])
        .says("Database default: the tables are as the migrations make them.\n");
    models
}

/// What is there but for its rows, without what no operation of the comment makes.
async fn looked_at(db: &TestDatabase, is_meant: impl Fn(&LiveTable) -> bool) -> Live {
    let mut connection = db.database.backend().connect().await.unwrap();
    let mut live = live(&**db.database.backend(), &mut *connection).await.unwrap();
    live.tables.retain(|table| {
        let is_made = table.relation == Relation::Table || table.relation.is_view();
        is_made && !is_bookkeeping(&table.name) && is_meant(table)
    });
    for table in &mut live.tables {
        (table.options, table.collation) = (Vec::new(), None);
        if db.kind == Kind::Sqlite {
            table.keys.retain(|key| key.columns.len() == 1);
            table.keys.iter_mut().for_each(|key| key.unsaid.clear());
        }
    }
    live
}

/// The operations of the comment, in front of the models and behind them.
fn operations(models: &str) -> [String; 2] {
    let mut found = [String::new(), String::new()];
    let (mut stage, mut is_operation) = (0, false);
    for line in models.lines().filter_map(|line| line.strip_prefix('#')) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        stage = if line.starts_with("What no model can say. ") { 1 } else { stage };
        is_operation = line == "[[operation]]" || (is_operation && !line.is_empty());
        if is_operation {
            found[stage].push_str(&format!("{line}\n"));
        }
    }
    found
}

/// Makes the models' tables and what stands in the comment in a database of their own, and compares that with what is there.
async fn check_anew(db: &TestDatabase, models: &str) {
    let fresh = TestDatabase::create(db.kind).await;
    project(&fresh, "", models);
    fresh.workspace.manage(["makemigrations", "shop"]).succeeds();
    let file = "migrations/shop/0001_initial.toml";
    let migration = std::fs::read_to_string(fresh.workspace.path().join(file)).unwrap();
    let [before, behind] = operations(models);
    let at = migration.find("[[operation]]").unwrap();
    let (head, rest) = migration.split_at(at);
    fresh.workspace.write(file, &format!("{head}{before}{rest}\n{behind}"));
    fresh.workspace.manage(["migrate"]).succeeds();
    fresh.workspace.manage(["checkdrift", "shop"]).succeeds();
    let (there, anew) = (looked_at(db, |_| true).await, looked_at(&fresh, |_| true).await);
    let mut told = String::new();
    for one in differences(&**db.database.backend(), &there.tables, &anew.tables) {
        writeln!(told, "{}: {one}", one.table).unwrap();
    }
    // What a server reads from its own words it tells in others.
    told = told.lines().filter(|line| !line.contains("orders_state_check")).collect();
    assert_eq!(told, "", "{models}");
    let names = |live: &Live| -> BTreeSet<String> {
        live.remains.iter().map(|one| format!("{} {}", one.what, one.name)).collect()
    };
    assert_eq!(names(&there), names(&anew), "{models}");
    fresh.discard().await;
}

on_every_database! {
    async fn models_of_odd_tables_make_the_same_ones_and_name_what_they_leave_out(db in TestDatabase) {
        project(&db, odd(db.kind), "");
        let models = take_over(&db);
        let (_, unsaid) = UNSAID.iter().find(|(kind, _)| *kind == db.kind).unwrap();
        for words in *unsaid {
            assert!(models.contains(&format!("\n# {words}")), "{words} is missing:\n{models}");
        }
        check_anew(&db, &models).await;
    }

    async fn what_the_comment_makes_it_makes_in_a_schema_of_any_name(db in TestDatabase) {
        if db.kind != Kind::Postgresql {
            return;
        }
        project(&db, "", "");
        for sql in IN_SCHEMA {
            db.database.execute(sql, &[]).await.unwrap();
        }
        let models = db.workspace.manage(["inspectdb", "--app", "shop"]).succeeds();
        let fresh = TestDatabase::create(db.kind).await;
        fresh.database.execute("CREATE SCHEMA elsewhere", &[]).await.unwrap();
        let operations = operations(&models).concat();
        let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}?options=-c%20search_path%3Delsewhere\"\n", fresh.url);
        fresh.workspace.write("settings/base.toml", &settings).write("migrations/shop/0001_initial.toml", &operations);
        fresh.workspace.manage(["migrate"]).succeeds();
        let anew = fresh.workspace.manage(["inspectdb", "--app", "shop"]).succeeds();
        assert_eq!(models, anew);
        let named = ["table note", "materialized view seen", "trigger tr", "statistics together", "rule quiet", "function f()", "procedure p()"];
        for word in named {
            assert!(models.contains(&format!("\n# {word}")), "{word} is missing:\n{models}");
        }
        fresh.discard().await;
    }

    async fn the_tables_of_a_django_project_are_taken_over(db in TestDatabase) {
        project(&db, django(db.kind), "");
        let models = take_over(&db);
        assert!(!models.contains("# "), "{models}");
        for words in ["[AuthUser]\ntable = \"auth_user\"\n", "to = \"shop.DjangoContentType\""] {
            assert!(models.contains(words), "{words} is missing:\n{models}");
        }
        check_anew(&db, &models).await;
    }

    async fn tables_that_only_statements_make_come_before_all_keys_to_them(db in TestDatabase) {
        project(&db, "", "");
        let key = |from: &str, to: &str| format!("ALTER TABLE {from} ADD CONSTRAINT {from}_{to} FOREIGN KEY (p, q) REFERENCES {to} (x, y)");
        let table = |name: &str, key: &str| {
            format!("CREATE TABLE {name} (x integer NOT NULL, y integer NOT NULL UNIQUE, p integer, q integer, PRIMARY KEY (x, y){key})")
        };
        let inline = |to: &str| format!(", FOREIGN KEY (p, q) REFERENCES {to} (x, y)");
        let own = "CREATE TABLE own (id integer NOT NULL PRIMARY KEY, one integer, CONSTRAINT own_one FOREIGN KEY (one) REFERENCES one (y))";
        let made = match db.kind {
            // Keys are no parts that are added.
            Kind::Sqlite => vec![table("one", &inline("two")), table("two", &inline("one")), own.to_owned()],
            _ => vec![table("one", ""), table("two", ""), key("one", "two"), key("two", "one"), own.to_owned()],
        };
        for sql in &made {
            db.database.execute(sql, &[]).await.unwrap();
        }
        let models = db.workspace.manage(["inspectdb", "--app", "shop"]).succeeds();
        db.workspace.write("models/shop.toml", &models);
        db.workspace.manage(["makemigrations", "shop"]).succeeds();
        db.workspace.manage(["migrate", "--fake-initial"]).succeeds();
        db.workspace.manage(["checkdrift", "shop"]).succeeds();
        check_anew(&db, &models).await;
    }

    async fn a_view_that_is_broken_is_named_and_the_others_have_models(db in TestDatabase) {
        // Its tables cannot go before it.
        if db.kind == Kind::Postgresql {
            return;
        }
        for sql in [
            "CREATE TABLE t (id integer NOT NULL PRIMARY KEY)",
            "CREATE TABLE gone (id integer NOT NULL PRIMARY KEY)",
            "CREATE VIEW good AS SELECT id FROM t",
            "CREATE VIEW bad AS SELECT id FROM gone",
            "DROP TABLE gone",
        ] {
            db.database.execute(sql, &[]).await.unwrap();
        }
        // The app is to be declared by what is written.
        let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings);
        let models = db.workspace.manage(["inspectdb", "--include-views"]).succeeds();
        assert!(models.contains("[Good]\n") && !models.contains("[Bad]\n"), "{models}");
        assert!(models.contains("\n# view bad: its columns cannot be read"), "{models}");
        db.workspace.manage(["check"]).fails(1);
    }

    async fn a_check_that_was_replaced_under_its_name_is_taken_over_whatever_it_says(db in TestDatabase) {
        // Its constraints change with the whole table.
        if db.kind == Kind::Sqlite {
            return;
        }
        let models = "[Item]\nfields = [{ name = \"qty\", type = \"Integer\" }, { name = \"n\", type = \"Integer\" }]\nconstraints = [{ \
                      name = \"c1\", check = \"qty > 0\" }, { name = \"c2\", check = \"n > 0\" }]\n";
        project(&db, "", models);
        db.workspace.manage(["makemigrations", "shop"]).succeeds();
        db.workspace.manage(["migrate"]).succeeds();
        for (name, check) in [("c1", "qty >= 0"), ("c2", "n > 3")] {
            for sql in [format!("DROP CONSTRAINT {name}"), format!("ADD CONSTRAINT {name} CHECK ({check})")] {
                db.database.execute(&format!("ALTER TABLE shop_item {sql}"), &[]).await.unwrap();
            }
        }
        db.workspace.manage(["checkdrift", "--write"]).succeeds();
        db.workspace.manage(["migrate", "shop", "--fake"]).succeeds();
        db.workspace.manage(["checkdrift"]).succeeds();
    }

    async fn what_somebody_changed_by_hand_is_told_and_written_down(db in TestDatabase) {
        project(&db, "", MODELS);
        db.workspace.manage(["makemigrations", "shop"]).succeeds();
        db.workspace.manage(["migrate"]).succeeds();
        db.workspace.manage(["checkdrift"]).succeeds();
        for sql in BY_HAND {
            db.database.execute(sql, &[]).await.unwrap();
        }
        let told = db.workspace.manage(["checkdrift"]).fails(1);
        assert!(told.contains("no app's: elsewhere"), "{told}");
        let run = db.workspace.manage(["checkdrift", "--format", "plain"]);
        let lines: Vec<&str> = run.stdout.lines().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(lines, TOLD, "{}", run.stdout);
        let written = db.workspace.manage(["checkdrift", "--write", "--no-rename", "shop.Customer.name"]).succeeds();
        assert!(written.contains("+ Add field phone to customer\n"), "{written}");
        db.workspace.manage(["migrate", "shop", "--fake"]).succeeds();
        db.workspace.manage(["checkdrift"]).succeeds();
        // Another database gets the change by the migration.
        let other = TestDatabase::create(db.kind).await;
        let name = std::fs::read_to_string(db.workspace.path().join("migrations/shop/max_migration.txt")).unwrap();
        let file = format!("migrations/shop/{}.toml", name.trim());
        let migration = std::fs::read_to_string(db.workspace.path().join(&file)).unwrap();
        project(&other, "", MODELS);
        other.workspace.manage(["makemigrations", "shop"]).succeeds();
        other.workspace.write(&file, &migration);
        other.workspace.manage(["migrate"]).succeeds();
        let is_own = |table: &LiveTable| table.name != "elsewhere";
        let (there, anew) = (looked_at(&db, is_own).await, looked_at(&other, is_own).await);
        assert_eq!(differences(&**db.database.backend(), &there.tables, &anew.tables), []);
        other.discard().await;
    }
}

/// What the server's own texts name with a schema.
const IN_SCHEMA: [&str; 9] = [
    "CREATE TABLE note (x integer NOT NULL, y integer NOT NULL, PRIMARY KEY (x, y))",
    "CREATE INDEX note_twice ON note (y, (x * 2))",
    "CREATE MATERIALIZED VIEW seen AS SELECT x, y FROM note",
    "CREATE UNIQUE INDEX seen_once ON seen (x, y)",
    "CREATE STATISTICS together ON x, y FROM note",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE RULE quiet AS ON DELETE TO note DO INSTEAD NOTHING",
    "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER tr BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION f()",
];

const MODELS: &str = r#"
[Customer]
fields = [
  { name = "name", type = "Char", max_length = 40, default = "" },
  { name = "email", type = "Email", choices = [["a@b", "A"]] },
  { name = "size", type = "PositiveInteger", db_index = true },
]
constraints = [{ name = "shop_sizes", check = "size in (1, 2, 3)" }]

[Order]
fields = [{ name = "customer", type = "ForeignKey", to = "Customer" }]
"#;

/// What every database understands.
const BY_HAND: [&str; 5] = [
    "ALTER TABLE shop_customer ADD COLUMN phone varchar(30) NULL",
    "ALTER TABLE shop_customer DROP COLUMN name",
    "CREATE INDEX by_email ON shop_customer (email)",
    "CREATE TABLE shop_note (id integer NOT NULL PRIMARY KEY, order_id bigint NOT NULL, FOREIGN KEY (order_id) REFERENCES \
     shop_order (id) ON DELETE CASCADE)",
    "CREATE TABLE elsewhere (id integer NOT NULL PRIMARY KEY)",
];

const TOLD: [&str; 7] = [
    "Database default:",
    "  shop_customer",
    "    - column name is missing",
    "    + column phone is in no model",
    "    + index by_email is in no model",
    "  shop_note",
    "    + table is in no model",
];
