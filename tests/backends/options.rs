//! Options of a URL: each is read, or refused.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use manage::conf::DatabaseSettings;
use manage::db::{Database, Error, FromRow, StatementKind, backends};

use crate::support::{Kind, TestDatabase, block_on, on_every_database};

/// The database of `db` as a URL with these options describes it.
fn with_options(db: &TestDatabase, options: &str) -> Result<Database, String> {
    let settings = DatabaseSettings::from_url(&format!("{}?{options}", db.url))?;
    let backend =
        backends::create("default", &settings, db.workspace.path()).map_err(|error| error.to_string())?;
    Ok(Database::new(backend, &settings))
}

#[track_caller]
fn refused(db: &TestDatabase, options: &str) -> String {
    with_options(db, options).err().unwrap_or_else(|| panic!("{options} is not refused"))
}

async fn one<T: FromRow>(db: &TestDatabase, options: &str, sql: &str) -> T {
    let database = with_options(db, options).unwrap();
    database.query_optional(sql, &[]).await.unwrap().unwrap()
}

on_every_database! {
    async fn an_option_that_nobody_reads_is_refused_with_the_nearest_one(db in TestDatabase) {
        let (mistyped, nearest) = match db.kind {
            Kind::Sqlite => ("timeuot=3", "timeuot`; did you mean `timeout`?"),
            Kind::Postgresql => ("sslmod=require", "sslmod`; did you mean `sslmode`?"),
            Kind::Mariadb => ("sslmode=required", "sslmode`; did you mean `ssl_mode`?"),
        };
        assert_eq!(refused(&db, mistyped), format!("database `default`: unknown option `{nearest}"));
        // Without a value as well, and those that another kind has.
        let other = if db.kind == Kind::Sqlite { "application_name=x" } else { "transaction_mode=IMMEDIATE" };
        for option in ["zzz", other] {
            let name = option.split('=').next().unwrap();
            let told = refused(&db, option);
            assert!(told.starts_with(&format!("database `default`: unknown option `{name}`; ")), "{told}");
        }
        let mut settings = format!("[databases.default]\nurl = \"{}\"\n", db.url);
        settings.push_str(&format!("[databases.default.options]\n{}\n", mistyped.replace('=', " = \"") + "\""));
        db.workspace.write("settings/base.toml", &format!("apps = [\"shop\"]\n{settings}"))
            .write("models/shop.toml", "");
        db.workspace.manage(["check"]).fails_with(1, &format!("error: database `default`: unknown option `{nearest}\n"));
    }

    async fn a_server_that_says_nothing_is_waited_for_as_long_as_the_url_says(db in TestDatabase) {
        if db.kind == Kind::Sqlite {
            return;
        }
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = db.url.split("://").next().unwrap();
        let port = silent.local_addr().unwrap().port();
        let url = format!("{scheme}://me@127.0.0.1:{port}/site?connect_timeout=0.3");
        let settings = DatabaseSettings::from_url(&url).unwrap();
        let backend = backends::create("default", &settings, db.workspace.path()).unwrap();
        let start = Instant::now();
        let Err(error) = backend.connect().await else { panic!("connected to nobody") };
        assert!(error.to_string().ends_with("no answer within 0.3 s"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn postgresql_has_the_options_of_libpq() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        let name = |(name,): (String,)| name;
        let sql = "SELECT current_setting('application_name')";
        assert_eq!(name(one(&db, "application_name=shop", sql).await), "shop");
        assert_eq!(name(one(&db, "fallback_application_name=shop", sql).await), "shop");
        assert_eq!(name(one(&db, "", sql).await), "manage");
        let options = "options=-c%20search_path%3Dother%20-c%20work_mem%3D8MB";
        let sql = "SELECT current_setting('search_path') || ' ' || current_setting('work_mem') || ' ' \
                   || current_setting('timezone')";
        assert_eq!(name(one(&db, options, sql).await), "other 8MB UTC");
        let harmless = "client_encoding=UTF8&gssencmode=disable&keepalives=1&keepalives_idle=30\
                        &keepalives_interval=5&keepalives_count=3&tcp_user_timeout=9000&channel_binding=prefer\
                        &target_session_attrs=read-write";
        assert_eq!(one::<(i64,)>(&db, harmless, "SELECT 1").await, (1,));
        let standby = with_options(&db, "target_session_attrs=read-only").unwrap();
        assert!(matches!(standby.query::<(i64,)>("SELECT 1", &[]).await, Err(Error::Connect { .. })));
        for (option, told) in [
            ("client_encoding=latin1", "unknown client_encoding `latin1`; known: utf8, utf-8, unicode, auto"),
            ("keepalives_count=many", "option `keepalives_count`: expected a whole number"),
            ("connect_timeout=soon", "option `connect_timeout`: expected a number of seconds"),
            ("sslcert=a.pem", "`sslcert` and `sslkey` belong together"),
        ] {
            assert_eq!(refused(&db, option), format!("database `default`: {told}"));
        }
        let missing = with_options(&db, "sslcert=a.pem&sslkey=b.pem").unwrap();
        let told = missing.query::<(i64,)>("SELECT 1", &[]).await.unwrap_err().to_string();
        assert!(told.contains("the certificate ") && told.contains("a.pem cannot be read"), "{told}");
    });
}

#[test]
fn a_program_shows_postgresql_its_own_certificate() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        let root = db.workspace.path();
        let made = std::process::Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=me", "-days", "2"])
            .args(["-keyout", "me.key", "-out", "me.pem"])
            .current_dir(root)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let options = "sslmode=require&sslcert=me.pem&sslkey=me.key";
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        assert_eq!(one::<(bool,)>(&db, options, sql).await, (true,));
    });
}

#[test]
fn mariadb_has_the_options_of_its_clients() {
    block_on(async {
        let db = TestDatabase::create(Kind::Mariadb).await;
        let text = |(text,): (String,)| text;
        let collation = "charset=utf8mb4&collation=utf8mb4_bin";
        assert_eq!(text(one(&db, collation, "SELECT @@collation_connection").await), "utf8mb4_bin");
        let level = "isolation_level=repeatable%20read";
        assert_eq!(text(one(&db, level, "SELECT @@tx_isolation").await), "REPEATABLE-READ");
        assert_eq!(text(one(&db, "", "SELECT @@tx_isolation").await), "READ-COMMITTED");
        let command = "init_command=SET%20SESSION%20wait_timeout%20%3D%2077";
        assert_eq!(one::<(i64,)>(&db, command, "SELECT @@wait_timeout").await, (77,));
        let socket = text(one(&db, "", "SELECT @@socket").await);
        assert_eq!(one::<(i64,)>(&db, &format!("unix_socket={socket}"), "SELECT 1").await, (1,));
        for (option, told) in [
            ("charset=latin1", "unknown charset `latin1`; known: utf8mb4"),
            ("collation=x;y", "option `collation`: expected the name of one"),
            ("ssl_key=a.pem", "`ssl_cert` and `ssl_key` belong together"),
        ] {
            assert_eq!(refused(&db, option), format!("database `default`: {told}"));
        }
    });
}

#[test]
fn sqlite_opens_a_file_as_its_url_says() {
    block_on(async {
        let db = TestDatabase::create(Kind::Sqlite).await;
        let absent = with_options(&db, "mode=rw").unwrap();
        assert!(matches!(absent.query::<(i64,)>("SELECT 1", &[]).await, Err(Error::Connect { .. })));
        db.database.execute("CREATE TABLE t (n integer)", &[]).await.unwrap();
        let reader = with_options(&db, "mode=ro").unwrap();
        assert_eq!(reader.query::<(i64,)>("SELECT count(*) FROM t", &[]).await.unwrap(), [(0,)]);
        let error = reader.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
        assert_eq!(error.statement_kind(), Some(StatementKind::ReadOnly));
        let options = "transaction_mode=IMMEDIATE&init_command=PRAGMA%20cache_size%3D-77";
        assert_eq!(one::<(i64,)>(&db, options, "PRAGMA cache_size").await, (-77,));
        assert_eq!(one::<(i64,)>(&db, "timeout=0.2", "PRAGMA busy_timeout").await, (200,));
        assert!(refused(&db, "mode=memory").ends_with("unknown mode `memory`; known: ro, rw, rwc"));
    });
}

#[test]
fn a_url_may_say_where_the_server_is_behind_the_question_mark() {
    let settings =
        DatabaseSettings::from_url("postgresql:///site?host=/run/postgresql&user=me&port=5433").unwrap();
    assert_eq!(
        (settings.host.as_str(), settings.user.as_str(), settings.port),
        ("/run/postgresql", "me", Some(5433))
    );
    assert!(settings.options.is_empty());
    assert_eq!(
        DatabaseSettings::from_url("postgresql:///site?port=x").unwrap_err(),
        "`port` is no port's number"
    );
}
