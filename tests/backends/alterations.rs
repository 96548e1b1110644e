//! What becomes of tables with rows when their models change, on every kind of database.

use manage::db::params;

use crate::support::{Kind, TestDatabase, on_every_database, schema};

const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Customer"
fields = [
  { name = "id", type = "Auto", primary_key = true },
  { name = "name", type = "Char", max_length = 20 },
  { name = "code", type = "Char", max_length = 20, null = true },
  { name = "friends", type = "ManyToMany", to = "self" },
]

[[operation]]
op = "CreateModel"
model = "Order"
fields = [
  { name = "customer", type = "ForeignKey", to = "shop.Customer" },
  { name = "total", type = "Integer" },
  { name = "paid_on", type = "Date", null = true },
  { name = "customers", type = "ManyToMany", to = "shop.Customer" },
]
constraints = [{ name = "total_positive", check = "total >= 0" }]

[[operation]]
op = "RunSql"
forwards = [
  "INSERT INTO shop_customer (name, code) VALUES ('1', '12'), ('2', NULL)",
  "INSERT INTO shop_order (customer_id, total) SELECT id, 10 FROM shop_customer",
  "INSERT INTO shop_customer_friends (from_customer_id, to_customer_id) VALUES (1, 2)",
]
backwards = ""
"#;

/// More of the first migration: crates, and labels that point to them by their code.
const CRATES: &str = r#"
[[operation]]
op = "CreateModel"
model = "Crate"
fields = [
  { name = "id", type = "Auto", primary_key = true },
  { name = "code", type = "Char", max_length = 20, unique = true },
  { name = "note", type = "Char", max_length = 20, null = true },
]

[[operation]]
op = "CreateModel"
model = "Label"
fields = [{ name = "crate", type = "ForeignKey", to = "shop.Crate", to_field = "code" }]

[[operation]]
op = "RunSql"
forwards = "INSERT INTO shop_crate (code) VALUES ('a'), ('b')"
backwards = ""
"#;

/// A shop with rows, and a second migration of these operations.
fn shop(db: &TestDatabase, operations: &str) {
    db.workspace
        .write(
            "settings/base.toml",
            &format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url),
        )
        .write("migrations/shop/0001_initial.toml", INITIAL)
        .write("migrations/shop/0002_x.toml", &format!("depends = [\"shop.0001_initial\"]\n{operations}"));
}

async fn number(db: &TestDatabase, sql: &str) -> i64 {
    let rows: Vec<(i64,)> = db.database.query(sql, params![]).await.unwrap();
    rows[0].0
}

async fn run(db: &TestDatabase, sql: &str) {
    db.database.execute(sql, params![]).await.unwrap();
}

/// Applies the second migration, undoes it and applies it again; the tables come to the same both ways.
async fn back_and_forth(db: &TestDatabase) {
    db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
    let before = schema(db.kind, &db.database).await;
    db.workspace.manage(["migrate"]).succeeds();
    let after = schema(db.kind, &db.database).await;
    db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
    assert_eq!(schema(db.kind, &db.database).await, before);
    db.workspace.manage(["migrate"]).succeeds();
    assert_eq!(schema(db.kind, &db.database).await, after);
}

/// What `sqlmigrate` shows of the second migration without its frame and remarks.
fn statements(db: &TestDatabase) -> Vec<String> {
    let text = db.workspace.manage(["sqlmigrate", "shop", "0002"]).succeeds();
    let frame = |line: &str| {
        line.starts_with("--") || matches!(line, "BEGIN;" | "COMMIT;") || line.starts_with("PRAGMA")
    };
    text.lines().filter(|line| !frame(line)).map(str::to_owned).collect()
}

on_every_database! {
    async fn the_new_type_of_a_key_reaches_the_columns_that_point_to_it(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "id", type = "BigAuto", primary_key = true }
"#);
        back_and_forth(&db).await;
        run(&db, "INSERT INTO shop_customer (id, name) VALUES (5000000000, 'x')").await;
        run(&db, "INSERT INTO shop_order (customer_id, total) VALUES (5000000000, 1)").await;
        run(&db, "INSERT INTO shop_customer_friends (from_customer_id, to_customer_id) VALUES (5000000000, 1)").await;
        run(&db, "INSERT INTO shop_order_customers (order_id, customer_id) VALUES (1, 5000000000)").await;
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer").await, 3);
        assert!(db.database.execute("INSERT INTO shop_order (customer_id, total) VALUES (7, 1)", params![]).await.is_err());
    }

    async fn a_text_becomes_longer_beside_a_computed_column_and_a_key(db in TestDatabase) {
        let room = r#"
[[operation]]
op = "CreateModel"
model = "Room"
fields = [
  { name = "floor", type = "Integer" },
  { name = "above", type = "Generated", expression = "floor + 1", output = "Integer" },
  { name = "guest", type = "ForeignKey", to = "shop.Customer" },
  { name = "label", type = "Char", max_length = 20 },
]
"#;
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Room"
field = { name = "label", type = "Char", max_length = 60 }
"#);
        db.workspace.write("migrations/shop/0001_initial.toml", &format!("{INITIAL}{room}"));
        back_and_forth(&db).await;
        let label = "a label of more than twenty characters";
        run(&db, &format!("INSERT INTO shop_room (floor, guest_id, label) VALUES (1, 1, '{label}')")).await;
        assert_eq!(number(&db, &format!("SELECT above FROM shop_room WHERE label = '{label}'")).await, 2);
    }

    async fn a_renamed_model_takes_its_pairs_and_the_keys_to_it_along(db in TestDatabase) {
        shop(&db, "[[operation]]\nop = \"RenameModel\"\nfrom = \"Customer\"\nto = \"Client\"\n");
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT to_client_id FROM shop_client_friends WHERE from_client_id = 1").await, 2);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_order o JOIN shop_client c ON c.id = o.customer_id").await, 2);
        run(&db, "INSERT INTO shop_order_customers (order_id, client_id) VALUES (1, 2)").await;
        assert!(db.database.execute("INSERT INTO shop_order (customer_id, total) VALUES (7, 1)", params![]).await.is_err());
    }

    async fn a_model_renamed_only_in_its_case_keeps_its_table_and_its_rows(db in TestDatabase) {
        shop(&db, "[[operation]]\nop = \"RenameModel\"\nfrom = \"Customer\"\nto = \"CUSTOMER\"\n");
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT COUNT(*) FROM shop_customer").await, 2);
        assert_eq!(number(&db, "SELECT COUNT(*) FROM shop_customer_friends").await, 1);
    }

    async fn two_names_are_exchanged_through_a_third(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "RenameField"
model = "Customer"
from = "name"
to = "third"
[[operation]]
op = "RenameField"
model = "Customer"
from = "code"
to = "name"
[[operation]]
op = "RenameField"
model = "Customer"
from = "third"
to = "code"
[[operation]]
op = "RenameModel"
from = "Customer"
to = "Third"
[[operation]]
op = "RenameModel"
from = "Order"
to = "Customer"
[[operation]]
op = "RenameModel"
from = "Third"
to = "Order"
"#);
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT count(*) FROM shop_order WHERE code = '1' AND name = '12'").await, 1);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE total = 10").await, 2);
    }

    async fn what_is_empty_is_filled_before_it_may_not_be(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "code", type = "Char", max_length = 30, default = "none" }
preserve_default = false
"#);
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE code = 'none'").await, 1);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE code = '12'").await, 1);
        assert!(db.database.execute("INSERT INTO shop_customer (name) VALUES ('3')", params![]).await.is_err());
    }

    async fn values_become_those_of_another_type(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "code", type = "PositiveInteger", null = true, unique = true }
[[operation]]
op = "AlterField"
model = "Order"
field = { name = "total", type = "Decimal", max_digits = 8, decimal_places = 2 }
[[operation]]
op = "AlterField"
model = "Order"
field = { name = "paid_on", type = "DateTime", null = true }
"#);
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        run(&db, "UPDATE shop_order SET paid_on = '2026-02-03'").await;
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE code + 1 = 13").await, 1);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_order WHERE total = 10").await, 2);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_order WHERE paid_on = '2026-02-03 00:00:00'").await, 2);
    }

    async fn a_value_that_is_none_of_the_new_type_stops_the_run(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "code", type = "Integer", null = true }
"#);
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        run(&db, "UPDATE shop_customer SET code = 'abc' WHERE code = '12'").await;
        db.workspace.manage(["migrate"]).fails(1);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE code = 'abc'").await, 1);
    }

    async fn a_type_that_no_value_can_come_to_is_refused_before_anything_runs(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterModelTableComment"
model = "Order"
comment = "orders"

[[operation]]
op = "AlterField"
model = "Order"
field = { name = "paid_on", type = "Integer", null = true }
"#);
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        let before = schema(db.kind, &db.database).await;
        db.workspace.manage(["migrate"]).fails_with(
            1,
            "error: migrations/shop/0002_x.toml:8: shop.Order.paid_on: no value of Date can become one of Integer: \
             add another field, fill it from this one (RunSql or RunRust), remove this one and rename the \
             new one\nhint: correct the file and run the command again; no database was changed\n",
        );
        assert_eq!(schema(db.kind, &db.database).await, before);
    }

    async fn nothing_is_sent_for_what_the_program_alone_knows(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "name", type = "Char", max_length = 20, default = "x", choices = [["a", "A"]], help_text = "h", verbose_name = "v" }
[[operation]]
op = "AlterModelOptions"
model = "Customer"
ordering = ["name"]
verbose_name = "client"
[[operation]]
op = "SeparateDatabaseAndState"
state = [{ op = "RemoveField", model = "Order", name = "total" }]
"#);
        assert_eq!(statements(&db), Vec::<String>::new());
    }

    async fn a_model_moves_to_another_app_with_its_rows(db in TestDatabase) {
        shop(&db, "[[operation]]\nop = \"MoveModel\"\nmodel = \"Customer\"\nto_app = \"store\"\n");
        let both = format!("apps = [\"shop\", \"store\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace
            .write("settings/base.toml", &both)
            .write("migrations/store/0001_initial.toml", "depends = [\"shop.0002_x\"]\n");
        db.workspace.manage(["migrate"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM store_customer").await, 2);
        assert_eq!(number(&db, "SELECT count(*) FROM store_customer_friends").await, 1);
        run(&db, "INSERT INTO shop_order (customer_id, total) VALUES (1, 1)").await;
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer").await, 2);
    }

    async fn another_field_becomes_the_primary_key_and_the_rows_stay(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Crate"
field = { name = "id", type = "Integer" }
[[operation]]
op = "AlterField"
model = "Crate"
field = { name = "code", type = "Char", max_length = 20, primary_key = true }
"#);
        db.workspace.write("migrations/shop/0001_initial.toml", &format!("{INITIAL}{CRATES}"));
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT count(*) FROM shop_crate WHERE (id = 1 AND code = 'a') OR (id = 2 AND code = 'b')").await, 2);
        assert!(db.database.execute("INSERT INTO shop_crate (id, code) VALUES (3, 'a')", params![]).await.is_err());
        run(&db, "INSERT INTO shop_label (crate_id) VALUES ('b')").await;
        assert!(db.database.execute("INSERT INTO shop_label (crate_id) VALUES ('c')", params![]).await.is_err());
        run(&db, "DELETE FROM shop_label").await;
        db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
        run(&db, "INSERT INTO shop_crate (code) VALUES ('c')").await;
        assert_eq!(number(&db, "SELECT id FROM shop_crate WHERE code = 'c'").await, 3);
    }

    async fn a_primary_key_goes_with_its_column_and_another_comes(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "RemoveField"
model = "Crate"
name = "id"
[[operation]]
op = "AddField"
model = "Crate"
field = { name = "number", type = "BigAuto", primary_key = true }
"#);
        db.workspace.write("migrations/shop/0001_initial.toml", &format!("{INITIAL}{CRATES}"));
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT count(DISTINCT number) FROM shop_crate WHERE number IN (1, 2)").await, 2);
        run(&db, "INSERT INTO shop_crate (code) VALUES ('c')").await;
        assert_eq!(number(&db, "SELECT number FROM shop_crate WHERE code = 'c'").await, 3);
    }

    async fn what_a_primary_key_cannot_become_is_told_with_the_way_out(db in TestDatabase) {
        let key = |model: &str, field: &str| format!("[[operation]]\nop = \"AlterField\"\nmodel = \"{model}\"\nfield = {{ {field} }}\n");
        let code = "name = \"code\", type = \"Char\", max_length = 20, primary_key = true";
        for (operations, told) in [
            (
                key("Customer", "name = \"id\", type = \"Integer\""),
                "2: `id` has to stay the primary key of shop.Customer, because shop.Customer.friends points to it: let that point to \
                 a unique field (`to_field`) or remove it before",
            ),
            (
                key("Crate", code),
                "2: shop.Crate.code cannot be the primary key beside `id`: let that be none before, by AlterField or RemoveField \
                 in the same migration",
            ),
            (
                key("Crate", "name = \"id\", type = \"Integer\""),
                "2: shop.Crate has no primary key any more: say which field it is, by AddField or AlterField",
            ),
            (
                key("Customer", "name = \"friends\", type = \"ManyToMany\", to = \"self\", through = \"shop.Order\""),
                "2: shop.Customer.friends: its pairs cannot move between a table of their own and that of a model (`through`): \
                 remove the field and add it anew, with a RunSql that copies the pairs between",
            ),
        ] {
            shop(&db, &operations);
            db.workspace.write("migrations/shop/0001_initial.toml", &format!("{INITIAL}{CRATES}"));
            db.workspace.manage(["migrate"]).fails_with(
                1,
                &format!("error: migrations/shop/0002_x.toml:{told}\nhint: correct the file and run the command again; no database was changed\n"),
            );
        }
        shop(&db, &format!("{}{}", key("Crate", "name = \"id\", type = \"Integer\""), key("Crate", code)));
        db.workspace.write("migrations/shop/0001_initial.toml", &format!("{INITIAL}{CRATES}"));
        db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
        run(&db, "UPDATE shop_crate SET note = 'x'").await;
        let field = "name = \"note\", type = \"Char\", max_length = 20, primary_key = true";
        db.workspace.write(
            "migrations/shop/0002_x.toml",
            &format!("depends = [\"shop.0001_initial\"]\n{}{}", key("Crate", "name = \"id\", type = \"Integer\""), key("Crate", field)),
        );
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("shop_crate has 1 value of `note` more than once, which would be unique (id 1, 2)"), "{told}");
    }

    async fn pairs_come_along_when_they_point_to_another_model(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AlterField"
model = "Customer"
field = { name = "friends", type = "ManyToMany", to = "shop.Order" }
"#);
        back_and_forth(&db).await;
        assert_eq!(number(&db, "SELECT order_id FROM shop_customer_friends WHERE customer_id = 1").await, 2);
        assert!(db.database.execute("INSERT INTO shop_customer_friends (customer_id, order_id) VALUES (1, 7)", params![]).await.is_err());
        db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
        run(&db, "DELETE FROM shop_order WHERE id = 2").await;
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("shop_customer_friends has 1 row whose `order_id` points to no row of shop_order (id 1)"), "{told}");
    }

    async fn indexes_and_constraints_change_under_their_names(db in TestDatabase) {
        shop(&db, r#"
[[operation]]
op = "AddIndex"
model = "Order"
index = { name = "first", fields = ["total"] }
[[operation]]
op = "RenameIndex"
model = "Order"
from = "first"
to = "second"
[[operation]]
op = "AlterConstraint"
model = "Order"
constraint = { name = "total_positive", check = "total > 1" }
[[operation]]
op = "ValidateConstraint"
model = "Order"
name = "total_positive"
[[operation]]
op = "AlterModelTable"
model = "Order"
table = "orders"
[[operation]]
op = "CreateExtension"
name = "pg_trgm"
"#);
        if db.kind == Kind::Postgresql {
            let all = statements(&db);
            assert_eq!(all.last().unwrap(), "CREATE EXTENSION IF NOT EXISTS \"pg_trgm\";");
            assert!(all.contains(&"ALTER INDEX \"first\" RENAME TO \"second\";".to_owned()), "{all:?}");
            assert!(all.contains(&"ALTER TABLE \"shop_order\" VALIDATE CONSTRAINT \"total_positive\";".to_owned()), "{all:?}");
        }
        if db.kind != Kind::Postgresql {
            back_and_forth(&db).await;
            assert!(db.database.execute("INSERT INTO orders (customer_id, total) VALUES (1, 1)", params![]).await.is_err());
        }
    }
}

#[test]
fn a_table_is_made_anew_once_however_many_operations_want_it() {
    crate::support::block_on(async {
        let db = TestDatabase::create(Kind::Sqlite).await;
        let alter = |name: &str, kind: &str| {
            format!(
                "[[operation]]\nop = \"AlterField\"\nmodel = \"Customer\"\nfield = {{ name = \"{name}\", {kind} }}\n"
            )
        };
        shop(
            &db,
            &[
                alter("name", "type = \"Text\""),
                "[[operation]]\nop = \"AddField\"\nmodel = \"Customer\"\nfield = { name = \"age\", type = \"Integer\", default = 3 }\n".to_owned(),
                alter("code", "type = \"Integer\", null = true"),
                alter("age", "type = \"BigInteger\", unique = false, default = 3"),
                "[[operation]]\nop = \"RenameField\"\nmodel = \"Customer\"\nfrom = \"name\"\nto = \"title\"\n".to_owned(),
            ]
            .concat(),
        );
        db.workspace.manage(["migrate", "shop", "0001"]).succeeds();
        for sql in [
            "CREATE INDEX by_hand ON shop_customer (name)",
            "CREATE TRIGGER noticed AFTER INSERT ON shop_customer BEGIN UPDATE shop_order SET total = total + 1; END",
            "CREATE VIEW names AS SELECT name FROM shop_customer",
            "DELETE FROM shop_order",
            "DELETE FROM shop_customer_friends",
            "DELETE FROM shop_customer WHERE id = 2",
        ] {
            run(&db, sql).await;
        }
        let all = statements(&db);
        assert_eq!(all.iter().filter(|sql| sql.starts_with("CREATE TABLE")).count(), 1, "{all:#?}");
        back_and_forth(&db).await;
        run(&db, "INSERT INTO shop_customer (title, age) VALUES ('x', 1)").await;
        assert_eq!(number(&db, "SELECT max(id) FROM shop_customer").await, 3);
        assert_eq!(number(&db, "SELECT count(*) FROM names").await, 2);
        assert_eq!(number(&db, "SELECT count(*) FROM shop_customer WHERE age = 3 AND code = 12").await, 1);
        let kept = "SELECT count(*) FROM sqlite_master WHERE name IN ('by_hand', 'noticed')";
        assert_eq!(number(&db, kept).await, 2);
    });
}
