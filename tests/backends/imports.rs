//! The histories of other tools, in tables as those tools make them.

use crate::support::{Kind, TestDatabase, on_every_database};

/// A project with the app `shop`, `more` of settings, and files that would fail if they ran.
fn shop(db: &TestDatabase, more: &str, files: &[&str]) {
    let settings = format!("apps = [\"shop\"{more}]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings);
    for file in files {
        db.workspace.write(&format!("migrations/{file}"), "SELECT this FROM nothing;\n");
    }
}

/// The statements of one vendor, each on its own.
async fn run(db: &TestDatabase, statements: [&str; 3], rows: &[&str]) {
    let [postgresql, mariadb, sqlite] = statements;
    let create = match db.kind {
        Kind::Postgresql => postgresql,
        Kind::Mariadb => mariadb,
        Kind::Sqlite => sqlite,
    };
    for sql in std::iter::once(&create).chain(rows) {
        db.database.execute(sql, &[]).await.unwrap();
    }
}

fn plain(db: &TestDatabase) -> String {
    db.workspace.manage(["showmigrations", "--format", "plain"]).succeeds()
}

/// Takes it over, and once more, and lists what is applied then.
#[track_caller]
fn taken_over(db: &TestDatabase, shown: &str, listed: &str) {
    let number = shown.lines().filter(|line| line.contains("  shop.")).count();
    let changes = if number == 1 { "1 change".to_owned() } else { format!("{number} changes") };
    let unasked = db.workspace.manage(["migrate", "--import"]);
    assert_eq!(unasked.stdout, format!("Database default:\n{shown}"), "{}", unasked.stderr);
    assert!(unasked.fails(3).contains("`--yes` changes it without asking"));
    db.workspace
        .manage(["migrate", "--import", "--yes"])
        .succeeds_with(&format!("Database default:\n{shown}{changes} of the history.\n"));
    assert_eq!(plain(db), listed);
    db.workspace.manage(["migrate", "--import", "--yes"]).succeeds_with("Nothing is to be changed.\n");
    db.workspace.manage(["migrate", "--plan"]).succeeds();
}

const REFINERY: [&str; 3] = ["CREATE TABLE IF NOT EXISTS refinery_schema_history( version INT4 PRIMARY KEY, \
     name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255))"; 3];

const RAILS: [&str; 3] = [
    "CREATE TABLE \"schema_migrations\" (\"version\" character varying NOT NULL PRIMARY KEY)",
    "CREATE TABLE `schema_migrations` (`version` varchar(255) NOT NULL PRIMARY KEY)",
    "CREATE TABLE \"schema_migrations\" (\"version\" varchar NOT NULL PRIMARY KEY)",
];

const GOLANG_MIGRATE: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (version bigint not null primary key, dirty boolean not null)",
    "CREATE TABLE `schema_migrations` (version bigint not null primary key, dirty boolean not null)",
    "CREATE TABLE IF NOT EXISTS schema_migrations (version uint64, dirty bool)",
];

const FLYWAY: [&str; 3] = [
    "CREATE TABLE \"flyway_schema_history\" (\"installed_rank\" INT NOT NULL PRIMARY KEY, \"version\" VARCHAR(50), \
     \"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, \"script\" VARCHAR(1000) NOT NULL, \
     \"checksum\" INTEGER, \"installed_by\" VARCHAR(100) NOT NULL, \"installed_on\" TIMESTAMP NOT NULL DEFAULT now(), \
     \"execution_time\" INTEGER NOT NULL, \"success\" BOOLEAN NOT NULL)",
    "CREATE TABLE `flyway_schema_history` (`installed_rank` INT NOT NULL, `version` VARCHAR(50), \
     `description` VARCHAR(200) NOT NULL, `type` VARCHAR(20) NOT NULL, `script` VARCHAR(1000) NOT NULL, \
     `checksum` INT, `installed_by` VARCHAR(100) NOT NULL, `installed_on` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
     `execution_time` INT NOT NULL, `success` BOOL NOT NULL, PRIMARY KEY (`installed_rank`))",
    "CREATE TABLE \"flyway_schema_history\" (\"installed_rank\" INT NOT NULL PRIMARY KEY, \"version\" VARCHAR(50), \
     \"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, \"script\" VARCHAR(1000) NOT NULL, \
     \"checksum\" INT, \"installed_by\" VARCHAR(100) NOT NULL, \
     \"installed_on\" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')), \
     \"execution_time\" INT NOT NULL, \"success\" BOOLEAN NOT NULL)",
];

/// A row of Flyway.
fn flyway(rank: usize, version: &str, description: &str, kind: &str, script: &str, success: bool) -> String {
    format!(
        "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, \
         execution_time, success) VALUES ({rank}, {version}, '{description}', '{kind}', '{script}', 1, 'me', 3, {success})"
    )
}

const SQLX: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
     installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
     execution_time BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
     execution_time BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
     execution_time BIGINT NOT NULL)",
];

const GOOSE: [&str; 3] = [
    "CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, \
     is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now())",
    "CREATE TABLE goose_db_version (id serial NOT NULL, version_id bigint NOT NULL, is_applied boolean NOT NULL, \
     tstamp timestamp NULL default now(), PRIMARY KEY(id))",
    "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, \
     is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))",
];

const PRISMA: [&str; 3] = [
    "CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, \
     finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, \
     started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, \
     finished_at DATETIME(3), migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at DATETIME(3), \
     started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)",
    "CREATE TABLE \"_prisma_migrations\" (\"id\" TEXT PRIMARY KEY NOT NULL, \"checksum\" TEXT NOT NULL, \
     \"finished_at\" DATETIME, \"migration_name\" TEXT NOT NULL, \"logs\" TEXT, \"rolled_back_at\" DATETIME, \
     \"started_at\" DATETIME NOT NULL DEFAULT current_timestamp, \"applied_steps_count\" INTEGER UNSIGNED NOT NULL DEFAULT 0)",
];

const DIESEL: [&str; 3] = ["CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
     run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"; 3];

const DJANGO: [&str; 3] = [
    "CREATE TABLE \"django_migrations\" (\"id\" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, \
     \"app\" varchar(255) NOT NULL, \"name\" varchar(255) NOT NULL, \"applied\" timestamp with time zone NOT NULL)",
    "CREATE TABLE `django_migrations` (`id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, `app` varchar(255) NOT NULL, \
     `name` varchar(255) NOT NULL, `applied` datetime(6) NOT NULL)",
    "CREATE TABLE \"django_migrations\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"app\" varchar(255) NOT NULL, \
     \"name\" varchar(255) NOT NULL, \"applied\" datetime NOT NULL)",
];

const DJANGO_ROWS: &str = "INSERT INTO django_migrations (app, name, applied) VALUES \
    ('contenttypes', '0001_initial', '2024-01-01 12:00:00'), ('admin', '0001_initial', '2024-01-01 12:00:00'), \
    ('admin', '0002_logentry_remove_auto_add', '2024-01-01 12:00:00'), ('shop', '0001_initial', '2024-01-01 12:00:00'), \
    ('shop', '0002_stock', '2024-01-01 12:00:00')";

on_every_database! {
    async fn of_django(db in TestDatabase) {
        shop(&db, "", &["shop/0001_initial.sql", "shop/0002_stock.sql", "shop/0003_next.sql"]);
        run(&db, DJANGO, &[DJANGO_ROWS]).await;
        taken_over(
            &db,
            "  django_migrations  migration\n  contenttypes.*     the app is not installed here\n  \
             admin.*            the app is not installed here\n  shop.0001_initial  shop.0001_initial\n  \
             shop.0002_stock    shop.0002_stock\n",
            "shop\n [X] 0001_initial\n [X] 0002_stock\n [ ] 0003_next\n",
        );
        let notes = "SELECT name FROM manage_migrations WHERE version < 0";
        let notes: Vec<(String,)> = db.database.query(notes, &[]).await.unwrap();
        assert_eq!(notes, [("takes 2 migrations from django_migrations".to_owned(),)]);
    }

    async fn of_refinery(db in TestDatabase) {
        shop(&db, "", &["shop/V1__create_users.sql", "shop/V2__add-index.sql", "shop/V3__next.sql"]);
        run(&db, REFINERY, &["INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES \
            (1, 'create_users', '2024-01-01T12:00:00Z', '1'), (2, 'add-index', '2024-01-01T12:00:00Z', '2')"]).await;
        taken_over(
            &db,
            "  refinery_schema_history  migration\n  1 create_users           shop.V1__create_users\n  \
             2 add-index              shop.V2__add_index\n",
            "shop\n [X] V1__create_users\n [X] V2__add_index\n [ ] V3__next\n",
        );
    }

    async fn of_dbmate_and_rails(db in TestDatabase) {
        shop(&db, "", &["shop/20240101120000_create-users.sql", "shop/20240102120000_next.sql"]);
        run(&db, RAILS, &["INSERT INTO schema_migrations (version) VALUES ('20240101120000')"]).await;
        taken_over(
            &db,
            "  schema_migrations  migration\n  20240101120000     shop.20240101120000_create_users\n",
            "shop\n [X] 20240101120000_create_users\n [ ] 20240102120000_next\n",
        );
    }

    async fn of_golang_migrate(db in TestDatabase) {
        let files = ["shop/000001_a.up.sql", "shop/000001_a.down.sql", "shop/000002_b.up.sql", "shop/000003_c.up.sql"];
        shop(&db, "", &files);
        run(&db, GOLANG_MIGRATE, &["INSERT INTO schema_migrations (version, dirty) VALUES (2, true)"]).await;
        db.workspace.manage(["migrate", "--import", "--yes"]).fails_with(
            1,
            "error: schema_migrations on database `default` says that this was not finished: 2\n\
             hint: finish or withdraw it with that tool (`migrate force VERSION`, `flyway repair`, `prisma migrate resolve`), and try again\n",
        );
        db.database.execute("UPDATE schema_migrations SET dirty = false, version = 7", &[]).await.unwrap();
        assert!(db.workspace.manage(["migrate", "--import"]).fails(1).contains("has what no file here explains: 7\n"));
        db.database.execute("UPDATE schema_migrations SET version = 2", &[]).await.unwrap();
        taken_over(
            &db,
            "  schema_migrations  migration\n  2                  shop.000001_a\n  2                  shop.000002_b\n",
            "shop\n [X] 000001_a\n [X] 000002_b\n [ ] 000003_c\n",
        );
    }

    async fn of_flyway(db in TestDatabase) {
        shop(&db, "", &["shop/V1__create_users.sql", "shop/V2__add_index.sql", "shop/U2__add_index.sql", "shop/V3__next.sql"]);
        let rows = [
            flyway(1, "'1'", "create users", "SQL", "V1__create_users.sql", true),
            flyway(2, "'2'", "add index", "SQL", "V2__add_index.sql", true),
            flyway(3, "'2'", "add index", "UNDO_SQL", "U2__add_index.sql", true),
            flyway(4, "NULL", "views", "SQL", "R__views.sql", true),
            flyway(5, "'3'", "next", "SQL", "V3__next.sql", false),
        ];
        run(&db, FLYWAY, &rows.each_ref().map(String::as_str)).await;
        db.workspace.manage(["migrate", "--import", "--yes"]).fails_with(
            1,
            "error: flyway_schema_history on database `default` says that this was not finished: 3 next\n\
             hint: finish or withdraw it with that tool (`migrate force VERSION`, `flyway repair`, `prisma migrate resolve`), and try again\n",
        );
        db.database.execute("DELETE FROM flyway_schema_history WHERE installed_rank = 5", &[]).await.unwrap();
        taken_over(
            &db,
            "  flyway_schema_history  migration\n  1 create users         shop.V1__create_users\n  \
             R__views.sql           is repeated whenever it changes, which is not known here\n",
            "shop\n [X] V1__create_users\n [ ] V2__add_index\n [ ] V3__next\n",
        );
    }

    async fn of_sqlx(db in TestDatabase) {
        shop(&db, "", &["shop/20240101120000_create_users.sql", "shop/20240102120000_next.sql"]);
        let row = |version: &str, description: &str, success: bool| format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ({version}, '{description}', {success}, '', 7)"
        );
        run(&db, SQLX, &[&row("20240101120000", "create users", true), &row("20240102120000", "next", false)]).await;
        assert!(db.workspace.manage(["migrate", "--import"]).fails(1).contains("was not finished: 20240102120000 next\n"));
        db.database.execute("DELETE FROM _sqlx_migrations WHERE version = 20240102120000", &[]).await.unwrap();
        taken_over(
            &db,
            "  _sqlx_migrations             migration\n  20240101120000 create users  shop.20240101120000_create_users\n",
            "shop\n [X] 20240101120000_create_users\n [ ] 20240102120000_next\n",
        );
    }

    async fn of_goose(db in TestDatabase) {
        shop(&db, "", &["shop/00001_a.sql", "shop/00002_b.sql", "shop/00003_c.sql"]);
        let (yes, no) = if db.kind == Kind::Postgresql { ("true", "false") } else { ("1", "0") };
        let rows = [(0, yes), (1, yes), (2, yes), (2, no), (3, yes)].map(|(version, is_applied)| {
            format!("INSERT INTO goose_db_version (version_id, is_applied) VALUES ({version}, {is_applied})")
        });
        run(&db, GOOSE, &rows.each_ref().map(String::as_str)).await;
        // goose applies late arrivals in any order; here a file continues the one before it.
        db.workspace.manage(["migrate", "--import"]).fails_with(
            1,
            "error: goose_db_version on database `default` has shop.00003_c without shop.00002_b, which it depends on\n\
             hint: apply shop.00002_b with that tool first, or give its file a number behind all that are applied\n",
        );
        db.database.execute("DELETE FROM goose_db_version WHERE version_id = 3", &[]).await.unwrap();
        taken_over(
            &db,
            "  goose_db_version  migration\n  1                 shop.00001_a\n",
            "shop\n [X] 00001_a\n [ ] 00002_b\n [ ] 00003_c\n",
        );
    }

    async fn of_prisma(db in TestDatabase) {
        shop(&db, "", &["shop/20240101120000_init/migration.sql", "shop/20240102120000_more/migration.sql"]);
        // On SQLite it writes moments as numbers.
        let at = if db.kind == Kind::Sqlite { "1704110400000" } else { "'2024-01-01 12:00:00'" };
        let rows = [
            format!("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, \
                     applied_steps_count) VALUES ('a', 'x', {at}, '20240101120000_init', {at}, 1)"),
            format!("INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at, started_at) \
                     VALUES ('b', 'x', '20240102120000_more', {at}, {at})"),
            format!("INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) \
                     VALUES ('c', 'x', '20240102120000_more', {at})"),
        ];
        run(&db, PRISMA, &rows.each_ref().map(String::as_str)).await;
        assert!(db.workspace.manage(["migrate", "--import"]).fails(1).contains("was not finished: 20240102120000_more\n"));
        db.database.execute("DELETE FROM _prisma_migrations WHERE id = 'c'", &[]).await.unwrap();
        taken_over(
            &db,
            "  _prisma_migrations   migration\n  20240101120000_init  shop.20240101120000_init\n",
            "shop\n [X] 20240101120000_init\n [ ] 20240102120000_more\n",
        );
    }

    async fn of_diesel(db in TestDatabase) {
        let setup = ["shop/00000000000000_diesel_initial_setup/up.sql", "shop/2024-01-01-120000_create_users/up.sql"];
        shop(&db, "", &setup);
        run(&db, DIESEL, &["INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000000'), ('20240101120000')"]).await;
        taken_over(
            &db,
            "  __diesel_schema_migrations  migration\n  \
             00000000000000              shop.00000000000000_diesel_initial_setup\n  \
             20240101120000              shop.20240101120000_create_users\n",
            "shop\n [X] 00000000000000_diesel_initial_setup\n [X] 20240101120000_create_users\n",
        );
    }

    async fn what_no_file_explains_is_an_error_or_passed_over(db in TestDatabase) {
        shop(&db, "", &["shop/V1__create_users.sql", "shop/V2__other.sql"]);
        run(&db, REFINERY, &["INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES \
            (1, 'create_users', '', '1'), (2, 'add_index', '', '2'), (3, 'gone', '', '3')"]).await;
        db.workspace.manage(["migrate", "--import", "--yes"]).fails_with(
            1,
            "error: refinery_schema_history on database `default` has what no file here explains: 2 add_index, 3 gone\n\
             hint: bring the files back, or pass these rows over: `--allow-missing`\n",
        );
        db.workspace.manage(["migrate", "--import", "--yes", "--allow-missing"]).succeeds_with(
            "Database default:\n  refinery_schema_history  migration\n  \
             1 create_users           shop.V1__create_users\n  2 add_index              no file\n  \
             3 gone                   no file\n1 change of the history.\n",
        );
        assert_eq!(plain(&db), "shop\n [X] V1__create_users\n [ ] V2__other\n");
    }

    async fn of_several_tools_and_several_apps_one_is_chosen(db in TestDatabase) {
        db.workspace.manage(["migrate", "--import"]).fails_with(1, "error: no database has the history of another tool\n");
        shop(&db, ", \"stock\"", &["shop/1_a.sql", "stock/1_a.sql", "stock/2_b.sql"]);
        run(&db, RAILS, &["INSERT INTO schema_migrations (version) VALUES ('1')"]).await;
        run(&db, DIESEL, &[]).await;
        db.workspace.manage(["migrate", "--import"]).fails_with(
            1,
            "error: database `default` has the histories of several tools: schema_migrations, __diesel_schema_migrations\n\
             hint: choose one: `--import=schema_migrations` or `--import=__diesel_schema_migrations`\n",
        );
        db.workspace.manage(["migrate", "--import=alembic"]).fails_with(
            2,
            "error: nobody knows the history of `alembic`\n\
             hint: known: django, refinery, golang-migrate, dbmate, rails, flyway, sqlx, goose, prisma, diesel\n",
        );
        db.workspace.manage(["migrate", "--import=Rails"]).fails_with(
            1,
            "error: the rows of schema_migrations on database `default` name no app, and several have files for them: \
             shop, stock\nhint: name the app: `manage migrate APP --import`\n",
        );
        db.workspace.manage(["migrate", "stock", "--import=schema_migrations", "--yes"]).succeeds();
        assert_eq!(plain(&db), "shop\n [ ] 1_a\nstock\n [X] 1_a\n [ ] 2_b\n");
        db.workspace.manage(["migrate", "stock", "2_b", "--import"]).fails_with(
            2,
            "error: a change of the history is a run of its own: leave the other arguments out\n",
        );
    }
}

#[test]
fn an_app_of_another_database_is_not_taken_over_here() {
    let workspace = crate::support::Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"people\"]\n[databases.default]\nurl = \"sqlite:///a.sqlite3\"\n\
             [databases.users]\nurl = \"sqlite:///u.sqlite3\"\n[routes]\npeople = \"users\"\n",
        )
        .write(
            "migrations/shop/0001_initial.sql",
            "CREATE TABLE django_migrations (id integer, app text, name text);",
        )
        .write(
            "migrations/people/0001_initial.sql",
            "CREATE TABLE django_migrations (id integer, app text, name text);",
        );
    let rows =
        "INSERT INTO django_migrations VALUES (1, 'shop', '0001_initial'), (2, 'people', '0001_initial');";
    workspace.write("migrations/shop/0002_rows.sql", rows).write("migrations/people/0002_rows.sql", rows);
    workspace.manage(["migrate"]).succeeds();
    for name in ["shop.0002_rows", "shop.0001_initial", "people.0002_rows", "people.0001_initial"] {
        workspace.manage(["migrate", "--forget", name, "--yes"]).succeeds();
    }
    workspace.manage(["migrate", "--import", "--yes"]).succeeds_with(
        "Database default:\n  django_migrations  migration\n  shop.0001_initial  shop.0001_initial\n  \
         people.*           the app lives on another database\n\
         Database users:\n  django_migrations    migration\n  shop.*               the app lives on another database\n  \
         people.0001_initial  people.0001_initial\n2 changes of the history.\n",
    );
}
