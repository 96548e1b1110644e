//! `manage createdb` and `manage dropdb`, as far as they need no server.

use crate::support::Workspace;

const TWO: &str = "[databases.default]\nurl = \"sqlite:///a.sqlite3\"\n[databases.users]\nurl = \"sqlite:///u.sqlite3\"\n\
                   [databases.copy]\nurl = \"sqlite:///c.sqlite3\"\nreplica_of = \"users\"\n";

#[test]
fn createdb_makes_all_that_are_written_to() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", TWO);
    let root = workspace.path().display();
    workspace
        .manage(["createdb", "--database", "users"])
        .succeeds_with(&format!("Created database users (SQLite {root}/u.sqlite3).\n"));
    workspace.manage(["createdb"]).succeeds_with(&format!(
        "Created database default (SQLite {root}/a.sqlite3).\n\
         Database users (SQLite {root}/u.sqlite3) exists already.\n"
    ));
    assert!(!workspace.path().join("c.sqlite3").exists());
    workspace.manage(["createdb", "--database", "copy"]).fails_with(
        2,
        "error: database `copy` is a copy of `users`\n\
         hint: name the database that is written to: `--database users`\n",
    );
}

#[test]
fn a_database_that_cannot_be_made_does_not_keep_the_others_from_it() {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", &TWO.replace("sqlite:///a.sqlite3", "sqlite:///a.sqlite3/b/c.sqlite3"));
    workspace.write("a.sqlite3", "");
    let run = workspace.manage(["createdb"]);
    assert!(run.stdout.starts_with("Created database users"), "{}", run.stdout);
    assert!(run.fails(1).starts_with("error: database `default`: the folder "));
}

#[test]
fn of_several_databases_the_one_to_drop_is_named() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", TWO);
    workspace.manage(["createdb"]).succeeds();
    workspace.manage(["dropdb", "--yes"]).fails_with(
        2,
        "error: there are several databases: `--database` names the one to drop\n\
         hint: configured databases: default, users\n",
    );
    workspace.manage(["dropdb", "--yes", "--database", "copy"]).fails_with(
        2,
        "error: database `copy` is a copy of `users`\n\
         hint: name the database that is written to: `--database users`\n",
    );
    workspace.manage(["dropdb", "--yes", "--database", "users"]).succeeds();
    assert!(workspace.path().join("a.sqlite3").exists() && !workspace.path().join("u.sqlite3").exists());
}

#[test]
fn a_database_in_memory_is_neither_made_nor_dropped() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", "[databases.default]\nengine = \"sqlite\"\nname = \":memory:\"\n");
    for command in [&["createdb"][..], &["dropdb", "--yes"]] {
        workspace.manage(command).fails_with(
            1,
            "error: database `default`: it is in memory: each connection has its own, which ends with it\n",
        );
    }
}

#[test]
fn a_file_that_is_being_migrated_is_not_dropped() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", "[databases.default]\nurl = \"sqlite:///a.sqlite3\"\n");
    workspace.manage(["createdb"]).succeeds();
    let lock = std::fs::File::create(workspace.path().join("a.sqlite3.migrate-lock")).unwrap();
    lock.lock().unwrap();
    workspace
        .manage(["dropdb", "--yes", "--force"])
        .fails_with(1, "error: database `default`: another process is migrating it\n");
    assert!(workspace.path().join("a.sqlite3").exists());
    lock.unlock().unwrap();
    workspace.manage(["dropdb", "--yes"]).succeeds();
    let left: Vec<_> =
        std::fs::read_dir(workspace.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["settings"]);
}
