//! `createdb` and `dropdb`.

use manage::conf::DatabaseSettings;
use manage::db::{Database, backends};

use crate::support::{Kind, TestDatabase, on_every_database};

/// Points the project of a test at a database that is not there, with a name that needs quotes. Gives its place.
fn somewhere_else(db: &mut TestDatabase) -> String {
    let url = match db.kind {
        Kind::Sqlite => "sqlite:///deep/down/o'clock.sqlite3".to_owned(),
        _ => {
            let (_, name) = db.url.rsplit_once('/').unwrap();
            db.url.replace(name, &format!("{name}%20it's%20\"`x"))
        }
    };
    db.workspace.set("MANAGE__DATABASES__DEFAULT__URL", &url);
    db.workspace
        .write("settings/base.toml", "apps = [\"shop\"]\n")
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE a (b integer);");
    let settings = DatabaseSettings::from_url(&url).unwrap();
    let backend = backends::create("default", &settings, db.workspace.path()).unwrap();
    db.database = Database::new(backend, &settings);
    let backend = db.database.backend();
    format!("default ({} {})", backend.features().display_name, backend.address())
}

on_every_database! {
    async fn a_database_is_made_once_and_dropped_with_all_that_is_in_it(mut db in TestDatabase) {
        let place = somewhere_else(&mut db);
        let missing = db.workspace.manage(["migrate"]).fails(5);
        assert!(missing.ends_with("hint: `manage createdb --database default` makes it\n"), "{missing}");
        db.workspace.manage(["createdb"]).succeeds_with(&format!("Created database {place}.\n"));
        db.workspace.manage(["createdb", "--database", "default"])
            .succeeds_with(&format!("Database {place} exists already.\n"));
        db.workspace.manage(["migrate"]).succeeds();
        // It holds every text.
        db.database.execute("CREATE TABLE words (word varchar(20))", &[]).await.unwrap();
        db.database.execute("INSERT INTO words VALUES (?)", manage::db::params!["日本🦀"]).await.unwrap();
        db.database = db.reopen(|_| ());

        // Where DDL commits by itself, the history has a second table.
        let tables = if db.kind == Kind::Mariadb { 4 } else { 3 };
        let run = db.workspace.manage(["dropdb"]);
        assert_eq!(run.stdout, format!("Database {place}:\n  {tables} tables, 1 applied migration of shop\n"));
        run.fails_with(
            3,
            "error: cannot ask for `Drop it with all that is in it?`: there is no terminal\n\
             hint: `--yes` drops it without asking\n",
        );
        db.workspace.manage(["migrate", "--check"]).succeeds();
        db.workspace.manage(["dropdb", "--yes"]).succeeds_with(&format!(
            "Database {place}:\n  {tables} tables, 1 applied migration of shop\nDropped database {place}.\n"
        ));
        db.workspace.manage(["dropdb", "--yes"]).succeeds_with(&format!("Database {place} is not there.\n"));
        if db.kind == Kind::Sqlite {
            assert_eq!(std::fs::read_dir(db.workspace.path().join("deep/down")).unwrap().count(), 0);
        }
    }

    async fn a_database_in_use_is_dropped_by_force_alone(mut db in TestDatabase) {
        let place = somewhere_else(&mut db);
        db.workspace.manage(["createdb"]).succeeds();
        db.database.execute("CREATE TABLE words (word varchar(20))", &[]).await.unwrap();
        let told = db.workspace.manage(["dropdb", "--yes"]).fails(1);
        let who = match db.kind {
            Kind::Sqlite => "another program that has the file open\n",
            Kind::Postgresql => "process ",
            Kind::Mariadb => "connection ",
        };
        assert!(told.starts_with(&format!("error: database `default` is in use by {who}")), "{told}");
        assert!(told.ends_with("\nhint: let them end first; `--force` drops it nevertheless\n"), "{told}");
        db.database.query::<(i64,)>("SELECT count(*) FROM words", &[]).await.unwrap();
        db.workspace.manage(["dropdb", "--yes", "--force"]).succeeds_with(&format!(
            "Database {place}:\n  1 table, 0 applied migrations\nDropped database {place}.\n"
        ));
    }

    async fn the_servers_own_database_is_never_dropped(mut db in TestDatabase) {
        let name = match db.kind {
            Kind::Sqlite => return,
            Kind::Postgresql => "postgres",
            Kind::Mariadb => "mysql",
        };
        let (server, _) = db.url.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        db.workspace.set("MANAGE__DATABASES__DEFAULT__URL", &url).write("settings/base.toml", "apps = []\n");
        db.workspace.manage(["dropdb", "--yes", "--force"]).fails_with(
            1,
            "error: database `default`: the database belongs to the server and is not dropped\n",
        );
    }
}
