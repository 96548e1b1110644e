use std::io::Write as _;

use super::migrate::database;
use crate::support::{Workspace, block_on};

const MODELS: &str = r#"
[Customer]
fields = [{ name = "email", type = "Email", unique = true }]
[Order]
fields = [
  { name = "customer", type = "ForeignKey", to = "shop.Customer" },
  { name = "total", type = "Decimal", max_digits = 8, decimal_places = 2 },
]
"#;

/// A shop with two customers and an order.
pub(super) fn shop() -> Workspace {
    let shop = Workspace::new();
    shop.write("models/shop.toml", MODELS);
    shop.manage(["makemigrations", "-v0"]).succeeds();
    shop.manage(["migrate", "-v0"]).succeeds();
    shop.write("fixtures/shop/first.json", FIRST);
    shop.manage(["loaddata", "first"]).succeeds_with("Installed 3 object(s) from 1 fixture(s)\n");
    shop
}

const FIRST: &str = r#"[
{"model": "shop.customer", "pk": 1, "fields": {"email": "ann@example.com"}},
{"model": "shop.customer", "pk": 2, "fields": {"email": "ben@example.com"}},
{"model": "shop.order", "pk": 7, "fields": {"customer": 2, "total": "12.50"}}
]"#;

#[test]
fn rows_are_written_as_people_ask_for_them() {
    let shop = shop();
    shop.manage(["dumpdata", "shop.order"]).succeeds_with(
        "[{\"model\": \"shop.order\", \"pk\": 7, \"fields\": {\"customer\": 2, \"total\": \"12.50\"}}]",
    );
    shop.manage(["dumpdata", "--natural-foreign", "--natural-primary", "--format", "jsonl", "-e", "shop.Customer"])
        .succeeds_with("{\"model\": \"shop.order\",\"pk\": 7,\"fields\": {\"customer\": [\"ben@example.com\"],\"total\": \"12.50\"}}\n");
    shop.manage(["dumpdata", "shop.Customer", "--pks", "2", "--indent", "1"]).succeeds_with(
        "[\n{\n \"model\": \"shop.customer\",\n \"pk\": 2,\n \"fields\": {\n  \"email\": \"ben@example.com\"\n }\n}\n]\n",
    );
}

#[test]
fn a_file_is_there_as_a_whole_or_not_at_all_and_compressed_as_its_name_says() {
    let shop = shop();
    let whole = shop.manage(["dumpdata"]).succeeds();
    for name in ["all.json", "all.json.gz", "all.json.zst"] {
        shop.manage(["dumpdata", "-o", name]).succeeds_with("");
        shop.manage(["flush", "--yes"]).succeeds_with("");
        shop.manage(["loaddata", name]).succeeds_with("Installed 3 object(s) from 1 fixture(s)\n");
        assert_eq!(shop.manage(["dumpdata"]).succeeds(), whole, "{name}");
    }
    shop.manage(["dumpdata", "-o", "all.json.bz2"]).fails_with(
        2,
        "error: all.json.bz2: nothing here writes .bz2\nhint: `.gz` and `.zst` at the end of the name compress\n",
    );
    for name in ["all.yaml", "all.yaml.gz"] {
        shop.manage(["dumpdata", "-o", name]).fails_with(
            2,
            &format!(
                "error: {name}: no form ends with .yaml\nhint: end it with `.json`, `.jsonl` or `.xml`, or say `--format`\n"
            ),
        );
    }
    shop.manage(["dumpdata", "-o", "all.yaml", "--format", "json"]).succeeds_with("");
    shop.manage(["dumpdata", "shop.order", "--pks", "8", "-o", "none.json"])
        .fails_with(1, "error: there is no shop.order with the key 8\n");
    let files: Vec<_> =
        std::fs::read_dir(shop.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!files.iter().any(|file| file.to_string_lossy().contains("none.json")), "{files:?}");
    // What the shell has written before stays.
    let said = shop.path().join("said");
    let mut file = std::fs::File::create(&said).unwrap();
    file.write_all(b"before\n").unwrap();
    let mut command = shop.command(["dumpdata", "-o", "/dev/stdout"]);
    assert!(command.stdout(file).status().unwrap().success());
    assert_eq!(std::fs::read_to_string(&said).unwrap(), format!("before\n{whole}"));
    shop.manage(["dumpdata", "-o", "/dev/full"])
        .fails_with(1, "error: /dev/full: cannot be written: No space left on device\n");
}

#[test]
fn what_a_killed_program_left_goes_with_the_next_dump_to_the_same_file() {
    let shop = shop();
    for name in [".all.json.7.unfinished", ".all.json.8.unfinished", ".all.json.2024", ".b.json.7.unfinished"]
    {
        shop.write(name, "[");
    }
    // Somebody is still at work on this one.
    let held = std::fs::File::open(shop.path().join(".all.json.8.unfinished")).unwrap();
    held.lock().unwrap();
    shop.manage(["dumpdata", "-o", "all.json"]).succeeds_with("");
    let mut files: Vec<_> = std::fs::read_dir(shop.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.') && name.contains("json"))
        .collect();
    files.sort();
    assert_eq!(files, [".all.json.2024", ".all.json.8.unfinished", ".b.json.7.unfinished"]);
}

/// SQLite takes any number and any text.
#[test]
fn what_loaddata_would_refuse_is_told_when_it_is_written() {
    let shop = shop();
    for (at, total) in [(8, "12345678.5"), (9, "1e9"), (10, "999999.99")] {
        let sql = format!("INSERT INTO shop_order (id, customer_id, total) VALUES ({at}, 1, {total})");
        block_on(database(&shop, "db.sqlite3").execute(&sql, &[])).unwrap();
    }
    let run = shop.manage(["dumpdata", "-o", "all.json"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "warning: shop.order 8: field `total`: 12345678.5 has more than 8 digits, and of 1 row more; `loaddata` \
             refuses it\n"
        )
    );
    shop.manage(["loaddata", "all.json"]).fails_with(
        1,
        "error: all.json: object 4: shop.order 8: field `total`: 12345678.50 has more than 8 digits\n",
    );
}

#[test]
fn what_is_not_there_is_told_with_the_way_out() {
    let shop = shop();
    shop.manage(["dumpdata", "shop.Odrer"])
        .fails_with(2, "error: there is no model `shop.Odrer`\nhint: did you mean `shop.order`?\n");
    let empty = Workspace::new();
    empty.write("models/shop.toml", MODELS);
    empty.manage(["dumpdata"]).fails_with(
        1,
        "error: no such table: shop_customer\nhint: a migration may be missing: run `manage migrate`\n",
    );
}

#[test]
fn a_dump_of_one_database_says_what_lives_on_others() {
    let site = Workspace::new();
    site.manage(["migrate", "-v0"]).succeeds();
    let run = site.manage(["dumpdata", "auth"]);
    run.fails_with(
        2,
        "error: contenttypes.contenttype does not live on database `default`\nhint: name its own: `--database users`\n",
    );
    let run = site.manage(["dumpdata", "-e", "blog"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "[]"));
    let told = "auth lives on database `users` and is not in this dump: `--database users`\n";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let users =
        site.manage(["dumpdata", "auth.Permission", "--database", "users", "--natural-foreign"]).succeeds();
    assert!(users.contains("\"content_type\": [\"blog\", \""), "{users}");
}
