//! Time-outs and faults of connections.

use std::time::{Duration, Instant};

use manage::conf::DatabaseSettings;
use manage::db::{Database, Error, Row, StatementKind, Value, backends, params};

use crate::support::{Kind, Workspace, block_on, on_every_database};

on_every_database! {
    async fn a_database_that_takes_no_change_is_named_with_the_statement_it_refused(db in TestDatabase) {
        let (address, name) = db.url.rsplit_once('/').unwrap();
        let (url, refused, hint) = match db.kind {
            Kind::Sqlite => {
                db.database.execute("CREATE TABLE a (b)", &[]).await.unwrap();
                (format!("{}?mode=ro", db.url), "attempt to write a readonly database", "is set to be read only")
            }
            Kind::Postgresql => {
                let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
                db.database.execute(&sql, &[]).await.unwrap();
                (db.url.clone(), "cannot execute CREATE TABLE in a read-only transaction", "is set to be read only")
            }
            Kind::Mariadb => {
                let account = format!("r{}", &name[name.len() - 12..]);
                db.database.execute(&format!("CREATE USER '{account}'@'%'"), &[]).await.unwrap();
                db.database.execute(&format!("GRANT SELECT ON {name}.* TO '{account}'@'%'"), &[]).await.unwrap();
                let (_, server) = address.rsplit_once('@').unwrap();
                (format!("mysql://{account}@{server}/{name}"), "CREATE command denied to user", "grant the account")
            }
        };
        let settings = format!("apps = [\"shop\"]\n[databases.default]\nurl = \"{url}\"\n");
        db.workspace.write("settings/base.toml", &settings);
        db.workspace.write("migrations/shop/0001_initial.sql", "CREATE TABLE shop (a integer);");
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.starts_with("error: database `default` at "), "{told}");
        assert!(told.contains(refused) && told.contains(hint), "{told}");
        assert!(told.contains("; refused was `CREATE TABLE "), "{told}");
    }

    async fn a_statement_that_runs_too_long_is_stopped(db in TestDatabase) {
        let sql = match db.database.dialect() {
            "postgresql" => "SELECT pg_sleep(20)",
            "mysql" => "SELECT SLEEP(20) FROM (SELECT 1) AS once",
            _ => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        };
        let limited = db.reopen(|settings| settings.statement_timeout = Some(Duration::from_millis(300)));
        let start = Instant::now();
        let answer = limited.query::<Row>(sql, &[]).await;
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(answer.unwrap_err().statement_kind(), Some(StatementKind::Timeout));
        assert_eq!(limited.query::<(i64,)>("SELECT ? + 1", params![1]).await.unwrap(), [(2,)]);
    }

    async fn connections_that_the_server_closed_are_replaced_unseen(db in TestDatabase) {
        db.database.execute("CREATE TABLE seen (n integer)", &[]).await.unwrap();
        let close = match db.database.dialect() {
            "postgresql" => "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "mysql" => "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
            _ => return,
        };
        let other = db.reopen(|_| ());
        for statement in ["read", "write"] {
            // Two connections wait idle; both are closed behind the program's back.
            let lent = (db.database.reader().await.unwrap(), db.database.reader().await.unwrap());
            drop(lent);
            for mut row in other.query::<Row>(close, &[]).await.unwrap() {
                // One server closes them while it answers, the other has to be told each.
                let Value::Int(id) = row.take(0).unwrap() else { continue };
                other.execute(&format!("KILL {id}"), &[]).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            if statement == "read" {
                assert_eq!(db.database.query::<(i64,)>("SELECT ? + 1", params![1]).await.unwrap(), [(2,)]);
            } else {
                db.database.atomic(async |tx| tx.execute("INSERT INTO seen VALUES (?)", params![1]).await).await.unwrap();
            }
        }
    }

    async fn a_caller_that_goes_away_leaves_no_answer_for_the_next(db in TestDatabase) {
        let small = db.reopen(|settings| settings.pool_size = 1);
        for number in 0_u32..120 {
            let patience = Duration::from_micros(u64::from(number) * 20);
            let dropped = async { small.query::<(i64,)>("SELECT ? + 1000", params![number]).await };
            drop(tokio::time::timeout(patience, dropped).await);
            let answer = small.query::<(i64,)>("SELECT ? + 1", params![number]).await.unwrap();
            assert_eq!(answer, [(i64::from(number) + 1,)]);
        }
    }

    async fn a_busy_pool_is_waited_for_only_so_long(db in TestDatabase) {
        let small = db.reopen(|settings| {
            settings.pool_size = 1;
            settings.pool_timeout = Duration::from_millis(200);
        });
        let held = small.reader().await.unwrap();
        let start = Instant::now();
        let Err(error) = small.reader().await else { panic!("a second connection was lent") };
        assert!(matches!(error, Error::PoolTimeout { .. }), "{error}");
        assert!(error.is_unavailable());
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        drop(held);
        assert!(small.reader().await.is_ok());
    }
}

fn connect(url: &str, root: &Workspace) -> String {
    let mut settings = DatabaseSettings::from_url(url).unwrap();
    settings.connect_timeout = Duration::from_secs(2);
    let database = Database::new(backends::create("default", &settings, root.path()).unwrap(), &settings);
    let start = Instant::now();
    let Err(error) = block_on(database.reader()) else { panic!("{url} was connected to") };
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    error.to_string()
}

#[test]
fn a_server_that_is_down_or_unknown_is_named_with_its_address_and_without_the_password() {
    let root = Workspace::new();
    for engine in ["postgresql", "mysql"] {
        let said = connect(&format!("{engine}://me:hush@127.0.0.1:1/site"), &root);
        assert_eq!(said, "cannot connect to database `default` at 127.0.0.1:1/site: connection refused");
        let said = connect(&format!("{engine}://me:hush@no-such-host.invalid:5/site"), &root);
        assert!(
            said.starts_with("cannot connect to database `default` at no-such-host.invalid:5/site: "),
            "{said}"
        );
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn a_file_that_is_none_or_no_database_is_told_apart() {
    let root = Workspace::new();
    root.write("text.sqlite3", &"this is not a database, it is a text that goes on for a while. ".repeat(40));
    let at = |name: &str| root.path().join(name).display().to_string();
    assert_eq!(
        connect("sqlite:///text.sqlite3", &root),
        format!(
            "cannot connect to database `default` at {}: the file is not a SQLite database",
            at("text.sqlite3")
        )
    );
    let said = connect("sqlite:///missing/x.sqlite3", &root);
    let (file, folder) = (at("missing/x.sqlite3"), at("missing"));
    assert_eq!(
        said,
        format!("cannot connect to database `default` at {file}: the folder {folder} does not exist")
    );
    root.write("folder/inside", "");
    assert_eq!(
        connect("sqlite:///folder", &root),
        format!("cannot connect to database `default` at {}: it is a folder", at("folder"))
    );
}
