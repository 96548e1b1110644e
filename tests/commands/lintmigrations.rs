//! `manage lintmigrations`. No server is asked: what matters on each kind of database is known without one.

use crate::support::Workspace;

const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Customer"
fields = [
  { name = "name", type = "Char", max_length = 20, null = true },
  { name = "code", type = "Char", max_length = 20, null = true },
  { name = "size", type = "Integer", null = true },
  { name = "note", type = "Char", max_length = 20 },
]

[[operation]]
op = "CreateModel"
model = "Order"
fields = [{ name = "customer", type = "BigInteger" }]
"#;

/// Each operation in one line, from line 3 on.
const UNSAFE: [&str; 13] = [
    r#"{ op = "AddField", model = "Customer", field = { name = "age", type = "Integer", default = 3 } }"#,
    r#"{ op = "AlterField", model = "Customer", field = { name = "name", type = "Char", max_length = 20 } }"#,
    r#"{ op = "RemoveField", model = "Customer", name = "code" }"#,
    r#"{ op = "RenameField", model = "Customer", from = "size", to = "length" }"#,
    r#"{ op = "AlterField", model = "Customer", field = { name = "length", type = "Text", null = true } }"#,
    r#"{ op = "AddConstraint", model = "Customer", constraint = { name = "grown", check = "age > 0" } }"#,
    r#"{ op = "AlterField", model = "Order", field = { name = "customer", type = "ForeignKey", to = "shop.Customer", db_index = false } }"#,
    r#"{ op = "AddConstraint", model = "Customer", constraint = { name = "once", unique = ["age"] } }"#,
    r#"{ op = "AddIndex", model = "Customer", index = { name = "by_name", fields = ["name"] } }"#,
    r#"{ op = "RunSql", forwards = "UPDATE shop_customer SET age = 4" }"#,
    r#"{ op = "AddField", model = "Customer", field = { name = "token", type = "Uuid", db_default = "uuid4" } }"#,
    r#"{ op = "RenameModel", from = "Customer", to = "Buyer" }"#,
    r#"{ op = "DeleteModel", model = "Order" }"#,
];

/// The lines at which something is found, with its code.
const ON_EVERY_DATABASE: [&str; 8] = [
    "3: M001 adds the column `age` to shop_customer, and rows that old programs insert have no value for it",
    "4: M002 forbids NULL in the column `name` of shop_customer, which old programs may still write; every row is looked at",
    "5: M003 removes the column `code` of shop_customer, which old programs still read",
    "6: M005 renames the column `size` of shop_customer to `length`: old programs know no other name",
    "9: M005 renames the column `customer` of shop_order to `customer_id`: old programs know no other name",
    "12: M012 cannot be undone: nothing says how",
    "14: M006 renames the table shop_customer to shop_buyer: old programs know no other name",
    "15: M004 removes the table shop_order, which old programs still use",
];

const BESIDE_WRITERS: [&str; 4] = [
    "7: M007 changes the type of the column `length` of shop_customer, and every row is written anew under a lock",
    "8: M008 adds the check `grown` to shop_customer, and every row is looked at under a lock",
    "9: M008 adds a foreign key of the column `customer_id` to shop_order, and every row is looked at under a lock",
    "13: M013 adds the column `token` to shop_customer, whose value is computed for every row under a lock",
];

const ON_POSTGRESQL: [&str; 3] = [
    "10: M009 adds the unique constraint `once` to shop_customer, and nobody writes to it until its index is built",
    "11: M010 builds the index `by_name` on shop_customer, and nobody writes to it meanwhile",
    "12: M011 changes rows and the table shop_customer in one transaction: nobody else uses the table until all rows are done",
];

const SQLITE: &str = "sqlite:///db.sqlite3";
const POSTGRESQL: &str = "postgresql://nobody@127.0.0.1:1/none";
const MARIADB: &str = "mysql://nobody@127.0.0.1:1/none";

/// Both migrations; the second has these lines behind its first.
fn shop(url: &str, lines: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", &format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{url}\"\n"))
        .write("migrations/shop/0001_initial.toml", INITIAL)
        .write("migrations/shop/0002_x.toml", &format!("depends = [\"shop.0001_initial\"]\n{lines}"));
    workspace
}

fn operations(all: &[&str]) -> String {
    format!("operation = [\n{},\n]\n", all.join(",\n"))
}

/// What is found, without sizes and hints, in the order of lines and codes.
fn found(workspace: &Workspace) -> Vec<String> {
    let run = workspace.manage(["lintmigrations", "--no-database"]);
    let lines = run.stdout.lines().filter(|line| !line.starts_with("  hint: "));
    let bare = |line: &str| {
        let line = line.strip_prefix("migrations/shop/0002_x.toml:").unwrap();
        line.strip_suffix(" (rows not counted on default)").unwrap_or(line).to_owned()
    };
    lines.map(bare).collect()
}

fn sorted(parts: &[&[&str]]) -> Vec<String> {
    let mut lines: Vec<String> = parts.concat().into_iter().map(str::to_owned).collect();
    lines.sort_by_key(|line| {
        let (number, rest) = line.split_once(": ").unwrap();
        (number.parse::<usize>().unwrap(), rest[..4].to_owned())
    });
    lines
}

#[test]
fn every_rule_finds_what_it_is_about_where_it_matters() {
    let all = operations(&UNSAFE);
    assert_eq!(found(&shop(SQLITE, &all)), sorted(&[&ON_EVERY_DATABASE]));
    assert_eq!(found(&shop(MARIADB, &all)), sorted(&[&ON_EVERY_DATABASE, &BESIDE_WRITERS]));
    assert_eq!(
        found(&shop(POSTGRESQL, &all)),
        sorted(&[&ON_EVERY_DATABASE, &BESIDE_WRITERS, &ON_POSTGRESQL])
    );
}

#[test]
fn the_safe_way_is_no_finding() {
    let safe = [
        r#"{ op = "AddField", model = "Customer", field = { name = "age", type = "Integer", db_default = 3 } }"#,
        r#"{ op = "AddField", model = "Customer", field = { name = "seen", type = "DateTime", null = true } }"#,
        r#"{ op = "AlterField", model = "Customer", field = { name = "code", type = "Char", max_length = 40, null = true } }"#,
        r#"{ op = "AddConstraint", model = "Customer", constraint = { name = "named", check = "name IS NOT NULL" }, not_valid = true }"#,
        r#"{ op = "ValidateConstraint", model = "Customer", name = "named" }"#,
        r#"{ op = "AlterField", model = "Customer", field = { name = "name", type = "Char", max_length = 20 } }"#,
        r#"{ op = "AddIndex", model = "Customer", index = { name = "by_name", fields = ["name"] }, concurrently = true }"#,
        r#"{ op = "AlterField", model = "Customer", field = { name = "note", type = "Char", max_length = 20, db_column = "note", help_text = "x" } }"#,
        r#"{ op = "SeparateDatabaseAndState", state = [{ op = "RenameModel", from = "Customer", to = "Buyer" }, { op = "AlterModelTable", model = "Buyer", table = "shop_customer" }] }"#,
        r#"{ op = "FillField", model = "Buyer", name = "seen", value = "now" }"#,
        // A new table is nobody's yet.
        r#"{ op = "CreateModel", model = "Tag", fields = [{ name = "word", type = "Text" }] }"#,
        r#"{ op = "AddIndex", model = "Tag", index = { name = "by_word", fields = ["word"] } }"#,
        r#"{ op = "RenameModel", from = "Tag", to = "Label" }"#,
        r#"{ op = "AlterField", model = "Label", field = { name = "word", type = "Integer" } }"#,
    ];
    let run = shop(POSTGRESQL, &format!("atomic = false\n{}", operations(&safe)))
        .manage(["lintmigrations", "--no-database"]);
    run.says("0 findings in 2 migrations\n");
}

#[test]
fn what_is_renamed_and_back_in_one_transaction_was_never_renamed() {
    let back = operations(&[
        r#"{ op = "RenameModel", from = "Customer", to = "Buyer" }"#,
        r#"{ op = "AlterModelTable", model = "Buyer", table = "shop_customer" }"#,
        r#"{ op = "RenameField", model = "Buyer", from = "size", to = "length" }"#,
        r#"{ op = "AlterField", model = "Buyer", field = { name = "length", type = "Integer", null = true, db_column = "size" } }"#,
    ]);
    let none: [&str; 0] = [];
    assert_eq!(found(&shop(POSTGRESQL, &back)), none);
    assert_eq!(found(&shop(SQLITE, &back)), none);
    let codes = |found: Vec<String>| found.iter().map(|line| line[..7].to_owned()).collect::<Vec<_>>();
    let each = ["3: M006", "4: M006", "5: M005", "6: M005"];
    assert_eq!(codes(found(&shop(MARIADB, &back))), each);
    let each = ["4: M006", "5: M006", "6: M005", "7: M005"];
    assert_eq!(codes(found(&shop(POSTGRESQL, &format!("atomic = false\n{back}")))), each);
}

/// Rows for `shop_customer`, which a second migration loses a column of.
fn with_rows() -> Workspace {
    let workspace =
        shop(SQLITE, "\n[[operation]]\nop = \"RemoveField\"\nmodel = \"Customer\"\nname = \"code\"\n");
    workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
    workspace.write(
        "rows.json",
        r#"[{ "model": "shop.customer", "pk": 1, "fields": { "note": "a" } }, { "model": "shop.customer", "pk": 2, "fields": { "note": "b" } }]"#,
    );
    workspace.write("models/shop.toml", INITIAL_MODELS);
    workspace.manage(["loaddata", "rows.json", "-v", "0"]).succeeds();
    workspace
}

const INITIAL_MODELS: &str = r#"
[Customer]
fields = [
  { name = "name", type = "Char", max_length = 20, null = true },
  { name = "code", type = "Char", max_length = 20, null = true },
  { name = "size", type = "Integer", null = true },
  { name = "note", type = "Char", max_length = 20 },
]
"#;

const HINT: &str =
    "first release programs that do not use it; `stage = \"contract\"` waits until that is said";
const WHAT: &str =
    "removes the column `code` of shop_customer, which old programs still read (2 rows on default)";

#[test]
fn what_is_found_is_told_for_people_for_github_and_for_programs() {
    let workspace = with_rows();
    let run = workspace.manage(["lintmigrations"]);
    let said = (run.status, run.stdout.as_str(), run.stderr.as_str());
    assert_eq!(
        said,
        (
            1,
            format!("migrations/shop/0002_x.toml:3: M003 {WHAT}\n  hint: {HINT}\n").as_str(),
            "1 finding in 1 migration; 1 that is applied was passed over; `manage lintmigrations --explain M003` tells more\n"
        )
    );
    let run = workspace.manage(["lintmigrations", "shop", "--format", "github"]);
    assert_eq!(
        (run.status, run.stdout),
        (1, format!("::error file=migrations/shop/0002_x.toml,line=3,title=M003::{WHAT}%0Ahint: {HINT}\n"))
    );
    let run = workspace.manage(["lintmigrations", "--format", "json"]);
    let expected = serde_json::json!({
        "findings": [{
            "code": "M003",
            "file": "migrations/shop/0002_x.toml",
            "line": 3,
            "migration": "shop.0002_x",
            "text": "removes the column `code` of shop_customer, which old programs still read",
            "hint": HINT,
            "table": "shop_customer",
            "databases": [{ "alias": "default", "rows": 2, "is_large": false }],
        }],
        "migrations": 1,
        "applied": 1,
        "empty": 0,
    });
    assert_eq!(run.status, 1);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap(), expected);
    assert_eq!(run.stderr, "");
}

#[test]
fn what_is_done_and_what_happens_to_no_row_is_passed_over_and_counted() {
    let workspace = shop(SQLITE, &operations(&UNSAFE[..3]));
    workspace.manage(["lintmigrations"]).says(
        "0 findings in 2 migrations; 3 findings on empty tables left out, which `--no-database` tells\n",
    );
    workspace.manage(["migrate", "shop", "0001", "-v", "0"]).succeeds();
    workspace.manage(["lintmigrations"]).says(
        "0 findings in 1 migration; 1 that is applied was passed over; \
         3 findings on empty tables left out, which `--no-database` tells\n",
    );
    let workspace = with_rows();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace
        .manage(["lintmigrations"])
        .says("0 findings in 0 migrations; 2 that are applied were passed over\n");
    // One that is named is looked at all the same.
    assert!(
        workspace
            .manage(["lintmigrations", "shop", "0002"])
            .fails(1)
            .starts_with("1 finding in 1 migration;")
    );
}

#[test]
fn a_file_says_what_it_may_break() {
    let allowing =
        |codes: &str| format!("allow_unsafe = [{codes}] # nobody reads it\n{}", operations(&[UNSAFE[2]]));
    let lint = ["lintmigrations", "--no-database"];
    shop(SQLITE, &allowing("\"M003\"")).manage(lint).says("0 findings in 2 migrations\n");
    let said = shop(SQLITE, &allowing("\"M004\"")).manage(lint).fails(1);
    assert!(
        said.starts_with(
            "warning: migrations/shop/0002_x.toml: `allow_unsafe` names M004, which nothing in it breaks\n1 finding in "
        ),
        "{said}"
    );
    // The file may be for another kind of database.
    shop(
        SQLITE,
        &format!(
            "allow_unsafe = [\"M010\"]\n{}",
            operations(&[
                r#"{ op = "AddIndex", model = "Customer", index = { name = "by_name", fields = ["name"] } }"#
            ])
        ),
    )
    .manage(lint)
    .says("0 findings in 2 migrations\n");
    let refused = |lines: &str, message: &str| {
        shop(SQLITE, lines).manage(lint).fails_with(
            1,
            &format!(
                "error: migrations/shop/0002_x.toml:2: {message}\n\
                 hint: correct the file and run the command again; no database was changed\n"
            ),
        );
    };
    refused(&allowing("\"M03\""), "there is no rule `M03`; did you mean `M003`?");
    refused("allow_unsafe = \"M003\"\n", "expected a list of codes: [\"M003\"]");
    refused("allow_unsafe = [3]\n", "expected a code such as \"M003\"");
    // SQL says it in a comment, and what it does to tables nobody reads.
    let sql = |text: &str| {
        let workspace = shop(SQLITE, "");
        workspace.write("migrations/shop/0003_y.sql", text);
        workspace
    };
    let stderr = sql("DROP TABLE shop_order;\n").manage(lint);
    assert_eq!(
        stderr.stdout.lines().next(),
        Some("migrations/shop/0003_y.sql:1: M012 cannot be undone: nothing says how")
    );
    sql("-- allow_unsafe: M012\nDROP TABLE shop_order;\n").manage(lint).says("0 findings in 3 migrations\n");
    for (text, message) in [
        ("-- allow_unsafe: M12\n", "1: there is no rule `M12`; did you mean `M012`?"),
        (
            "-- allow_unsave: M012\n",
            "1: `allow_unsave` is nothing that a file can say; did you mean `allow_unsafe`?",
        ),
        ("SELECT 1;\n-- allow_unsafe: M012\n", "2: `allow_unsafe` must stand before the first statement"),
    ] {
        let said = sql(&format!("{text}SELECT 1;\n")).manage(lint).fails(1);
        assert_eq!(
            said.lines().next(),
            Some(format!("error: migrations/shop/0003_y.sql:{message}").as_str())
        );
    }
}

#[test]
fn what_a_file_may_break_is_no_part_of_what_it_does() {
    let workspace = with_rows();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    let second = std::fs::read_to_string(workspace.path().join("migrations/shop/0002_x.toml")).unwrap();
    workspace
        .write("migrations/shop/0002_x.toml", &second.replace("\n\n", "\nallow_unsafe = [\"M003\"]\n\n"));
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn every_rule_has_a_page_and_no_other_has() {
    let workspace = Workspace::bare();
    let list = workspace.manage(["lintmigrations", "--explain", "all"]).succeeds();
    assert_eq!(list.lines().count(), 13);
    for (position, line) in list.lines().enumerate() {
        let (code, title) = line.split_once("  ").unwrap();
        assert_eq!(code, format!("M{:03}", position + 1));
        let page = workspace.manage(["lintmigrations", "--explain", &code.to_lowercase()]).succeeds();
        assert!(page.starts_with(&format!("{code}: {title}\n\n")), "{page}");
        assert!(page.contains("\nHolds "), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 110), "{page}");
    }
    workspace.manage(["lintmigrations", "--explain", "M999"]).fails_with(
        2,
        "error: there is no rule `M999`\n\
         hint: known: M001, M002, M003, M004, M005, M006, M007, M008, M009, M010, M011, M012, M013; `--explain all` lists them\n",
    );
}

#[test]
fn a_database_that_is_away_is_a_warning_and_its_tables_count_as_large() {
    let run = shop(POSTGRESQL, &operations(&[UNSAFE[2]])).manage(["lintmigrations"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.ends_with(&format!("(rows not counted on default)\n  hint: {HINT}\n")));
    assert!(
        run.stderr.starts_with("warning: cannot connect to database `default` at 127.0.0.1:1/none"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("; its tables are taken for large\n"), "{}", run.stderr);
}

#[test]
fn an_app_that_lives_elsewhere_and_names_that_fit_nothing_are_refused() {
    let workspace = shop(SQLITE, "");
    workspace.write(
        "settings/base.toml",
        "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n[databases.eu]\nurl = \"sqlite:///eu.sqlite3\"\n",
    );
    for no_database in [&[][..], &["--no-database"]] {
        let lint = |args: &[&str]| workspace.manage([&["lintmigrations"], args, no_database].concat());
        lint(&["shop", "--database", "eu"])
            .fails_with(2, "error: app `shop` does not live on database `eu`\nhint: it lives on: default\n");
        assert!(
            lint(&["--database", "ue"]).fails(2).starts_with("error: the connection `ue` doesn't exist\n")
        );
        assert!(lint(&["shp"]).fails(2).starts_with("error: no installed app has the label `shp`\n"));
        assert!(lint(&["shop", "9"]).fails(2).starts_with("error: app `shop` has no migration `9`\n"));
    }
}
