use crate::support::{Kind, TestDatabase, block_on};

/// Runs the vendor's own client on a fresh database.
fn answers(kind: Kind, args: &[&str]) -> String {
    let mut database = block_on(TestDatabase::create(kind));
    let url = database.url.clone();
    database.workspace.set("MANAGE__DATABASES__DEFAULT__URL", &url);
    database.workspace.manage(["dbshell", "--"].iter().chain(args)).succeeds()
}

#[test]
fn opens_the_configured_server_with_the_client_that_belongs_to_it() {
    assert_eq!(answers(Kind::Postgresql, &["-Atc", "SELECT 1 + 1"]), "2\n");
    assert_eq!(answers(Kind::Mariadb, &["-Ne", "SELECT 1 + 1"]), "2\n");
}

#[test]
fn a_missing_client_is_named() {
    let mut database = block_on(TestDatabase::create(Kind::Sqlite));
    database.workspace.set("PATH", "/nowhere");
    database.workspace.manage(["dbshell"]).fails_with(
        1,
        "error: the client `sqlite3` is not installed or not on the path\nhint: install `sqlite3`\n",
    );
}

#[test]
fn an_unknown_database_names_the_known_ones() {
    let workspace = crate::support::Workspace::new();
    workspace.manage(["dbshell", "--database", "user"]).fails_with(
        2,
        "error: the connection `user` doesn't exist\nhint: did you mean `users`?\n\
         hint: configured databases: default, users\n",
    );
}
