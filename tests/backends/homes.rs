//! Several aliases of one database are one database.

use manage::db::migrations::Session;
use manage::db::{Database, Row, Value};

use crate::support::{Kind, Run, Server, TestDatabase, block_on, on_every_database};

const CUSTOMER: &str = "[[operation]]\nop = \"CreateModel\"\nmodel = \"Customer\"\n\
                        fields = [{ name = \"name\", type = \"Char\", max_length = 80 }]\n";
const ORDER: &str = "depends = [\"crm.0001_initial\"]\n[[operation]]\nop = \"CreateModel\"\nmodel = \"Order\"\n\
                     fields = [{ name = \"buyer\", type = \"ForeignKey\", to = \"crm.Customer\" }]\n";

/// Another way to the same database: another name of the server, or a link to the file.
fn other_way(db: &TestDatabase) -> String {
    if !db.url.starts_with("sqlite") {
        return db.url.replace("127.0.0.1", "localhost");
    }
    let link = db.workspace.path().join("link.sqlite3");
    std::os::unix::fs::symlink("test.sqlite3", link).unwrap();
    "sqlite:///./link.sqlite3".to_owned()
}

/// `shop` lives on `default` and `crm`, which it points to, on `customers`, at `url`.
fn two_aliases(db: &TestDatabase, url: &str) {
    db.workspace
        .write(
            "settings/base.toml",
            &format!(
                "apps = [\"shop\", \"crm\"]\n[databases.default]\nurl = \"{}\"\n[databases.customers]\nurl = \"{url}\"\n\
                 [routes]\ncrm = \"customers\"\n",
                db.url
            ),
        )
        .write("migrations/crm/0001_initial.toml", CUSTOMER)
        .write("migrations/shop/0001_initial.toml", ORDER)
        .write("models/crm.toml", "[Customer]\nfields = [{ name = \"name\", type = \"Char\", max_length = 80 }]\n")
        .write(
            "models/shop.toml",
            "[Order]\nfields = [{ name = \"buyer\", type = \"ForeignKey\", to = \"crm.Customer\" }]\n",
        );
}

const SAME: &str = "customers is the same database as default\n";

/// Asserts success, the whole answer and the whole of what was said.
#[track_caller]
fn tells(run: Run, stdout: &str, stderr: &str) {
    let Run { status, stdout: answered, stderr: said } = run;
    assert_eq!((status, answered.as_str(), said.as_str()), (0, stdout, stderr));
}

on_every_database! {
    async fn two_ways_to_one_database_are_migrated_once_under_the_routes_of_both(db in TestDatabase) {
        two_aliases(&db, &other_way(&db));
        let manage = |args: &[&str]| db.workspace.manage(args);
        assert_eq!(manage(&["migrate", "--check"]).fails(4), SAME);
        tells(
            manage(&["migrate"]),
            "Operations to perform:\n  Apply all migrations: crm, shop\nRunning migrations:\n  \
             Applying crm.0001_initial... OK\n  Applying shop.0001_initial... OK\n",
            SAME,
        );
        let idle = "Operations to perform:\n  Apply all migrations: crm, shop\nRunning migrations:\n  \
                    No migrations to apply.\n";
        tells(manage(&["migrate"]), idle, SAME);
        // No word of tables that are left behind: they are the live ones.
        tells(manage(&["migrate", "--database", "default", "--database", "customers"]), idle, SAME);
        tells(manage(&["migrate", "--database", "customers"]), idle, "default is the same database as customers\n");
        tells(manage(&["migrate", "--database", "default"]), idle, SAME);
        tells(manage(&["migrate", "--plan"]), "Planned operations:\n  No planned migration operations.\n", SAME);
        tells(
            manage(&["showmigrations", "--format", "plain"]),
            "crm\n [X] 0001_initial\nshop\n [X] 0001_initial\n",
            &format!("{SAME}2 migrations, all applied\n"),
        );
        tells(
            manage(&["check", "--database", "default", "--database", "customers"]),
            "System check identified no issues (0 silenced).\n",
            SAME,
        );
        tells(manage(&["check"]), "System check identified no issues (0 silenced).\n", SAME);
        // The key from one app to the other is a real one, and `sqlmigrate` shows it.
        assert!(db.database.execute("INSERT INTO shop_order (buyer_id) VALUES (7)", &[]).await.is_err());
        for alias in ["default", "customers"] {
            let sql = manage(&["sqlmigrate", "shop", "0001", "--database", alias]).succeeds();
            assert!(sql.contains("REFERENCES"), "{sql}");
        }
    }

    async fn migrating_alias_by_alias_does_the_whole_job_at_once(db in TestDatabase) {
        two_aliases(&db, &other_way(&db));
        let said = db.workspace.manage(["migrate", "--database", "customers"]);
        assert_eq!(said.stderr, "default is the same database as customers\n");
        assert_eq!(said.succeeds().matches("... OK").count(), 2);
        let said = db.workspace.manage(["migrate", "shop", "zero", "--database", "default"]);
        assert_eq!(said.stderr, SAME);
        assert_eq!(said.succeeds().matches("... OK").count(), 1);
    }

    async fn databases_that_only_share_a_server_or_a_folder_stay_two(db in TestDatabase) {
        let other = TestDatabase::create(db.kind).await;
        two_aliases(&db, &match db.kind {
            Kind::Sqlite => format!("sqlite:///{}", other.workspace.path().join("test.sqlite3").display()),
            _ => other.url.replace("127.0.0.1", "localhost"),
        });
        let run = db.workspace.manage(["migrate"]);
        assert_eq!(run.stderr, "");
        let answer = run.succeeds();
        assert!(answer.contains("Database customers:\n") && answer.contains("Database default:\n"), "{answer}");
        assert!(other.database.execute("INSERT INTO crm_customer (name) VALUES ('a')", &[]).await.is_ok());
        assert!(db.database.execute("INSERT INTO crm_customer (name) VALUES ('a')", &[]).await.is_err());
    }

    async fn an_alias_that_nobody_named_and_that_is_away_holds_nobody_up(db in TestDatabase) {
        let away = match db.kind {
            Kind::Sqlite => "sqlite:///missing/away.sqlite3",
            Kind::Postgresql => "postgresql://me@127.0.0.1:1/away",
            Kind::Mariadb => "mysql://me@127.0.0.1:1/away",
        };
        two_aliases(&db, away);
        let run = db.workspace.manage(["migrate", "shop", "--database", "default"]);
        let warning = "warning: shop.0001_initial depends on crm.0001_initial of database `customers`, and nobody knows \
                       whether that is applied: cannot connect to database `customers`";
        assert!(run.stderr.starts_with(warning) && run.stderr.lines().count() == 1, "{}", run.stderr);
        assert!(run.succeeds().contains("Applying shop.0001_initial... OK"));
        assert!(db.workspace.manage(["migrate"]).fails(5).contains("cannot connect to database `customers`"));
    }

    async fn the_wait_for_a_lock_ends_and_says_who_has_it(db in TestDatabase) {
        two_aliases(&db, &other_way(&db));
        let holder = Session::open_locked(db.database.backend(), None, &mut |_, _| ()).await.unwrap();
        let settings = std::fs::read_to_string(db.workspace.path().join("settings/base.toml")).unwrap();
        let short = settings.replace("[routes]", "lock_timeout = 1\n[routes]");
        let short = short.replace("[databases.customers]", "lock_timeout = 1\n[databases.customers]");
        db.workspace.write("settings/base.toml", &short);
        let told = db.workspace.manage(["migrate"]).fails(1);
        let (waiting, ended) = told.strip_prefix(SAME).unwrap().split_once('\n').unwrap();
        let who = waiting
            .strip_prefix("database `default` is being migrated by another process (")
            .and_then(|rest| rest.strip_suffix("); waiting for at most 1 s"))
            .unwrap_or_else(|| panic!("{told}"));
        assert!(who.contains(|letter: char| letter.is_ascii_digit()), "{told}");
        assert_eq!(ended, format!(
            "error: database `default` is still being migrated by another process ({who}) after 1 s\n\
             hint: let it finish and run the command again; `--wait`, or `lock_timeout` of `databases.default`, says how long to wait\n"
        ));
        // Without a limit of its own it is ten minutes.
        db.workspace.write("settings/base.toml", &settings);
        let child = db.workspace.command(["migrate"]).spawn().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        drop(holder);
        let run = Run::of(child);
        assert!(run.stderr.ends_with("; waiting for at most 10 minutes\n"), "{}", run.stderr);
        assert_eq!(run.succeeds().matches("... OK").count(), 2);
    }

    async fn a_copy_is_never_migrated_locked_or_looked_at(db in TestDatabase) {
        let copy = match db.kind {
            Kind::Sqlite => "sqlite:///missing/copy.sqlite3",
            Kind::Postgresql => "postgresql://me@127.0.0.1:1/copy",
            Kind::Mariadb => "mysql://me@127.0.0.1:1/copy",
        };
        two_aliases(&db, &format!("{copy}\"\nreplica_of = \"default"));
        let settings = std::fs::read_to_string(db.workspace.path().join("settings/base.toml")).unwrap();
        db.workspace.write("settings/base.toml", &settings.replace("crm = \"customers\"", ""));
        let run = db.workspace.manage(["migrate"]);
        assert_eq!(run.stderr, "");
        assert!(run.succeeds().starts_with("Operations to perform:\n  Apply all migrations: crm, shop\n"));
        db.workspace.manage(["migrate", "--check"]).succeeds_with("");
        db.workspace.manage(["showmigrations", "--format", "plain"]).succeeds_with(
            "crm\n [X] 0001_initial\nshop\n [X] 0001_initial\n",
        );
        for command in [&["migrate"][..], &["showmigrations"], &["sqlmigrate", "shop", "0001"]] {
            db.workspace.manage([command, &["--database", "customers"]].concat()).fails_with(
                2,
                "error: database `customers` is a copy of `default`\n\
                 hint: name the database that is written to: `--database default`\n",
            );
        }
    }
}

/// The file of the socket of a server on this machine.
async fn socket(database: &Database) -> String {
    let sql = match database.dialect() {
        "postgresql" => "SHOW unix_socket_directories",
        _ => "SELECT @@socket",
    };
    let rows: Vec<Row> = database.query(sql, &[]).await.unwrap();
    let Value::Text(socket) = &rows[0].values()[0] else { panic!("no socket") };
    socket.clone()
}

#[test]
fn a_socket_leads_to_the_same_database_as_an_address() {
    block_on(async {
        for kind in [Kind::Postgresql, Kind::Mariadb] {
            let db = TestDatabase::create(kind).await;
            let socket = socket(&db.database).await;
            let (scheme, rest) = db.url.split_once("127.0.0.1").unwrap();
            two_aliases(&db, &format!("{scheme}{}{rest}", socket.replace('/', "%2F")));
            let run = db.workspace.manage(["migrate"]);
            assert_eq!(run.stderr, SAME);
            assert_eq!(run.succeeds().matches("... OK").count(), 2);
        }
    });
}

#[test]
fn an_account_that_may_do_next_to_nothing_is_told_who_the_server_is() {
    block_on(async {
        for kind in [Kind::Postgresql, Kind::Mariadb] {
            let db = TestDatabase::create(kind).await;
            let (_, name) = db.url.rsplit_once('/').unwrap();
            let account = format!("a{}", &name[name.len() - 12..]);
            let made = match kind {
                Kind::Postgresql => vec![format!("CREATE ROLE {account} LOGIN PASSWORD 'hush'")],
                _ => vec![
                    format!("CREATE USER {account} IDENTIFIED BY 'hush'"),
                    format!("GRANT SELECT ON {name}.* TO {account}"),
                ],
            };
            for sql in &made {
                db.database.execute(sql, &[]).await.unwrap();
            }
            let (scheme, rest) = db.url.split_once("://").unwrap();
            let (_, address) = rest.split_once('@').unwrap();
            two_aliases(
                &db,
                &format!("{scheme}://{account}:hush@{}", address.replace("127.0.0.1", "localhost")),
            );
            let run = db.workspace.manage(["showmigrations", "--format", "plain"]);
            assert_eq!(run.stderr, format!("{SAME}2 migrations, 2 pending\n"));
            run.succeeds_with("crm\n [ ] 0001_initial\nshop\n [ ] 0001_initial\n");
            let drop = if kind == Kind::Postgresql { "DROP ROLE" } else { "DROP USER" };
            db.database.execute(&format!("{drop} {account}"), &[]).await.unwrap();
        }
    });
}

#[test]
fn two_schemas_of_one_postgresql_database_stay_two() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        db.database.execute("CREATE SCHEMA customers", &[]).await.unwrap();
        two_aliases(&db, &format!("{}?options=-c%20search_path%3Dcustomers", db.url));
        let run = db.workspace.manage(["migrate"]);
        assert_eq!(run.stderr, "");
        run.succeeds();
        assert!(
            db.database.execute("INSERT INTO customers.crm_customer (name) VALUES ('a')", &[]).await.is_ok()
        );
    });
}

#[test]
fn readyz_counts_what_two_aliases_of_one_database_lack_once() {
    block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        let users = other_way(&db);
        let mut workspace = db.workspace;
        workspace.set("MANAGE__DATABASES__DEFAULT__URL", &db.url);
        workspace.set("MANAGE__DATABASES__USERS__URL", &users);
        let run = workspace.manage(["migrate"]);
        assert_eq!(run.stderr, "users is the same database as default\n");
        let answer = run.succeeds();
        assert_eq!(answer.matches("Operations to perform").count(), 1, "{answer}");
        let server = Server::of(workspace);
        assert!(!server.log().contains("not applied"), "{}", server.log());
        let ready = server.browser().get("/readyz");
        assert_eq!(
            (ready.status, ready.body.as_str()),
            (
                200,
                "{\"databases\":{\"default\":\"ok\",\"users\":\"ok\"},\"pending_migrations\":0,\"status\":\"ok\"}"
            )
        );
    });
}
