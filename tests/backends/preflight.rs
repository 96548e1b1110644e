//! Rows that a migration would stumble over are named before its first statement, on every kind of database.

use manage::db::params;

use crate::support::{Kind, TestDatabase, on_every_database, schema};

const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Customer"
fields = [
  { name = "id", type = "Auto", primary_key = true },
  { name = "name", type = "Char", max_length = 20, null = true },
  { name = "code", type = "Char", max_length = 20, null = true },
  { name = "size", type = "BigInteger", null = true },
  { name = "price", type = "Decimal", max_digits = 12, decimal_places = 4, null = true },
]

[[operation]]
op = "CreateModel"
model = "Order"
fields = [
  { name = "id", type = "Auto", primary_key = true },
  { name = "customer", type = "ForeignKey", to = "shop.Customer", db_constraint = false, null = true },
]
"#;

/// A shop with rows, and a second migration of these operations.
async fn shop(db: &TestDatabase, rows: &[&str], operations: &str) {
    let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace
        .write("settings/base.toml", &settings)
        .write("migrations/shop/0001_initial.toml", INITIAL)
        .write("migrations/shop/0002_x.toml", &format!("depends = [\"shop.0001_initial\"]\n{operations}"));
    db.workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
    for table in ["shop_order", "shop_customer"] {
        run(db, &format!("DELETE FROM {table}")).await;
    }
    for row in rows {
        run(db, &format!("INSERT INTO {row}")).await;
    }
}

async fn run(db: &TestDatabase, sql: &str) {
    db.database.execute(sql, params![]).await.unwrap();
}

/// The second migration is refused with these lines, and nothing of it has run.
async fn refuses(db: &TestDatabase, lines: &[&str]) {
    let before = schema(db.kind, &db.database).await;
    let told: Vec<String> =
        lines.iter().map(|line| format!("  migrations/shop/0002_x.toml:{line}\n")).collect();
    db.workspace.manage(["migrate"]).fails_with(
        1,
        &format!(
            "error: applying shop.0002_x on database `default` would fail, and nothing of it has run:\n{}\
             hint: an operation before it can do that (`RunSql`, `RunRust`), or you by hand; then run the command again\n",
            told.concat()
        ),
    );
    assert_eq!(schema(db.kind, &db.database).await, before);
}

fn passes(db: &TestDatabase) {
    db.workspace.manage(["migrate", "-v", "0"]).succeeds();
}

fn alter(field: &str) -> String {
    format!("[[operation]]\nop = \"AlterField\"\nmodel = \"Customer\"\nfield = {{ {field} }}\n")
}

on_every_database! {
    async fn rows_without_a_value_are_named_before_a_column_needs_one(db in TestDatabase) {
        let rows = ["shop_customer (id, name) VALUES (1, 'a'), (2, NULL), (3, NULL), (4, NULL), (5, NULL), (6, NULL), (7, NULL)"];
        let comment = "[[operation]]\nop = \"AlterModelTableComment\"\nmodel = \"Order\"\ncomment = \"orders\"\n";
        shop(&db, &rows, &format!("{comment}{}", alter("name = \"name\", type = \"Char\", max_length = 20"))).await;
        refuses(&db, &[
            "6: shop_customer has 6 rows without a value in `name` (id 2, 3, 4, 5, 6, ...): fill those in first, \
             or give the field a `default`",
        ]).await;
        // What an earlier operation makes of the rows nobody knows before.
        let fill = "[[operation]]\nop = \"RunSql\"\nforwards = \"UPDATE shop_customer SET name = 'x' WHERE name IS NULL\"\n";
        shop(&db, &rows, &format!("{fill}{}", alter("name = \"name\", type = \"Char\", max_length = 20"))).await;
        passes(&db);
    }

    async fn a_default_fills_what_is_empty(db in TestDatabase) {
        let rows = ["shop_customer (id, name) VALUES (1, NULL)"];
        shop(&db, &rows, &alter("name = \"name\", type = \"Char\", max_length = 20, default = \"x\"")).await;
        passes(&db);
    }

    async fn a_new_column_without_a_value_for_the_rows_is_refused(db in TestDatabase) {
        let field = "[[operation]]\nop = \"AddField\"\nmodel = \"Customer\"\nfield = { name = \"age\", type = \"Integer\" }\n";
        shop(&db, &["shop_customer (id) VALUES (1), (2)"], field).await;
        refuses(&db, &[
            "2: shop_customer has 2 rows, and none would have a value in `age`: give the field a `default`, or let it be NULL",
        ]).await;
        shop(&db, &[], field).await;
        passes(&db);
    }

    async fn values_that_are_there_twice_are_named_before_they_would_be_unique(db in TestDatabase) {
        let rows = ["shop_customer (id, name, code) VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, 'b', 'x'), (4, NULL, NULL), (5, NULL, NULL), (6, 'c', 'x')"];
        let rename = "[[operation]]\nop = \"RenameField\"\nmodel = \"Customer\"\nfrom = \"code\"\nto = \"sign\"\n";
        let both = "[[operation]]\nop = \"AddConstraint\"\nmodel = \"Customer\"\nconstraint = { name = \"once\", unique = [\"name\", \"sign\"] }\n";
        let one = alter("name = \"name\", type = \"Char\", max_length = 20, null = true, unique = true");
        let other = alter("name = \"sign\", type = \"Char\", max_length = 20, null = true, unique = true");
        shop(&db, &rows, &format!("{rename}{both}{one}{other}")).await;
        refuses(&db, &[
            "11: shop_customer has 1 value of `name` more than once, which would be unique (id 1, 2): change or delete rows first",
            "15: shop_customer has 1 value of `sign` more than once, which would be unique (id 1, 3, 6): change or delete rows first",
        ]).await;
        shop(&db, &rows, &format!("{rename}{both}")).await;
        passes(&db);
    }

    async fn a_new_unique_column_cannot_have_one_value_for_all_rows(db in TestDatabase) {
        let field = "[[operation]]\nop = \"AddField\"\nmodel = \"Customer\"\nfield = { name = \"sign\", type = \"Integer\", default = 7, unique = true }\n";
        shop(&db, &["shop_customer (id) VALUES (1), (2)"], field).await;
        refuses(&db, &[
            "2: shop_customer has 1 value of `sign` more than once, which would be unique (id 1, 2): change or delete rows first",
        ]).await;
        shop(&db, &["shop_customer (id) VALUES (1)"], field).await;
        passes(&db);
    }

    async fn twins_are_told_by_the_database_that_compares_them(db in TestDatabase) {
        let one = alter("name = \"name\", type = \"Char\", max_length = 20, null = true, unique = true");
        shop(&db, &["shop_customer (id, name) VALUES (1, 'Ann'), (2, 'ANN')"], &one).await;
        match db.kind {
            Kind::Mariadb => refuses(&db, &[
                "2: shop_customer has 1 value of `name` more than once, which would be unique (id 1, 2): change or delete rows first",
            ]).await,
            _ => passes(&db),
        }
    }

    async fn values_that_a_narrower_type_would_cut_or_refuse_are_named(db in TestDatabase) {
        let rows = [
            "shop_customer (id, name, code, size, price) VALUES (1, 'abcdef', '12', 1, 1.5), (2, 'abc', 'x1', 40000, 2), (3, NULL, NULL, NULL, NULL), \
             (4, 'abcdé', '70000', -1, 123456)",
        ];
        let operations = [
            alter("name = \"name\", type = \"Char\", max_length = 5, null = true"),
            alter("name = \"code\", type = \"SmallInteger\", null = true"),
            alter("name = \"size\", type = \"SmallInteger\", null = true"),
            alter("name = \"price\", type = \"Decimal\", max_digits = 5, decimal_places = 0, null = true"),
        ];
        shop(&db, &rows, &operations.concat()).await;
        if db.kind == Kind::Sqlite {
            // It keeps whatever fits no type; what is no number at all its conversion refuses.
            refuses(&db, &["6: shop_customer has 1 row whose `code` does not fit SmallInteger (id 2): change those first, or choose a wider type"]).await;
            return;
        }
        refuses(&db, &[
            "2: shop_customer has 1 row whose `name` does not fit Char of at most 5 characters (id 1): change those first, or choose a wider type",
            "6: shop_customer has 2 rows whose `code` does not fit SmallInteger (id 2, 4): change those first, or choose a wider type",
            "10: shop_customer has 1 row whose `size` does not fit SmallInteger (id 2): change those first, or choose a wider type",
            "14: shop_customer has 2 rows whose `price` does not fit Decimal of 5 digits, 0 of them behind the point (id 1, 4): change those first, or choose a wider type",
        ]).await;
        run(&db, "DELETE FROM shop_customer WHERE id <> 3").await;
        run(&db, "INSERT INTO shop_customer (id, name, code, size, price) VALUES (7, 'abcdé', '-32768', 32767, 99999)").await;
        passes(&db);
    }

    async fn a_negative_number_fits_no_positive_type(db in TestDatabase) {
        shop(&db, &["shop_customer (id, size) VALUES (1, -1), (2, 0)"], &alter("name = \"size\", type = \"PositiveBigInteger\", null = true")).await;
        refuses(&db, &["2: shop_customer has 1 row whose `size` does not fit PositiveBigInteger (id 1): change those first, or choose a wider type"]).await;
    }

    async fn rows_that_break_a_rule_or_point_to_nothing_are_named(db in TestDatabase) {
        let rows = [
            "shop_customer (id, size) VALUES (1, 5), (2, -5), (3, NULL)",
            "shop_order (id, customer_id) VALUES (1, 1), (2, 9), (3, NULL)",
        ];
        let rule = "[[operation]]\nop = \"AddConstraint\"\nmodel = \"Customer\"\nconstraint = { name = \"positive\", check = \"size > 0\" }\n";
        let key = "[[operation]]\nop = \"AlterField\"\nmodel = \"Order\"\nfield = { name = \"customer\", type = \"ForeignKey\", to = \"shop.Customer\", null = true }\n";
        let rename = "[[operation]]\nop = \"RenameModel\"\nfrom = \"Customer\"\nto = \"Client\"\n";
        shop(&db, &rows, &format!("{rule}{key}{rename}")).await;
        refuses(&db, &[
            "2: shop_customer has 1 row against the constraint `positive` (id 2): correct those first",
            "6: shop_order has 1 row whose `customer_id` points to no row of shop_customer (id 2): correct or delete those first",
        ]).await;
        run(&db, "DELETE FROM shop_order WHERE id = 2").await;
        run(&db, "DELETE FROM shop_customer WHERE id = 2").await;
        passes(&db);
    }

    async fn rows_are_looked_at_on_the_way_back_as_well(db in TestDatabase) {
        shop(&db, &[], &alter("name = \"size\", type = \"Text\", null = true")).await;
        passes(&db);
        run(&db, "INSERT INTO shop_customer (id, size) VALUES (1, 'many')").await;
        let told = db.workspace.manage(["migrate", "shop", "0001"]).fails(1);
        let expected = "error: undoing shop.0002_x on database `default` would fail, and nothing of it has run:\n  \
                        migrations/shop/0002_x.toml:2: shop_customer has 1 row whose `size` does not fit BigInteger (id 1): ";
        assert!(told.starts_with(expected), "{told}");
        db.workspace.manage(["migrate", "shop", "0001", "--fake", "-v", "0"]).succeeds();
    }
}
