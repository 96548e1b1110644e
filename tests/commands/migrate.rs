//! `manage migrate`: what it says, what it refuses, and what survives it. Files alone; every kind of database is in
//! `backends/migrations.rs`.

use std::path::Path;

use manage::conf::DatabaseSettings;
use manage::db::backends;
use manage::db::{Database, params};

use crate::support::{Workspace, block_on};

const ONE: &str = "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";
const TWO: &str = "apps = [\"people\", \"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
                   [databases.users]\nurl = \"sqlite:///users.sqlite3\"\n[routes]\npeople = \"users\"\n";

const PERSON: &str = "[[operation]]\nop = \"CreateModel\"\nmodel = \"Person\"\n\
                      fields = [{ name = \"name\", type = \"Char\", max_length = 80 }]\n";

fn shop(files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", ONE);
    for (file, text) in files {
        workspace.write(&format!("migrations/shop/{file}"), text);
    }
    workspace
}

fn two_databases() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", TWO).write("migrations/people/0001_initial.toml", PERSON).write(
        "migrations/shop/0001_initial.toml",
        "depends = [\"people.0001_initial\"]\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Order\"\n\
             fields = [{ name = \"buyer\", type = \"ForeignKey\", to = \"people.Person\" }]\n",
    );
    workspace
}

pub(super) fn database(workspace: &Workspace, file: &str) -> Database {
    database_in(workspace.path(), file)
}

/// A file of SQLite in a folder.
pub(super) fn database_in(folder: &Path, file: &str) -> Database {
    let settings = DatabaseSettings::from_url(&format!("sqlite:///{file}")).unwrap();
    Database::new(backends::create("default", &settings, folder).unwrap(), &settings)
}

/// The texts of one column.
pub(super) fn texts(database: &Database, sql: &str) -> Vec<String> {
    let rows: Vec<(String,)> = block_on(database.query(sql, params![])).unwrap();
    rows.into_iter().map(|row| row.0).collect()
}

#[test]
fn every_database_is_migrated_in_the_order_in_which_they_depend() {
    let workspace = two_databases();
    workspace.manage(["migrate"]).succeeds_with(
        "Database users:\nOperations to perform:\n  Apply all migrations: people\nRunning migrations:\n  \
         Applying people.0001_initial... OK\n\
         Database default:\nOperations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  \
         Applying shop.0001_initial... OK\n",
    );
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    assert_eq!(
        texts(&database(&workspace, "db.sqlite3"), tables),
        ["manage_migration_reversals", "manage_migrations", "shop_order"]
    );
    assert_eq!(
        texts(&database(&workspace, "users.sqlite3"), tables),
        ["manage_migration_reversals", "manage_migrations", "people_person"]
    );
    let sql =
        texts(&database(&workspace, "db.sqlite3"), "SELECT sql FROM sqlite_master WHERE name = 'shop_order'");
    assert!(!sql[0].contains("REFERENCES"), "no key leads to another database: {}", sql[0]);
}

#[test]
fn undoing_takes_what_depends_on_it_on_other_databases_first() {
    let workspace = two_databases();
    workspace.manage(["migrate"]).succeeds();
    workspace.manage(["migrate", "people", "zero"]).fails_with(
        3,
        "To be undone on database default:\n  shop.0001_initial\nTo be undone on database users:\n  people.0001_initial\n\
         error: cannot ask for `Undo them on 2 databases?`: there is no terminal\n\
         hint: `--yes` undoes them without asking\n",
    );
    workspace.manage(["migrate", "people", "zero", "--yes"]).succeeds_with(
        "Database default:\nOperations to perform:\n  Unapply all migrations: people\nRunning migrations:\n  \
         Rendering model states... DONE\n  Unapplying shop.0001_initial... OK\n\
         Database users:\nOperations to perform:\n  Unapply all migrations: people\nRunning migrations:\n  \
         Rendering model states... DONE\n  Unapplying people.0001_initial... OK\n",
    );
}

#[test]
fn one_named_database_is_migrated_alone() {
    let workspace = two_databases();
    workspace.manage(["migrate", "--database", "users"]).succeeds_with(
        "Operations to perform:\n  Apply all migrations: people\nRunning migrations:\n  \
         Applying people.0001_initial... OK\n",
    );
    workspace
        .manage(["migrate", "shop", "--database", "users"])
        .fails_with(2, "error: app `shop` does not live on database `users`\nhint: it lives on: default\n");
}

#[test]
fn a_plan_is_shown_and_checked_without_touching_anything() {
    let workspace = shop(&[("0001_initial.toml", PERSON)]);
    workspace
        .manage(["migrate", "--plan"])
        .succeeds_with("Planned operations:\nshop.0001_initial\n    Create model Person\n");
    workspace.manage(["migrate", "--check"]).fails_with(4, "");
    workspace.manage(["migrate"]).succeeds();
    workspace.manage(["migrate", "--check"]).succeeds_with("");
    workspace
        .manage(["migrate", "--plan", "shop", "zero"])
        .succeeds_with("Planned operations:\nshop.0001_initial\n    Undo Create model Person\n");
    workspace
        .manage(["migrate", "--plan"])
        .succeeds_with("Planned operations:\n  No planned migration operations.\n");
}

#[test]
fn a_mistyped_name_is_answered_with_the_right_ones() {
    let workspace = shop(&[
        ("0001_initial.toml", PERSON),
        ("0002_a.sql", "SELECT 1;"),
        ("0002_b.sql", "-- depends: shop.0002_a\nSELECT 1;"),
    ]);
    let refused = |args: &[&str], told: &str| workspace.manage(args).fails_with(2, told);
    refused(
        &["migrate", "shpo"],
        "error: no installed app has the label `shpo`\nhint: did you mean `shop`?\n",
    );
    refused(
        &["migrate", "shop", "0002"],
        "error: `0002` could be any of 2 migrations of app `shop`: 0002_a, 0002_b\nhint: type more of the name\n",
    );
    refused(
        &["migrate", "shop", "0001_inital"],
        "error: app `shop` has no migration `0001_inital`\nhint: did you mean `0001_initial`?\n",
    );
    refused(
        &["migrate", "--database", "defalt"],
        "error: the connection `defalt` doesn't exist\nhint: did you mean `default`?\n\
         hint: configured databases: default\n",
    );
}

#[test]
fn mistakes_in_files_are_told_with_their_line_and_nothing_is_touched() {
    let hint = "hint: correct the file and run the command again; no database was changed\n";
    let cases = [
        (
            "0002_x.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"AddFeild\"\n",
            "error: migrations/shop/0002_x.toml:3: unknown operation `AddFeild`; did you mean `AddField`?\n",
        ),
        (
            "0002_x.toml",
            "depends = [\"shop.0001_initial\"]\nfoo = 1\n",
            "error: migrations/shop/0002_x.toml:2: unknown key `foo`; known: depends, run_before, replaces, initial, atomic, stage, allow_unsafe, operation\n",
        ),
        (
            "0002_x.toml",
            "depends = [\"shop.0001_initial\"]\n\n[[operation]]\nop = \"RemoveField\"\nmodel = \"Person\"\nname = \"age\"\n",
            "error: migrations/shop/0002_x.toml:3: model shop.Person has no field `age` at this point\n",
        ),
        (
            "0002_x.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"RunRust\"\nforwards = \"shop.fill\"\n",
            "error: migrations/shop/0002_x.toml:2: no app has the function `shop.fill`; known: none\n",
        ),
        (
            "0002_x.sql",
            "CREATE TABLE a (b);\nCOMMIT;\n",
            "error: migrations/shop/0002_x.sql:2: `COMMIT` would break the migration's own transaction: take it out, \
             or say that there is none with `-- atomic: false` at the top; then each BEGIN with its COMMIT is a \
             step\n",
        ),
        (
            "0001_initial.sql",
            "SELECT 1;",
            "error: migrations/shop/0001_initial.sql:1: shop.0001_initial is there twice: in this file and in \
             migrations/shop/0001_initial.toml\n",
        ),
        (
            "0002-x.toml",
            "",
            "error: migrations/shop/0002-x.toml:1: this is no migration's name: expected NNNN_name.toml or \
             NNNN_name.sql, with letters, digits and underscores\n",
        ),
    ];
    for (file, text, told) in cases {
        let workspace = shop(&[("0001_initial.toml", PERSON), (file, text)]);
        workspace.manage(["migrate"]).fails_with(1, &format!("{told}{hint}"));
        let found = texts(&database(&workspace, "db.sqlite3"), "SELECT name FROM sqlite_master");
        assert_eq!(found, Vec::<String>::new(), "{file}");
    }
}

#[test]
fn missing_parents_circles_and_branches_are_told_with_their_files() {
    let missing =
        shop(&[("0001_initial.toml", PERSON), ("0002_x.toml", "\ndepends = [\"shop.0001_inital\"]\n")]);
    missing.manage(["migrate"]).fails_with(
        1,
        "error: migrations/shop/0002_x.toml:2: shop.0002_x depends on shop.0001_inital, which does not exist\n\
         hint: did you mean `shop.0001_initial`? Correct `depends`\n",
    );
    let circle = shop(&[
        ("0001_a.toml", "depends = [\"shop.0002_b\"]"),
        ("0002_b.toml", "depends = [\"shop.0001_a\"]"),
    ]);
    circle.manage(["migrate"]).fails_with(
        1,
        "error: migrations depend on each other in a circle: shop.0001_a (migrations/shop/0001_a.toml:1) -> \
         shop.0002_b (migrations/shop/0002_b.toml:1) -> shop.0001_a (migrations/shop/0001_a.toml:1)\n\
         hint: take one of them out of the other's `depends`\n",
    );
    let branches = shop(&[
        ("0001_initial.toml", PERSON),
        ("0002_a.toml", "depends = [\"shop.0001_initial\"]"),
        ("0002_b.toml", "depends = [\"shop.0001_initial\"]"),
    ]);
    branches.manage(["migrate"]).fails_with(
        1,
        "error: two branches of migrations meet nowhere: migrations/shop/0002_a.toml and \
         migrations/shop/0002_b.toml\n\
         hint: `manage makemigrations --merge` joins them, `manage rebasemigration APP` puts one behind the \
         other\nhint: by hand: make one continue the other, `depends = [\"app.NNNN_name\"]`, in SQL `-- depends: \
         app.NNNN_name` at the top\n",
    );
}

#[test]
fn edited_and_vanished_files_stop_even_a_run_with_nothing_to_do() {
    let workspace =
        shop(&[("0001_initial.toml", PERSON), ("0002_x.sql", "SELECT 1;"), ("0003_y.sql", "SELECT 2;")]);
    workspace.manage(["migrate"]).succeeds();
    workspace.write(
        "migrations/shop/0001_initial.toml",
        &format!("# reformatted\n{}", PERSON.replace(", ", ",   ")),
    );
    workspace.manage(["migrate"]).succeeds();
    workspace.write("migrations/shop/0001_initial.toml", &PERSON.replace("80", "81"));
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: migrations/shop/0001_initial.toml:1: shop.0001_initial was edited after it was applied on database \
         `default`\n\
         hint: put the file back as it was (`git checkout migrations/shop/0001_initial.toml`, if it is in git) and \
         write the change as a new migration; when the database has the change already, `manage migrate \
         --accept-edit shop.0001_initial`\n",
    );
    workspace.write("migrations/shop/0001_initial.toml", PERSON);
    std::fs::remove_file(workspace.path().join("migrations/shop/0002_x.sql")).unwrap();
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: migrations/shop: shop.0002_x is applied on database `default`, but its file is missing\n\
         hint: bring the file back (`git log --diff-filter=D -- migrations/shop` finds who deleted it), go on without \
         it (`--allow-missing`), or forget that it was applied: `manage migrate --forget shop.0002_x`\n",
    );
}

#[test]
fn one_irreversible_step_and_nothing_is_undone() {
    let workspace = shop(&[
        ("0001_initial.toml", PERSON),
        ("0002_x.sql", "SELECT 1;"),
        ("0003_y.sql", "SELECT 1;\n-- down\nSELECT 1;"),
    ]);
    workspace.manage(["migrate"]).succeeds();
    workspace.manage(["migrate", "shop", "zero"]).fails_with(
        1,
        "error: migrations/shop/0002_x.sql:1: shop.0002_x cannot be undone: \"Raw SQL operation -> SELECT 1;\" is \
         irreversible; nothing was changed\n\
         hint: say behind `-- down` what undoes it, or name a later migration\n\
         hint: when it was undone by hand, `--fake` changes the history alone\n",
    );
    assert!(workspace.manage(["showmigrations", "--format", "plain"]).succeeds().contains("[X] 0003_y"));
}

#[test]
fn a_branch_that_arrives_late_is_applied() {
    let workspace = shop(&[
        ("0001_initial.toml", PERSON),
        (
            "0002_b.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"AddField\"\nmodel = \"Person\"\nfield = { name = \"b\", type = \"Integer\", default = 1 }\n",
        ),
    ]);
    workspace.manage(["migrate"]).succeeds();
    workspace
        .write(
            "migrations/shop/0002_a.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"AddField\"\nmodel = \"Person\"\nfield = { name = \"a\", type = \"Integer\", default = 1 }\n",
        )
        .write("migrations/shop/0003_merge.toml", "depends = [\"shop.0002_a\", \"shop.0002_b\"]\n");
    let answer = workspace.manage(["migrate"]).succeeds();
    assert!(answer.contains("Applying shop.0002_a... OK\n  Applying shop.0003_merge... OK"), "{answer}");
    let columns = "SELECT name FROM pragma_table_info('shop_person') ORDER BY name";
    assert_eq!(texts(&database(&workspace, "db.sqlite3"), columns), ["a", "b", "id", "name"]);
}

#[test]
fn a_rebuilt_table_keeps_triggers_indexes_views_children_and_numbers() {
    let workspace = shop(&[
        ("0001_initial.toml", PERSON),
        (
            "0002_pet.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Pet\"\n\
             fields = [{ name = \"owner\", type = \"ForeignKey\", to = \"shop.Person\", on_delete = \"CASCADE\" }]\n",
        ),
    ]);
    workspace.manage(["migrate"]).succeeds();
    let db = database(&workspace, "db.sqlite3");
    block_on(async {
        for sql in [
            "INSERT INTO shop_person (id, name) VALUES (1, 'a'), (2, 'b'), (100, 'c')",
            "DELETE FROM shop_person WHERE id = 100",
            "INSERT INTO shop_pet (owner_id) VALUES (1), (1), (2)",
            "CREATE TABLE log (n)",
            "CREATE TRIGGER by_hand AFTER INSERT ON shop_person BEGIN INSERT INTO log VALUES (new.id); END",
            "CREATE INDEX by_hand_name ON shop_person (name DESC)",
            "CREATE VIEW people AS SELECT name FROM shop_person",
            "CREATE TABLE old_sin (p integer REFERENCES gone (id))",
        ] {
            db.execute(sql, params![]).await.unwrap();
        }
        db.execute("CREATE TABLE gone (id integer primary key)", params![]).await.unwrap();
        let mut raw = db.writer().await.unwrap();
        raw.batch(&["PRAGMA foreign_keys=OFF", "INSERT INTO old_sin VALUES (7)", "PRAGMA foreign_keys=ON"])
            .await
            .unwrap();
    });
    workspace.write(
        "migrations/shop/0003_age.toml",
        "depends = [\"shop.0002_pet\"]\n[[operation]]\nop = \"AddField\"\nmodel = \"Person\"\n\
         field = { name = \"age\", type = \"PositiveInteger\", default = 7, unique = false }\n\
         [[operation]]\nop = \"AddConstraint\"\nmodel = \"Person\"\nconstraint = { check = \"age < 200\" }\n",
    );
    workspace.manage(["migrate"]).succeeds();
    let db = database(&workspace, "db.sqlite3");
    let made = "SELECT name FROM sqlite_master WHERE name LIKE 'by_hand%' OR name = 'people' ORDER BY name";
    assert_eq!(texts(&db, made), ["by_hand", "by_hand_name", "people"]);
    assert_eq!(texts(&db, "SELECT CAST(count(*) AS TEXT) FROM shop_pet"), ["3"]);
    block_on(async {
        db.execute("INSERT INTO shop_person (name, age) VALUES ('d', 1)", params![]).await.unwrap();
    });
    assert_eq!(
        texts(&db, "SELECT CAST(n AS TEXT) FROM log"),
        ["101"],
        "the trigger fires, no number is given twice"
    );
    assert_eq!(texts(&db, "SELECT group_concat(name) FROM people"), ["a,b,d"]);
}

#[test]
fn an_old_row_without_its_parent_elsewhere_does_not_block_a_migration() {
    let child = |name: &str| {
        format!(
            "[[operation]]\nop = \"CreateModel\"\nmodel = \"{name}\"\nfields = [{{ name = \"owner\", type = \
             \"ForeignKey\", to = \"shop.Person\", on_delete = \"CASCADE\" }}]\n"
        )
    };
    let workspace = shop(&[("0001_initial.toml", &format!("{PERSON}{}{}", child("Pet"), child("Toy")))]);
    workspace.manage(["migrate", "-v0"]).succeeds();
    orphan(&workspace, "shop_toy");
    workspace.write(
        "migrations/shop/0002_x.toml",
        "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"AddField\"\nmodel = \"Pet\"\n\
         field = { name = \"age\", type = \"PositiveInteger\", default = 7 }\n[[operation]]\nop = \"AddConstraint\"\n\
         model = \"Person\"\nconstraint = { check = \"name <> ''\" }\n",
    );
    workspace.manage(["migrate", "-v0"]).succeeds_with("");
    let db = database(&workspace, "db.sqlite3");
    assert_eq!(texts(&db, "SELECT CAST(owner_id AS TEXT) FROM shop_toy"), ["99"]);
}

/// Puts a row into a table that points to a person who is not there.
pub(super) fn orphan(workspace: &Workspace, table: &str) {
    block_on(async {
        let mut raw = database(workspace, "db.sqlite3").writer().await.unwrap();
        let row = format!("INSERT INTO {table} (owner_id) VALUES (99)");
        raw.batch(&["PRAGMA foreign_keys=OFF", &row, "PRAGMA foreign_keys=ON"]).await.unwrap();
    });
}

#[test]
fn a_view_that_a_rebuilt_table_would_break_is_told() {
    let workspace = shop(&[(
        "0001_initial.toml",
        "[[operation]]\nop = \"CreateModel\"\nmodel = \"Person\"\n\
         fields = [{ name = \"name\", type = \"Slug\" }, { name = \"n\", type = \"Integer\" }]\n",
    )]);
    workspace.manage(["migrate"]).succeeds();
    let db = database(&workspace, "db.sqlite3");
    block_on(db.execute("CREATE VIEW people AS SELECT name FROM shop_person", params![])).unwrap();
    workspace.write(
        "migrations/shop/0002_x.toml",
        "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"RemoveField\"\nmodel = \"Person\"\n\
         name = \"name\"\n",
    );
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: applying shop.0002_x on database `default` failed at migrations/shop/0002_x.toml:2\n  \
         statement: SELECT 1 FROM \"people\" LIMIT 0\n  the whole migration was rolled back\n  \
         because: no such column: name\nhint: correct the cause and run `manage migrate` again\n",
    );
    workspace.write("migrations/shop/0002_x.toml", "depends = [\"shop.0001_initial\"]\n");
    workspace.manage(["migrate"]).succeeds();
}

#[test]
fn rows_that_would_point_to_nothing_are_refused() {
    let workspace = shop(&[
        ("0001_initial.toml", PERSON),
        (
            "0002_pet.toml",
            "depends = [\"shop.0001_initial\"]\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Pet\"\n\
             fields = [{ name = \"name\", type = \"Text\" }]\n",
        ),
        (
            "0003_owner.toml",
            "depends = [\"shop.0002_pet\"]\n\
             [[operation]]\nop = \"RunSql\"\nforwards = \"INSERT INTO shop_pet (name) VALUES ('x')\"\n\
             [[operation]]\nop = \"AddField\"\nmodel = \"Pet\"\n\
             field = { name = \"owner\", type = \"ForeignKey\", to = \"shop.Person\", default = 5 }\n",
        ),
    ]);
    let told = workspace.manage(["migrate"]).fails(1);
    assert!(
        told.contains(
            "because: 1 row of table shop_pet would point to rows of shop_person that do not exist"
        ),
        "{told}"
    );
    assert!(
        workspace.manage(["showmigrations", "--format", "plain"]).succeeds().ends_with(" [ ] 0003_owner\n")
    );
}

#[test]
fn an_app_that_moves_is_made_on_its_new_database_and_what_stays_is_said() {
    let workspace = two_databases();
    workspace.manage(["migrate"]).succeeds();
    workspace.write("settings/base.toml", &TWO.replace("people = \"users\"", "people = \"default\""));
    let run = workspace.manage(["migrate"]);
    assert_eq!(
        run.stderr,
        "app `people` lives on default now; its tables on database `users` stay as they are\n"
    );
    assert!(run.succeeds().contains("Applying people.0001_initial... OK"));
}

#[test]
fn an_app_that_nobody_declared_is_refused() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", ONE);
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: `apps` names `shop`, which is neither built in nor declared\n\
         hint: declare it in models/shop.toml, or give it migrations in migrations/shop/\n",
    );
    workspace.write("models/shop.toml", "[Person]\nfields = [{ name = \"name\", type = \"Txt\" }]\n");
    assert!(
        workspace
            .manage(["migrate"])
            .fails(1)
            .starts_with("error: models/shop.toml:2: unknown variant `Txt`")
    );
}

#[test]
fn the_waiting_one_says_who_it_waits_for() {
    let workspace = shop(&[("0001_initial.toml", PERSON)]);
    let lock = std::fs::File::create(workspace.path().join("db.sqlite3.migrate-lock")).unwrap();
    lock.lock().unwrap();
    std::fs::write(workspace.path().join("db.sqlite3.migrate-lock"), "process 4711").unwrap();
    let child = workspace.command(["migrate"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    lock.unlock().unwrap();
    let run = crate::support::Run::of(child);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "database `default` is being migrated by another process (process 4711); waiting for at most 10 minutes\n"
        )
    );
}

#[test]
fn a_copy_of_nothing_and_a_route_to_a_copy_are_told_with_their_place() {
    let workspace = two_databases();
    workspace.write(
        "settings/base.toml",
        &(TWO.to_owned()
            + "[databases.away]\nname = \"a\"\nreplica_of = \"nobody\"\n\
               [databases.copy]\nname = \"c\"\nreplica_of = \"users\"\n\
               [databases.second]\nname = \"s\"\nreplica_of = \"copy\"\n\
               [databases.self]\nname = \"s\"\nreplica_of = \"self\"\n")
            .replace("people = \"users\"", "people = \"copy\""),
    );
    workspace.manage(["check"]).fails_with(
        1,
        "error: the settings have 4 problems\n\
         \x20 settings/base.toml:7:1: `routes.people`: `copy` is a copy of `users` and cannot be written to; route it \
         to `users`\n\
         \x20 settings/base.toml:10:1: `databases.away.replica_of`: there is no database `nobody`; configured: \
         `away`, `copy`, `default`, `second`, `self` or `users`\n\
         \x20 settings/base.toml:16:1: `databases.second.replica_of`: `copy` is a copy itself; name `users`\n\
         \x20 settings/base.toml:19:1: `databases.self.replica_of`: a database is no copy of itself\n",
    );
    workspace.write(
        "settings/base.toml",
        &TWO.replace("[routes]", "[routes]\n")
            .replace("[databases.users]", "replica_of = \"users\"\n[databases.users]"),
    );
    workspace.manage(["check"]).fails_with(
        1,
        "error: the settings are wrong: settings/base.toml:4:1: `databases.default.replica_of`: apps without a route live on `default`, so it \
         cannot be a copy\n",
    );
}
