//! Files of migrations as people have them: names of other tools, branches, and mistakes that `check` finds first.

use crate::support::Workspace;

const SETTINGS: &str = "apps = [\"barn\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
const CRATE: &str = "CREATE TABLE crate (id integer PRIMARY KEY);\n";

fn barn(files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", SETTINGS);
    for (file, text) in files {
        workspace.write(&format!("migrations/{file}"), text);
    }
    workspace
}

/// What `check` and `migrate` say, without their hints; both in the same words.
fn told(workspace: &Workspace) -> String {
    let migrate = workspace.manage(["migrate"]).fails(1);
    let told = migrate.lines().next().unwrap().strip_prefix("error: ").unwrap().to_owned();
    let check = workspace.manage(["check"]);
    assert!(check.stdout.contains(&format!("migrations: (migrations.E001) {told}\n")), "{}", check.stdout);
    assert_eq!(check.status, 1);
    told
}

#[test]
fn names_of_other_tools_are_taken_as_they_are() {
    let workspace = barn(&[
        ("barn/V1__make-crates.sql", CRATE),
        ("barn/U1__make-crates.sql", "DROP TABLE crate;\n"),
        ("barn/2_stalls.up.sql", "CREATE TABLE stall (id integer);\n"),
        ("barn/2_stalls.down.sql", "DROP TABLE stall;\n"),
        ("barn/20240101120000_add-gates.sql", "CREATE TABLE gate (id integer);\n"),
        ("barn/20240101120001_lofts/up.sql", "CREATE TABLE loft (id integer);\n"),
        ("barn/20240101120001_lofts/down.sql", "DROP TABLE loft;\n"),
        ("barn/20240101120002_hay/migration.sql", "CREATE TABLE hay (id integer);\n"),
        ("barn/README.md", "-- up\n"),
    ]);
    workspace.manage(["check"]).succeeds();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["showmigrations", "--format", "plain"]).succeeds_with(
        "barn\n [X] V1__make_crates\n [X] 2_stalls\n [X] 20240101120000_add_gates\n \
         [X] 20240101120001_lofts\n [X] 20240101120002_hay\n",
    );
    workspace.write("migrations/barn/20240101120000_add-gates.down.sql", "DROP TABLE gate;\n");
    workspace.write("migrations/barn/20240101120002_hay/down.sql", "DROP TABLE hay;\n");
    // What undoes may come later.
    workspace.manage(["migrate", "barn", "zero", "-v", "0"]).succeeds();
}

#[test]
fn what_looks_like_a_migration_and_is_not_taken_is_named() {
    for (file, text, expected) in [
        (
            "barn/0002_x.SQL",
            CRATE,
            "migrations/barn/0002_x.SQL:1: the ending is written in small letters: .sql",
        ),
        (
            "0002_x.sql",
            CRATE,
            "migrations/0002_x.sql:1: belongs into the folder of its app: migrations/<app>/0002_x.sql",
        ),
        (
            "barn/0002_initial.py",
            "",
            "migrations/barn/0002_initial.py:1: is not read: migrations are written in TOML or SQL",
        ),
        (
            "barn/0002_x.sql",
            "-- a note\rCREATE TABLE stall (id integer);\r",
            "migrations/barn/0002_x.sql:1: a line ends with a lone carriage return: save the file with LF or CRLF",
        ),
        (
            "barn/0002_x.down.sql",
            "DROP TABLE stall;",
            "migrations/barn/0002_x.down.sql:1: this migration undoes something, and nothing says what it does",
        ),
        (
            "barn/0002_x.up.sql",
            "CREATE TABLE stall (id integer);\n-- down\nDROP TABLE stall;\n",
            "migrations/barn/0002_x.up.sql:2: the name of this file says which half of the migration it is: it cannot \
             hold another",
        ),
        (
            "barn/0002_x.sql",
            "-- atomics: false\nVACUUM;\n",
            "migrations/barn/0002_x.sql:1: `atomics` is nothing that a file can say; did you mean `atomic`?",
        ),
        (
            "barn/0002_x.sql",
            "CREATE TABLE stall (id integer);\n-- atomic: false\nVACUUM;\n",
            "migrations/barn/0002_x.sql:2: `atomic` must stand before the first statement",
        ),
    ] {
        let workspace = barn(&[("barn/0001_crates.sql", CRATE), (file, text)]);
        assert_eq!(told(&workspace), expected);
    }
}

#[test]
fn what_two_files_say_is_told_with_both() {
    for (one, other) in [
        ("0001_x.sql", "0001_x.up.sql"),
        ("0001_x.sql", "0001_x.sqlite.up.sql"),
        ("0001_x.up.sql", "0001_x/up.sql"),
        ("0001_x.sql", "0001_x/migration.sql"),
        ("0001_a-b.sql", "0001_a_b.sql"),
        ("0001_x.toml", "0001_x.down.sql"),
    ] {
        let toml = "[[operation]]\nop = \"RunSql\"\nforwards = \"SELECT 1\"\n";
        let text = |file: &str| if file.ends_with(".toml") { toml } else { CRATE };
        let [first, second] = [one, other].map(|file| format!("barn/{file}"));
        let told = told(&barn(&[(&first, text(one)), (&second, text(other))]));
        assert!(
            told.contains(": barn.0001_") && told.contains(" is there twice: in this file and in "),
            "{told}"
        );
        assert!(
            told.contains(&format!("migrations/{first}")) && told.contains(&format!("migrations/{second}")),
            "{told}"
        );
    }
    let undone_twice = barn(&[
        ("barn/0001_x.sql", "-- up\nSELECT 1;\n-- down\nSELECT 1;\n"),
        ("barn/0001_x.down.sql", "SELECT 1;\n"),
    ]);
    assert!(told(&undone_twice).contains("barn.0001_x is there twice"));
    // Both halves of its own leave nothing open for the file that is for all.
    let own = [
        ("barn/0001_x.sqlite.up.sql", CRATE),
        ("barn/0001_x.sqlite.down.sql", "DROP TABLE crate;\n"),
        ("barn/0001_x.sql", "nonsense;\n"),
    ];
    barn(&own).manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn mistakes_in_any_migration_are_found_without_a_database() {
    let add =
        "[[operation]]\nop = \"AddField\"\nmodel = \"Nope\"\nfield = { name = \"x\", type = \"Text\" }\n";
    let calls = "[[operation]]\nop = \"RunRust\"\nforwards = \"barn.count\"\nbackwards = \"noop\"\n";
    for (file, text, expected) in [
        ("barn/0002_x.toml", add, "migrations/barn/0002_x.toml:1: there is no model barn.Nope at this point"),
        (
            "barn/0002_x.toml",
            calls,
            "migrations/barn/0002_x.toml:1: no app has the function `barn.count`; known: none",
        ),
        ("barn/0002_x.sql", "SELECT 'a;\n", "migrations/barn/0002_x.sql:1: what begins here never ends"),
        (
            "barn/0002_x.mysql.sql",
            "SELECT 1;",
            "migrations/barn/0002_x.mysql.sql:1: there is no SQL for SQLite, and its app lives on database `default`: \
             write 0002_x.sqlite.sql; an empty one says that there is nothing to do",
        ),
    ] {
        let depends = if file.ends_with("toml") { "depends = [\"barn.0001_crates\"]\n" } else { "" };
        let text = format!("{depends}{text}");
        let workspace = barn(&[("barn/0001_crates.sql", CRATE), (file, &text)]);
        let expected =
            if file.ends_with("toml") { expected.replace(":1:", ":2:") } else { expected.to_owned() };
        workspace.manage(["check"]).fails(1);
        assert!(!workspace.path().join("db.sqlite3").exists());
        assert_eq!(told(&workspace), expected);
    }
}

#[test]
fn two_of_one_number_are_a_conflict_whichever_was_applied_first() {
    let branches = |first: &str, second: &str| {
        let workspace = barn(&[("barn/0001_crates.sql", CRATE), (&format!("barn/{first}.sql"), "SELECT 1;")]);
        workspace.manage(["migrate", "-v", "0"]).succeeds();
        workspace.write(&format!("migrations/barn/{second}.sql"), "SELECT 2;");
        workspace
    };
    for (first, second) in [("0002_bob", "0002_alice"), ("0002_alice", "0002_bob")] {
        let workspace = branches(first, second);
        let expected = "two branches of migrations meet nowhere: migrations/barn/0002_alice.sql and \
                        migrations/barn/0002_bob.sql";
        assert_eq!(told(&workspace), expected);
        // One that would continue both cannot say which.
        workspace.write("migrations/barn/0003_next.sql", "SELECT 3;");
        assert_eq!(told(&workspace), expected);
        let joined = "-- depends: barn.0002_alice, barn.0002_bob\nSELECT 3;";
        workspace.write("migrations/barn/0003_next.sql", joined);
        workspace.manage(["check"]).succeeds();
        workspace.manage(["migrate", "-v", "0"]).succeeds();
    }
    let workspace = branches("0002_bob", "0002_alice");
    workspace.write("migrations/barn/0002_alice.sql", "-- depends: barn.0002_bob\nSELECT 2;");
    workspace.write("migrations/barn/0003_next.sql", "SELECT 3;");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
}

#[test]
fn one_database_is_not_migrated_before_what_it_depends_on_elsewhere() {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"crm\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.customers]\nurl = \"sqlite:///crm.sqlite3\"\n[routes]\ncrm = \"customers\"\n",
        )
        .write("migrations/shop/0001_a.sql", CRATE)
        .write("migrations/crm/0001_b.sql", "-- depends: shop.0001_a\nCREATE TABLE customer (id integer);\n");
    let told = "error: crm.0001_b depends on shop.0001_a, which is not applied on database `default`\n\
                hint: migrate `default` first (`manage migrate --database default`), both (`--with-dependencies`), or all \
                of them: `manage migrate`\n";
    workspace.manage(["migrate", "--database", "customers"]).fails_with(1, told);
    workspace.manage(["migrate", "--database", "customers", "--plan"]).fails_with(1, told);
    workspace.manage(["migrate", "--database", "default", "-v", "0"]).succeeds();
    workspace.manage(["migrate", "--database", "customers", "-v", "0"]).succeeds();
}

#[test]
fn one_database_is_migrated_with_what_it_depends_on_elsewhere() {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"crm\", \"post\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.customers]\nurl = \"sqlite:///crm.sqlite3\"\n[routes]\ncrm = \"customers\"\n",
        )
        .write("migrations/shop/0001_a.sql", "CREATE TABLE crate (id integer);\n-- down\nDROP TABLE crate;\n")
        .write("migrations/shop/0002_more.sql", "CREATE TABLE lid (id integer);\n-- down\nDROP TABLE lid;\n")
        .write("migrations/post/0001_c.sql", "CREATE TABLE stamp (id integer);\n")
        .write(
            "migrations/crm/0001_b.sql",
            "-- depends: shop.0001_a\nCREATE TABLE customer (id integer);\n-- down\nDROP TABLE customer;\n",
        );
    workspace.manage(["migrate", "--database", "customers", "--with-dependencies"]).succeeds_with(
        "Database default:\nOperations to perform:\n  Apply all migrations: post, shop\nRunning migrations:\n  \
         Applying shop.0001_a... OK\n\
         Database customers:\nOperations to perform:\n  Apply all migrations: crm\nRunning migrations:\n  \
         Applying crm.0001_b... OK\n",
    );
    let undone = workspace.manage([
        "migrate",
        "shop",
        "zero",
        "--database",
        "default",
        "--with-dependencies",
        "--yes",
    ]);
    let undone = undone.succeeds();
    assert!(
        undone.contains("Unapplying crm.0001_b... OK") && undone.contains("Unapplying shop.0001_a... OK"),
        "{undone}"
    );
    workspace.manage(["migrate", "--with-dependencies"]).fails(2);
}

/// A table with rows and one that points to it, on SQLite.
fn stalls(second: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write(
            "migrations/shop/0001_a.sql",
            "CREATE TABLE p (id integer PRIMARY KEY);\n\
             CREATE TABLE c (id integer, p integer REFERENCES p ON DELETE CASCADE);\n\
             INSERT INTO p VALUES (1);\nINSERT INTO c VALUES (7, 1);\n",
        )
        .write("migrations/shop/0002_b.sql", second);
    workspace
}

/// How many rows point to others.
fn pointing(workspace: &Workspace) -> String {
    let file = workspace.path().join("db.sqlite3");
    let output = std::process::Command::new("python3")
        .args(["-c", "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM c').fetchone()[0])"])
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_table_that_is_made_anew_by_hand_keeps_the_rows_that_point_to_it() {
    let workspace = stalls(
        "CREATE TABLE n (id integer PRIMARY KEY);\nINSERT INTO n SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE n RENAME TO p;\n",
    );
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    assert_eq!(pointing(&workspace), "1");
}

#[test]
fn foreign_keys_that_a_file_turns_on_are_on() {
    for (on, left) in [("PRAGMA foreign_keys=ON;\n", "0"), ("PRAGMA foreign_keys = 1;\n", "0"), ("", "1")] {
        let workspace = stalls(&format!("{on}REPLACE INTO p VALUES (1);\n"));
        workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(pointing(&workspace), left, "{on}");
    }
}

#[test]
fn a_column_that_no_migration_knows_is_not_lost() {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n")
        .write(
            "migrations/shop/0001_a.toml",
            "[[operation]]\nop = \"CreateModel\"\nmodel = \"P\"\nfields = [\n  { name = \"n\", type = \"Text\", null = true },\n  \
             { name = \"k\", type = \"Integer\", null = true },\n]\n",
        )
        .write(
            "migrations/shop/0003_c.toml",
            "depends = [\"shop.0002_b\"]\n[[operation]]\nop = \"AlterField\"\nmodel = \"P\"\n\
             field = { name = \"k\", type = \"BigInteger\", default = 0 }\n",
        );
    for (sql, told) in [
        (
            "ALTER TABLE shop_p ADD COLUMN mine text DEFAULT 'a';",
            "column mine of table shop_p, which no migration knows, would be lost",
        ),
        (
            "ALTER TABLE shop_p RENAME COLUMN n TO title;",
            "column title of table shop_p, which no migration knows, would be lost",
        ),
        ("ALTER TABLE shop_p DROP COLUMN n;", "no such column: shop_p.n"),
    ] {
        drop(std::fs::remove_file(workspace.path().join("db.sqlite3")));
        workspace.write(
            "migrations/shop/0002_b.sql",
            &format!("INSERT INTO shop_p (n, k) VALUES ('a', 1);\n{sql}\n"),
        );
        let failed = workspace.manage(["migrate"]).fails(1);
        assert!(failed.contains(told), "{sql}: {failed}");
    }
}

#[test]
fn what_flyway_would_fill_in_is_not_taken_for_a_text() {
    let workspace = stalls("SELECT 1;\n");
    workspace.write(
        "migrations/shop/V3__user.sql",
        "CREATE TABLE a (b text);\nINSERT INTO a VALUES ('${user}');\n",
    );
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: migrations/shop/V3__user.sql:2: `${...}` is filled in by Flyway, and by nobody here: write what it stands for\n\
         hint: correct the file and run the command again; no database was changed\n",
    );
}

#[test]
fn every_broken_migration_is_named_at_once() {
    let settings = "apps = [\"barn\", \"stall\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
    let mut workspace = barn(&[
        ("0001_lost.sql", CRATE),
        ("barn/0001_crates.sql", "-- dwon\nSELECT 1;\n"),
        ("barn/0002_x.SQL", CRATE),
        ("stall/0001_stalls.toml", "[[operation]]\nop = \"MakeModel\"\n"),
    ]);
    workspace.write("settings/base.toml", settings);
    let places = |workspace: &Workspace| -> Vec<String> {
        let told = workspace.manage(["check", "-t", "migrations"]).stdout;
        let lines = told.lines().filter_map(|line| line.split_once("(migrations.E001) "));
        lines.map(|(_, told)| told.split(": ").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        places(&workspace),
        [
            "migrations/0001_lost.sql:1",
            "migrations/barn/0002_x.SQL:1",
            "migrations/barn/0001_crates.sql:1",
            "migrations/stall/0001_stalls.toml:2",
        ]
    );
    // Operations that make no sense, but for those behind them.
    let drop = |model: &str| format!("[[operation]]\nop = \"DeleteModel\"\nmodel = \"{model}\"\n");
    workspace = barn(&[]);
    workspace
        .write("settings/base.toml", settings)
        .write("migrations/barn/0001_crates.toml", &drop("Crate"))
        .write(
            "migrations/barn/0002_more.toml",
            &format!("depends = [\"barn.0001_crates\"]\n{}", drop("Box")),
        )
        .write("migrations/stall/0001_stalls.toml", &drop("Stall"));
    assert_eq!(
        places(&workspace),
        ["migrations/barn/0001_crates.toml:1", "migrations/stall/0001_stalls.toml:1"]
    );
}

#[test]
fn a_pipe_among_the_files_is_not_waited_for() {
    let workspace = barn(&[("barn/0001_crates.sql", CRATE)]);
    let pipe = workspace.path().join("migrations/barn/0002_pipe.sql");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(told(&workspace), "migrations/barn/0002_pipe.sql:1: cannot be read: it is no regular file");
}
