//! Migrations in plain SQL, in the manner of the tools and dumps that people come with.

use manage::db::params;

use crate::support::{Kind, TestDatabase, on_every_database};

/// Makes the folder a project of one app, `barn`, on the database.
fn barn(db: &TestDatabase, files: &[(&str, &str)]) {
    let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings);
    for (file, text) in files {
        db.workspace.write(&format!("migrations/barn/{file}"), text);
    }
}

async fn number(db: &TestDatabase, sql: &str) -> i64 {
    db.database.query::<(i64,)>(sql, params![]).await.unwrap()[0].0
}

async fn is_table(db: &TestDatabase, name: &str) -> bool {
    db.database.query::<(i64,)>(&format!("SELECT count(*) FROM {name}"), params![]).await.is_ok()
}

fn applied(file: &str) -> String {
    format!(
        "Operations to perform:\n  Apply all migrations: barn\nRunning migrations:\n  Applying barn.{file}... OK\n"
    )
}

/// Each says `Up` and `Down` in its own way; the text between is a table and a row.
const TOOLS: [(&str, &str, &str); 10] = [
    ("dbmate", "-- migrate:up\n", "-- migrate:down\n"),
    ("goose", "-- +goose Up\n-- +goose StatementBegin\n", "-- +goose StatementEnd\n-- +goose Down\n"),
    ("sql-migrate", "-- +migrate Up\n", "-- +migrate Down\n"),
    (
        "sql-migrate without a transaction",
        "-- +migrate Up notransaction\n",
        "-- +migrate Down notransaction\n",
    ),
    ("tern", "", "---- create above / drop below ----\n"),
    ("MyBatis", "-- // a barn\n-- Migration SQL that makes the change goes here.\n", "-- //@UNDO\n"),
    ("node-pg-migrate", "-- Up Migration\n", "-- Down Migration\n"),
    ("ours", "-- up\n", "-- down\n"),
    ("in capitals", "--UP\n", "--DOWN\n"),
    ("plus signs", "-- +up\n", "-- +down\n"),
];

on_every_database! {
    async fn files_of_other_tools_are_applied_and_undone(db in TestDatabase) {
        for (tool, up, down) in TOOLS {
            let text = format!(
                "{up}CREATE TABLE crate (id integer PRIMARY KEY, label varchar(40));\n\
                 INSERT INTO crate VALUES (1, 'apples; pears');\n{down}DROP TABLE crate;\n"
            );
            barn(&db, &[("0001_crates.sql", &text)]);
            db.workspace.manage(["migrate"]).succeeds_with(&applied("0001_crates"));
            assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 1, "{tool}");
            db.workspace.manage(["migrate", "barn", "zero", "-v", "0"]).succeeds();
            assert!(!is_table(&db, "crate").await, "{tool}");
        }
    }

    async fn a_last_statement_without_its_semicolon_ends_where_the_undo_begins(db in TestDatabase) {
        let text = "-- up\nCREATE TABLE crate (id integer)\n-- down\nDROP TABLE crate\n";
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert!(is_table(&db, "crate").await);
    }

    async fn a_sentence_that_begins_with_down_hides_nothing(db in TestDatabase) {
        let text = "-- Down the road each stall gets a crate of its own.\n\n\
                    CREATE TABLE stall (id integer PRIMARY KEY, /* up to now */ open integer);\n\
                    -- down to business\nCREATE INDEX stall_open ON stall (open);\n\
                    CREATE TABLE crate (\n  -- down\n  id integer\n);\n";
        barn(&db, &[("0001_stall.sql", text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert!(is_table(&db, "stall").await && is_table(&db, "crate").await);
    }

    async fn what_is_nearly_a_marker_is_refused_before_anything_runs(db in TestDatabase) {
        for comment in [
            "-- Down:",
            "-- rollback",
            "-- +goose Dwn",
            "-- goose Down",
            "-- down (optional)",
            "-- !Downs",
            "-- downgrade",
            "--liquibase formatted sql",
            "/* down */",
        ] {
            let text = format!("CREATE TABLE crate (id integer);\n{comment}\nDROP TABLE crate;\n");
            barn(&db, &[("0001_crates.sql", &text)]);
            let told = db.workspace.manage(["migrate"]).fails(1);
            assert!(told.starts_with("error: migrations/barn/0001_crates.sql:2: this looks like a marker"), "{told}");
            assert!(!is_table(&db, "crate").await);
        }
    }

    async fn a_frame_around_the_whole_file_is_left_out_and_said(db in TestDatabase) {
        let text = "BEGIN;\nCREATE TABLE crate (id integer);\nINSERT INTO crate VALUES (1);\nCOMMIT;\n";
        barn(&db, &[("0001_crates.sql", text)]);
        let run = db.workspace.manage(["migrate"]);
        assert!(run.stderr.contains("0001_crates.sql:1: its BEGIN and COMMIT are left out"), "{}", run.stderr);
        run.succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 1);
    }

    async fn transactions_of_a_file_that_is_none_are_kept_and_undone_as_a_whole(db in TestDatabase) {
        let text = "-- atomic: false\nCREATE TABLE crate (id integer PRIMARY KEY);\n\
                    BEGIN;\nINSERT INTO crate VALUES (1);\nINSERT INTO crate VALUES (2);\nCOMMIT;\n\
                    BEGIN;\nINSERT INTO crate VALUES (3);\nINSERT INTO crate VALUES (1);\nCOMMIT;\n";
        barn(&db, &[("0001_crates.sql", text)]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("failed at migrations/barn/0001_crates.sql:9\n"), "{told}");
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 2);
        db.workspace.write("migrations/barn/0001_crates.sql", &text.replace("(3);\nINSERT INTO crate VALUES (1)", "(3);\nINSERT INTO crate VALUES (4)"));
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 4);
    }

    async fn layout_and_comments_are_no_edit_and_texts_are(db in TestDatabase) {
        let text = "CREATE TABLE crate (id integer PRIMARY KEY, label varchar(40));\nINSERT INTO crate VALUES (1, 'a b');\n";
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        for other in [
            "-- a note\nCREATE TABLE crate\n(\n  id integer PRIMARY KEY, -- behind\n  label varchar(40) /* in it */\n);\nINSERT INTO crate VALUES (1, 'a b');",
            "create",
            "\u{feff}CREATE TABLE crate (id integer PRIMARY KEY, label varchar(40));\r\nINSERT INTO crate VALUES (1, 'a b');\r\n-- down\r\nDROP TABLE crate;",
        ] {
            if other != "create" {
                db.workspace.write("migrations/barn/0001_crates.sql", other);
                db.workspace.manage(["migrate", "--check"]).succeeds();
            }
        }
        db.workspace.write("migrations/barn/0001_crates.sql", &text.replace("a b", "a  b"));
        let told = db.workspace.manage(["migrate", "--check"]).fails(1);
        assert!(told.contains("was edited after it was applied"), "{told}");
    }

    async fn what_one_migration_sets_does_not_reach_the_next_or_the_history(db in TestDatabase) {
        let sets = match db.kind {
            Kind::Postgresql => "CREATE SCHEMA other;\nSET search_path TO other;\nCREATE ROLE barn_hand NOLOGIN;\nSET ROLE barn_hand;\n",
            Kind::Mariadb => "SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH';\nCREATE TABLE held (id integer);\nLOCK TABLES held WRITE;\n",
            Kind::Sqlite => "PRAGMA recursive_triggers = ON;\nCREATE TEMP TABLE gate (id integer);\n",
        };
        barn(&db, &[("0001_sets.sql", sets), ("0002_gate.sql", "CREATE TABLE gate (id integer);\n")]);
        let run = db.workspace.manage(["migrate", "-v", "0"]);
        if db.kind == Kind::Postgresql {
            db.database.execute("DROP ROLE barn_hand", &[]).await.unwrap();
        }
        run.succeeds();
        assert!(is_table(&db, "gate").await);
        assert_eq!(number(&db, "SELECT count(*) FROM manage_migrations").await, 2);
    }

    async fn a_resumed_migration_sets_its_session_up_again(db in TestDatabase) {
        let (sets, wants) = match db.kind {
            Kind::Postgresql => ("CREATE SCHEMA loft;\nSET search_path TO loft;", "CREATE TABLE loft.check_here (id integer)"),
            Kind::Mariadb => ("SET @loft = 7;", "CREATE TABLE check_here (id integer)"),
            Kind::Sqlite => ("PRAGMA case_sensitive_like = ON;", "CREATE TABLE check_here (id integer)"),
        };
        let asks = match db.kind {
            Kind::Postgresql => "INSERT INTO check_here VALUES (7);",
            Kind::Mariadb => "INSERT INTO check_here VALUES (@loft);",
            Kind::Sqlite => "INSERT INTO check_here SELECT 7 WHERE NOT 'A' LIKE 'a';",
        };
        let text = format!("-- atomic: false\n{sets}\n{wants};\nINSERT INTO nowhere VALUES (1);\n{asks}\n");
        barn(&db, &[("0001_loft.sql", &text)]);
        db.workspace.manage(["migrate"]).fails(1);
        db.workspace.write("migrations/barn/0001_loft.sql", &text.replace("INSERT INTO nowhere VALUES (1);\n", ""));
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        let table = if db.kind == Kind::Postgresql { "loft.check_here" } else { "check_here" };
        assert_eq!(number(&db, &format!("SELECT count(*) FROM {table} WHERE id = 7")).await, 1);
    }

    async fn a_routine_or_trigger_of_many_statements_is_made(db in TestDatabase) {
        let text = match db.kind {
            Kind::Postgresql => "CREATE TABLE crate (id integer, weight integer);\n\
                CREATE FUNCTION heavier(a integer) RETURNS bigint LANGUAGE sql STABLE\nBEGIN ATOMIC\n  SELECT 1;\n\
                SELECT count(*) FROM crate WHERE weight > CASE WHEN a > 0 THEN a ELSE 0 END;\nEND;\nINSERT INTO crate VALUES (1, 9);\n",
            Kind::Mariadb => "CREATE TABLE crate (id int PRIMARY KEY, label varchar(40) DEFAULT \"none\");\nDELIMITER //\n\
                CREATE TRIGGER crate_ins BEFORE INSERT ON crate FOR EACH ROW\nBEGIN\n  SET NEW.label = UPPER(NEW.label);\nEND //\n\
                DELIMITER ;\nINSERT INTO crate VALUES (1, \"apples\");\n",
            Kind::Sqlite => "CREATE TABLE crate (id integer, end integer);\n\
                CREATE TRIGGER crate_ins AFTER INSERT ON crate BEGIN UPDATE crate SET end = CASE NEW.end WHEN 1 THEN 2 END WHERE end = 1; SELECT 1; END;\n\
                INSERT INTO crate VALUES (1, 1);\n",
        };
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 1);
    }

    async fn a_dump_is_a_first_migration(db in TestDatabase) {
        let text = match db.kind {
            Kind::Postgresql => "--\n-- PostgreSQL database dump\n--\n\n\\restrict abcDEF\n\nSET statement_timeout = 0;\n\
                SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
                SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
                CREATE TABLE public.crate (id integer NOT NULL, label text);\n\
                COPY public.crate (id, label) FROM stdin;\n1\tapples\n2\tpears; green\n3\tit's\n\\.\n\n\n\
                ALTER TABLE ONLY public.crate ADD CONSTRAINT crate_pkey PRIMARY KEY (id);\n\n\\unrestrict abcDEF\n",
            Kind::Mariadb => "-- MariaDB dump 10.19\n/*M!999999\\- enable the sandbox mode */ \n\
                /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!40101 SET NAMES utf8mb4 */;\n\
                /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n\
                DROP TABLE IF EXISTS `crate`;\nCREATE TABLE `crate` (\n  `id` int(11) NOT NULL,\n  `label` varchar(40) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n\
                LOCK TABLES `crate` WRITE;\n/*!40000 ALTER TABLE `crate` DISABLE KEYS */;\n\
                INSERT INTO `crate` VALUES (1,'apples'),(2,'pears; green'),(3,'it\\'s');\n\
                /*!40000 ALTER TABLE `crate` ENABLE KEYS */;\nUNLOCK TABLES;\nDELIMITER ;;\n\
                /*!50003 CREATE*/ /*!50003 TRIGGER crate_ins BEFORE INSERT ON crate FOR EACH ROW BEGIN SET NEW.label = 'x'; END */;;\nDELIMITER ;\n\
                /*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;\n",
            Kind::Sqlite => "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE crate (id integer PRIMARY KEY, label text);\n\
                INSERT INTO crate VALUES(1,'apples');\nINSERT INTO crate VALUES(2,'pears; green');\nINSERT INTO crate VALUES(3,'it''s');\nCOMMIT;\n",
        };
        barn(&db, &[("0001_dump.sql", text), ("0002_next.sql", "CREATE TABLE gate (id integer);\n")]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate WHERE label LIKE '%;%' OR label LIKE '%''%'").await, 2);
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 3);
        assert_eq!(number(&db, "SELECT count(*) FROM manage_migrations").await, 2);
    }

    async fn a_missing_variant_is_told_before_anything_runs(db in TestDatabase) {
        let (own, other) = match db.kind {
            Kind::Postgresql => ("postgresql", "mysql"),
            Kind::Mariadb => ("mysql", "sqlite"),
            Kind::Sqlite => ("sqlite", "postgresql"),
        };
        let variant = format!("0002_tags.{other}.sql");
        barn(&db, &[("0001_crates.sql", "CREATE TABLE crate (id integer);"), (&variant, "CREATE TABLE tag (id integer);")]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.starts_with(&format!("error: migrations/barn/{variant}:1: there is no SQL for ")), "{told}");
        assert!(told.contains(&format!("write 0002_tags.{own}.sql; an empty one says that there is nothing to do")), "{told}");
        assert!(!is_table(&db, "crate").await);
        db.workspace.write(&format!("migrations/barn/0002_tags.{own}.sql"), "");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        // What another vendor's variant says is no edit here.
        db.workspace.write(&format!("migrations/barn/{variant}"), "CREATE TABLE tags (id integer);");
        db.workspace.manage(["migrate", "--check"]).succeeds();
    }

    async fn a_failing_statement_is_shown_with_its_line_without_its_values(db in TestDatabase) {
        let long = ", ('secret-b')".repeat(5000);
        let text = format!("CREATE TABLE crate (label varchar(40));\n\n/* one\n two */\nINSERT INTO nowhere (label)\n  VALUES ('secret-a'){long};\n");
        barn(&db, &[("0001_crates.sql", &text)]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("failed at migrations/barn/0001_crates.sql:5\n  statement: INSERT INTO nowhere (label)\n"), "{told}");
        assert!(!told.contains("secret") && told.len() < 1200, "{told}");
    }

    async fn behind_what_applies_nothing_that_leads_back_is_taken_for_prose(db in TestDatabase) {
        for comment in ["-- down, drop the table", "-- Undo the above", "-- revert: see the wiki"] {
            let text = format!("-- up\nCREATE TABLE crate (id integer);\n{comment}\nDROP TABLE crate;\n");
            barn(&db, &[("0001_crates.sql", &text)]);
            let told = db.workspace.manage(["migrate"]).fails(1);
            assert!(told.starts_with("error: migrations/barn/0001_crates.sql:3: this looks like a marker"), "{told}");
        }
    }

    async fn what_would_be_lost_is_refused_before_anything_runs(db in TestDatabase) {
        let own = match db.kind {
            Kind::Postgresql => [
                ("COPY crate FROM stdin; DELETE FROM crate;\n1\n\\.\n", "begin on the next line"),
                ("COPY crate TO STDOUT;\n", "nobody takes the rows"),
                ("BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;\n", "would break the migration's own transaction"),
            ],
            _ => [("SELECT 1;\0SELECT 2;\n", "holds a NUL"), ("SELECT 'a\0b';\n", "holds a NUL"), ("COMMIT AND CHAIN;\n", "would break")],
        };
        for (text, expected) in own {
            barn(&db, &[("0001_crates.sql", "CREATE TABLE crate (id integer);\n"), ("0002_x.sql", text)]);
            let told = db.workspace.manage(["migrate"]).fails(1);
            assert!(told.contains(expected), "{told}");
            assert!(!is_table(&db, "crate").await);
        }
    }

    async fn a_session_that_cannot_be_set_up_again_is_not_gone_on_with(db in TestDatabase) {
        let sets = match db.kind {
            Kind::Postgresql => "SELECT set_config('barn.n', (SELECT count(*) FROM crate)::text, false);",
            Kind::Mariadb => "SELECT COUNT(*) INTO @n FROM crate;",
            Kind::Sqlite => "CREATE TEMP TABLE counted AS SELECT count(*) AS n FROM crate;",
        };
        let text = format!(
            "-- atomic: false\nCREATE TABLE crate (id integer);\n{sets}\nCREATE TABLE nowhere.at_all (id integer);\n"
        );
        barn(&db, &[("0001_crates.sql", &text)]);
        db.workspace.manage(["migrate"]).fails(1);
        db.workspace.write("migrations/barn/0001_crates.sql", &text.replace("nowhere.at_all", "at_last"));
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.starts_with("error: migrations/barn/0001_crates.sql:3: barn.0001_crates is half done"), "{told}");
        assert!(told.contains("`manage migrate --repair`"), "{told}");
    }

    async fn layout_inside_of_a_done_statement_is_no_change_of_it(db in TestDatabase) {
        let text = "-- atomic: false\nCREATE TABLE crate (id integer);\nCREATE TABLE nowhere.at_all (id integer);\n";
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate"]).fails(1);
        let other = text.replace("(id integer);\nCREATE", "(\n  id /* one */ integer\n);\nCREATE");
        db.workspace.write("migrations/barn/0001_crates.sql", &other.replace("nowhere.at_all", "at_last"));
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert!(is_table(&db, "at_last").await);
    }
    async fn what_a_script_says_about_backslashes_in_texts_is_followed(db in TestDatabase) {
        let (set, value) = match db.kind {
            Kind::Postgresql => ("SET standard_conforming_strings = off;", "it\\'s; one"),
            Kind::Mariadb => ("SET sql_mode = 'NO_BACKSLASH_ESCAPES';", "one\\"),
            Kind::Sqlite => ("", "one\\"),
        };
        let text = format!("CREATE TABLE crate (label varchar(20));\n{set}\nINSERT INTO crate VALUES ('{value}');\nINSERT INTO crate VALUES ('two');\n");
        barn(&db, &[("0001_crates.sql", &text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 2);
    }

    async fn what_stays_when_the_history_cannot_be_written_is_told(db in TestDatabase) {
        let text = "CREATE TABLE crate (id integer);\nALTER TABLE manage_migrations RENAME COLUMN checksum TO other;\n";
        barn(&db, &[("0001_crates.sql", "SELECT 1;\n"), ("0002_x.sql", text)]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        let kept = match db.kind {
            Kind::Mariadb => "  the 2 statements before it are done and stay\n",
            _ => "  the whole migration was rolled back\n",
        };
        assert!(told.contains("statement: INSERT INTO ") && told.contains(kept), "{told}");
        assert_eq!(is_table(&db, "crate").await, db.kind == Kind::Mariadb);
    }
}

#[test]
fn a_statement_of_sqlite_is_run_to_its_last_row() {
    let workspace = crate::support::Workspace::new();
    let text = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5)\n\
                SELECT CASE WHEN n = 5 THEN json('bad') END FROM r;\n";
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"barn\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("migrations/barn/0001_x.sql", text);
    assert!(workspace.manage(["migrate"]).fails(1).contains("malformed JSON"));
}

#[test]
fn a_program_that_commits_runs_outside_of_any_transaction() {
    crate::support::block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        let text = "-- atomic: false\nCREATE TABLE crate (id integer);\n\
                    CREATE PROCEDURE fill(a integer) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO crate VALUES (a); COMMIT; END $$;\n\
                    CALL fill(1);\n\
                    DO $$ BEGIN FOR i IN 2..3 LOOP INSERT INTO crate VALUES (i); COMMIT; END LOOP; END $$;\n";
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate").await, 3);
        let atomic = "CREATE TABLE gate (id integer);\nDO $$ BEGIN COMMIT; END $$;\n";
        barn(&db, &[("0002_gates.sql", atomic)]);
        let told = db.workspace.manage(["migrate"]).fails(1);
        let expected = "error: migrations/barn/0002_gates.sql:2: this cannot run in a transaction: say that there is none";
        assert!(told.starts_with(expected), "{told}");
        assert!(!is_table(&db, "gate").await);
    });
}

#[test]
fn a_text_that_the_database_may_read_otherwise_is_refused_before_anything_runs() {
    crate::support::block_on(async {
        let db = TestDatabase::create(Kind::Postgresql).await;
        let (_, name) = db.url.rsplit_once('/').unwrap();
        let sql = format!("ALTER DATABASE {name} SET standard_conforming_strings = off");
        db.database.execute(&sql, params![]).await.unwrap();
        let text = "CREATE TABLE crate (label varchar(20));\nINSERT INTO crate VALUES ('C:\\');\n";
        barn(&db, &[("0001_crates.sql", text)]);
        db.workspace.manage(["migrate"]).fails_with(
            1,
            "error: migrations/barn/0001_crates.sql:2: database `default` takes a backslash in a text for something else, \
             so where this text ends is not known\nhint: say at the top of the file how it is meant, such as \
             `SET standard_conforming_strings = on;`\n",
        );
        assert!(!is_table(&db, "crate").await);
        barn(&db, &[("0001_crates.sql", &format!("SET standard_conforming_strings = on;\n{text}"))]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(number(&db, "SELECT count(*) FROM crate WHERE length(label) = 3").await, 1);
    });
}
