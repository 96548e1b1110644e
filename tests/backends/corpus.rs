//! Files as people bring them from ten tools and three dump programs: applied, undone, and applied again.

use crate::support::{Kind, TestDatabase, block_on};

/// Files of one kind, and what a query answers when they are applied.
struct Case {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    query: &'static str,
    answer: &'static str,
    is_undone: bool,
}

/// A case that can be undone.
const fn both_ways(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    query: &'static str,
    answer: &'static str,
) -> Case {
    Case { name, files, query, answer, is_undone: true }
}

/// A case that cannot.
const fn forth(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    query: &'static str,
    answer: &'static str,
) -> Case {
    Case { name, files, query, answer, is_undone: false }
}

const POSTGRESQL: [Case; 13] = [
    both_ways(
        "dbmate, CRLF, a marker inside of a body, no newline at the end",
        &[(
            "20240102030405_peak.sql",
            "-- migrate:up\r\nCREATE TABLE peak (name text, height int);\r\nCREATE FUNCTION peak_check() RETURNS trigger AS $body$\r\n\
             BEGIN\r\n-- migrate:down\r\n  IF NEW.height < 0 THEN RAISE EXCEPTION 'no; %', NEW.height; END IF;\r\n  RETURN NEW;\r\nEND;\r\n\
             $body$ LANGUAGE plpgsql;\r\nCREATE TRIGGER peak_check BEFORE INSERT ON peak FOR EACH ROW EXECUTE FUNCTION peak_check();\r\n\
             INSERT INTO peak VALUES ('Triglav; 1', 2864);\r\n\r\n-- migrate:down\r\nDROP TABLE peak;\r\nDROP FUNCTION peak_check();",
        )],
        "SELECT name FROM peak",
        "Triglav; 1",
    ),
    both_ways(
        "goose, a block with its own settings, an index beside readers",
        &[(
            "00001_peak.sql",
            "-- +goose NO TRANSACTION\n-- +goose Up\nSET search_path = \"$user\", public;\nCREATE TABLE peak (name text, height int);\n\
             -- +goose StatementBegin\nDO $$ DECLARE n int;\nBEGIN\n  FOR n IN 1..3 LOOP\n    INSERT INTO peak VALUES ('p' || n, n);\n  END LOOP;\n\
             END $$;\n-- +goose StatementEnd\nCREATE INDEX CONCURRENTLY peak_height ON peak (height);\n\n\
             -- +goose Down\nDROP INDEX CONCURRENTLY peak_height;\nDROP TABLE peak;\n",
        )],
        "SELECT count(*)::text FROM peak",
        "3",
    ),
    both_ways(
        "sql-migrate, a value added to an enumeration, escapes",
        &[
            (
                "1_kind.sql",
                "-- +migrate Up\nCREATE TYPE kind AS ENUM ('hut');\nCREATE TABLE stop (kind kind, note text);\n\
                 -- +migrate Down\nDROP TABLE stop; DROP TYPE kind;\n",
            ),
            (
                "2_kind.sql",
                "-- +migrate Up notransaction\nALTER TYPE kind ADD VALUE 'inn';\nINSERT INTO stop VALUES ('inn', E'it\\'s; \\\\'), ('inn', U&'\\0441');\n\
                 -- +migrate Down\nDELETE FROM stop;\n",
            ),
        ],
        "SELECT string_agg(note, '|') FROM stop",
        "it's; \\|с",
    ),
    both_ways(
        "tern, several statements in a line, nothing to undo but a table",
        &[(
            "001_peak.sql",
            "create table peak (n int); insert into peak values (1); insert into peak values (2) ;; ;\n\n\
             ---- create above / drop below ----\n\ndrop table peak;\n",
        )],
        "SELECT sum(n)::text FROM peak",
        "3",
    ),
    both_ways(
        "MyBatis, its heading, a rule, an operator that looks like a comment's end",
        &[(
            "20240102030405_peak.sql",
            "-- // make the peaks\n-- Migration SQL that makes the change goes here.\n\nCREATE TABLE peak (n int CHECK (n */* half */ 2 < 9));\nCREATE TABLE asked (n int);\n\
             CREATE RULE twice AS ON INSERT TO asked DO ALSO (INSERT INTO peak VALUES (3); INSERT INTO peak VALUES (new.n));\n\
             INSERT INTO asked VALUES (1);\n\n-- //@UNDO\n-- SQL to undo the change goes here.\nDROP TABLE asked; DROP TABLE peak;\n",
        )],
        "SELECT string_agg(n::text, ',' ORDER BY n) FROM peak",
        "1,3",
    ),
    both_ways(
        "node-pg-migrate, comments in comments, tags in tags",
        &[(
            "1704164645000_peak.sql",
            "-- Up Migration\n/* one /* two ; */ -- three\n ' */ CREATE FUNCTION peak() RETURNS text AS $a$ SELECT $b$a;'$b$ || '$$' $a$ LANGUAGE sql;\n\n\
             -- Down Migration\nDROP FUNCTION peak();\n",
        )],
        "SELECT peak()",
        "a;'$$",
    ),
    both_ways(
        "sqlx, two files, no transaction",
        &[
            (
                "20240102030405_peak.up.sql",
                "-- no-transaction\nCREATE TABLE peak (n int);\nVACUUM peak;\nINSERT INTO peak VALUES (7)",
            ),
            ("20240102030405_peak.down.sql", "-- no-transaction\nDROP TABLE peak"),
        ],
        "SELECT n::text FROM peak",
        "7",
    ),
    both_ways(
        "golang-migrate, frames around both halves",
        &[
            (
                "000001_peak.up.sql",
                "BEGIN;\n\nCREATE TABLE peak (n int);\nINSERT INTO peak VALUES (8);\n\nCOMMIT;\n",
            ),
            ("000001_peak.down.sql", "BEGIN;\nDROP TABLE peak;\nEND;\n"),
        ],
        "SELECT n::text FROM peak",
        "8",
    ),
    both_ways(
        "Flyway, a BOM, a procedure with a body that the server parses",
        &[
            (
                "V1__Peak.sql",
                "\u{feff}CREATE TABLE peak (n int);\nCREATE PROCEDURE fill(a int)\nBEGIN ATOMIC\n  INSERT INTO peak VALUES (a);\n\
                 INSERT INTO peak SELECT CASE WHEN a > 1 THEN a ELSE 0 END;\nEND;\nCALL fill(2);\n",
            ),
            ("U1__Peak.sql", "DROP PROCEDURE fill;\nDROP TABLE peak;\n"),
        ],
        "SELECT sum(n)::text FROM peak",
        "4",
    ),
    forth(
        "refinery, a view, a policy, a comment that ends the file",
        &[
            ("V1__peak.sql", "CREATE TABLE peak (n int);\nINSERT INTO peak VALUES (9);"),
            (
                "V2__seen.sql",
                "CREATE VIEW seen AS SELECT n /* ; */ AS \"n; m\" FROM peak;\nALTER TABLE peak ENABLE ROW LEVEL SECURITY;\n\
                 CREATE POLICY all_of_it ON peak USING (true);\n-- the end",
            ),
        ],
        "SELECT \"n; m\"::text FROM seen",
        "9",
    ),
    both_ways(
        "diesel, a folder, an undo that says nothing",
        &[
            (
                "2024-01-02-030405_peak/up.sql",
                "-- Your SQL goes here\nCREATE TABLE IF NOT EXISTS peak (n int);\nINSERT INTO peak VALUES (1);\n",
            ),
            (
                "2024-01-02-030405_peak/down.sql",
                "-- This file should undo anything in `up.sql`\nDELETE FROM peak;\n",
            ),
        ],
        "SELECT n::text FROM peak",
        "1",
    ),
    forth(
        "Prisma, names in quotation marks",
        &[(
            "20240102030405_init/migration.sql",
            "-- CreateEnum\nCREATE TYPE \"Kind\" AS ENUM ('HUT', 'INN');\n\n-- CreateTable\nCREATE TABLE \"Peak\" (\n    \"id\" SERIAL NOT NULL,\n    \
             \"kind\" \"Kind\" NOT NULL DEFAULT 'HUT',\n\n    CONSTRAINT \"Peak_pkey\" PRIMARY KEY (\"id\")\n);\n\n-- CreateIndex\n\
             CREATE UNIQUE INDEX \"Peak_id_key\" ON \"Peak\"(\"id\");\nINSERT INTO \"Peak\" DEFAULT VALUES;\n",
        )],
        "SELECT kind::text FROM \"Peak\"",
        "HUT",
    ),
    forth(
        "pg_dump, rows with every escape, a sequence, a function, two tables of rows",
        &[(
            "0001_dump.sql",
            "--\n-- PostgreSQL database dump\n--\n\n\\restrict a1\n\n-- Dumped from database version 15.4\n\nSET lock_timeout = 0;\nSET client_encoding = 'UTF8';\n\
             SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\nSET xmloption = content;\n\
             SET row_security = off;\n\n--\n-- Name: twice(integer); Type: FUNCTION; Schema: public; Owner: -\n--\n\n\
             CREATE FUNCTION public.twice(a integer) RETURNS integer\n    LANGUAGE plpgsql\n    AS $_$\nBEGIN\n  RETURN $1 * 2; -- COPY x FROM stdin;\nEND;\n$_$;\n\n\
             SET default_tablespace = '';\n\nSET default_table_access_method = heap;\n\nCREATE TABLE public.peak (\n    id integer NOT NULL,\n    note text\n);\n\n\
             CREATE SEQUENCE public.peak_id_seq\n    AS integer\n    START WITH 1\n    NO MINVALUE\n    CACHE 1;\n\nALTER SEQUENCE public.peak_id_seq OWNED BY public.peak.id;\n\
             ALTER TABLE ONLY public.peak ALTER COLUMN id SET DEFAULT nextval('public.peak_id_seq'::regclass);\nCREATE TABLE public.empty (id integer);\n\n\
             COPY public.peak (id, note) FROM stdin;\n1\t\\N\n2\ta\\tb\\\\.\n3\t-- down\n4\t$$; '\n\\.\n\n\nCOPY public.empty (id) FROM stdin;\n\\.\n\n\n\
             SELECT pg_catalog.setval('public.peak_id_seq', 4, true);\n\nALTER TABLE ONLY public.peak\n    ADD CONSTRAINT peak_pkey PRIMARY KEY (id);\n\n\
             \\unrestrict a1\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
        )],
        "SELECT twice(count(*)::int) || string_agg(coalesce(note, '?'), '|' ORDER BY id) || nextval('peak_id_seq') FROM peak",
        "8?|a\tb\\.|-- down|$$; '5",
    ),
];

const MARIADB: [Case; 9] = [
    both_ways(
        "dbmate, CRLF, delimiters twice with nothing between",
        &[(
            "20240102030405_peak.sql",
            "-- migrate:up\r\nCREATE TABLE peak (n int);\r\nDELIMITER ;;\r\nDELIMITER ;\r\nDELIMITER $$\r\nCREATE PROCEDURE fill()\r\nBEGIN\r\n\
             DECLARE i INT DEFAULT 0;\r\n  WHILE i < 3 DO\r\n    SET i = i + 1;\r\n    IF i = 2 THEN INSERT INTO peak VALUES (20); ELSE INSERT INTO peak VALUES (i); END IF;\r\n\
             END WHILE;\r\nEND$$\r\nDELIMITER ;\r\nCALL fill();\r\n-- migrate:down\r\nDROP PROCEDURE fill;\r\nDROP TABLE peak;\r\n",
        )],
        "SELECT CAST(SUM(n) AS CHAR) FROM peak",
        "24",
    ),
    both_ways(
        "goose, a trigger without delimiters",
        &[(
            "00001_peak.sql",
            "-- +goose Up\nCREATE TABLE peak (n int);\n-- +goose StatementBegin\nCREATE TRIGGER peak_ins BEFORE INSERT ON peak FOR EACH ROW\nBEGIN\n\
             IF NEW.n < 0 THEN SET NEW.n = 0; ELSEIF NEW.n > 100 THEN SET NEW.n = 100; END IF;\nEND;\n-- +goose StatementEnd\nINSERT INTO peak VALUES (-5), (500);\n\
             -- +goose Down\nDROP TABLE peak;\n",
        )],
        "SELECT CAST(SUM(n) AS CHAR) FROM peak",
        "100",
    ),
    both_ways(
        "sql-migrate, a delimiter on a line of its own, in small letters",
        &[(
            "1_peak.sql",
            "-- +migrate Up\nCREATE TABLE peak (n int);\ndelimiter //\nCREATE TRIGGER peak_ins BEFORE INSERT ON peak\nFOR EACH ROW BEGIN\n\tSET NEW.n = NEW.n / 2;\nEND\n\n//\ndelimiter ;\n\
             INSERT INTO peak VALUES (8);\n-- +migrate Down\nDROP TABLE peak;",
        )],
        "SELECT CAST(n AS CHAR) FROM peak",
        "4",
    ),
    both_ways(
        "golang-migrate, comments of three kinds, quotation marks of three kinds",
        &[
            (
                "000001_peak.up.sql",
                "# it's; one\nCREATE TABLE `pe;ak` (n int, `a``b` text); -- two; '\nINSERT INTO `pe;ak` VALUES (1, \"it's; \\\" \"\"x\"), /* three; */ (2 - -1, '\\';\\\\');\n",
            ),
            ("000001_peak.down.sql", "DROP TABLE `pe;ak`;\n"),
        ],
        "SELECT GROUP_CONCAT(n, `a``b` ORDER BY n SEPARATOR '|') FROM `pe;ak`",
        "1it's; \" \"x|3';\\",
    ),
    both_ways(
        "Flyway, a function of one statement, an event",
        &[
            (
                "V1__Peak.sql",
                "CREATE FUNCTION half(a INT) RETURNS INT DETERMINISTIC RETURN IF(a > 1, a DIV 2, a);\n\
                 CREATE EVENT later ON SCHEDULE AT '2037-01-01 00:00:00' DO BEGIN SELECT 1; SELECT 2; END;\n",
            ),
            ("U1__Peak.sql", "DROP EVENT later;\nDROP FUNCTION half;\n"),
        ],
        "SELECT CAST(half(9) AS CHAR)",
        "4",
    ),
    forth(
        "Prisma, a key behind the tables",
        &[(
            "20240102030405_init/migration.sql",
            "-- CreateTable\nCREATE TABLE `Peak` (\n    `id` INTEGER NOT NULL AUTO_INCREMENT,\n    `parent` INTEGER NULL,\n\n    UNIQUE INDEX `Peak_parent_key`(`parent`),\n    PRIMARY KEY (`id`)\n\
             ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n\n-- AddForeignKey\nALTER TABLE `Peak` ADD CONSTRAINT `Peak_parent_fkey` FOREIGN KEY (`parent`) REFERENCES `Peak`(`id`) ON DELETE SET NULL;\n\
             INSERT INTO `Peak` VALUES (NULL, 1);\n",
        )],
        "SELECT CAST(parent AS CHAR) FROM `Peak`",
        "1",
    ),
    both_ways(
        "sqlx, a loop as the whole body",
        &[
            (
                "20240102030405_peak.up.sql",
                "CREATE TABLE peak (n int);\nCREATE PROCEDURE fill() FOR i IN 1..3 DO INSERT INTO peak VALUES (i); END FOR;\nCALL fill();\n",
            ),
            ("20240102030405_peak.down.sql", "DROP PROCEDURE fill;\nDROP TABLE peak;\n"),
        ],
        "SELECT CAST(SUM(n) AS CHAR) FROM peak",
        "6",
    ),
    both_ways(
        "a block outside of any routine",
        &[(
            "0001_peak.sql",
            "CREATE TABLE peak (n int);\nBEGIN NOT ATOMIC\n  DECLARE a INT DEFAULT 3;\n  INSERT INTO peak VALUES (a);\n  INSERT INTO peak VALUES (CASE a WHEN 3 THEN 4 END);\nEND;\n\
             -- down\nDROP TABLE peak;\n",
        )],
        "SELECT CAST(SUM(n) AS CHAR) FROM peak",
        "7",
    ),
    forth(
        "mysqldump, routines, an event, a trigger, a view and bytes",
        &[(
            "0001_dump.sql",
            "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: hills\n-- ------------------------------------------------------\n\
             /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!50503 SET NAMES utf8mb4 */;\n/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n\
             /*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;\n/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n\n\
             DROP TABLE IF EXISTS `peak`;\n/*!40101 SET @saved_cs_client     = @@character_set_client */;\nCREATE TABLE `peak` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `raw` varbinary(9) DEFAULT NULL,\n  `note` text,\n  PRIMARY KEY (`id`)\n\
             ) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4;\n/*!40101 SET character_set_client = @saved_cs_client */;\n\nLOCK TABLES `peak` WRITE;\n/*!40000 ALTER TABLE `peak` DISABLE KEYS */;\n\
             INSERT INTO `peak` VALUES (0,0x00FF,'a\\nb; \\'c\\' \\\\'),(2,NULL,'-- down');\n/*!40000 ALTER TABLE `peak` ENABLE KEYS */;\nUNLOCK TABLES;\n\
             /*!50003 SET @saved_sql_mode       = @@sql_mode */ ;\n/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES' */ ;\nDELIMITER ;;\n\
             /*!50003 CREATE*/ /*!50003 TRIGGER `peak_ins` BEFORE INSERT ON `peak` FOR EACH ROW BEGIN\n  SET NEW.note = 'x;';\nEND */;;\nDELIMITER ;\n/*!50003 SET sql_mode              = @saved_sql_mode */ ;\n\
             /*!50106 SET @save_time_zone= @@TIME_ZONE */ ;\nDELIMITER ;;\n/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES' */ ;;\n\
             /*!50106 CREATE*/ /*!50106 EVENT `later` ON SCHEDULE AT '2037-01-01 00:00:00' DO BEGIN\n  SELECT 1;\nEND */ ;;\nDELIMITER ;\n\
             DELIMITER ;;\nCREATE FUNCTION `twice`(a INT) RETURNS int\n    DETERMINISTIC\nBEGIN\n  RETURN a * 2;\nEND ;;\nDELIMITER ;\n\
             /*!50001 CREATE VIEW `seen` AS SELECT \n 1 AS `n`*/;\n/*!50001 DROP VIEW IF EXISTS `seen`*/;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 SQL SECURITY INVOKER */\n/*!50001 VIEW `seen` AS select `peak`.`id` AS `n` from `peak` */;\n\
             /*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;\n-- Dump completed on 2024-01-02  3:04:05\n",
        )],
        "SELECT CONCAT(twice(SUM(n)), '|', (SELECT GROUP_CONCAT(note ORDER BY id) FROM peak), HEX((SELECT raw FROM peak WHERE id = 0))) FROM seen",
        "4|a\nb; 'c' \\,-- down00FF",
    ),
];

const SQLITE: [Case; 7] = [
    both_ways(
        "dbmate, CRLF, a trigger with cases",
        &[(
            "20240102030405_peak.sql",
            "-- migrate:up\r\ncreate table peak (n integer, \"begin\" text, [end; x] text);\r\ncreate trigger if not exists peak_ins\r\n\tafter insert\r\n\ton peak\r\nbegin\r\n\
             update peak set n = case when n > 5 then case n when 6 then 60 else 0 end else n end;\r\n\tselect 1;\r\nend;\r\ninsert into peak values (6, 'a;', null);\r\n\
             -- migrate:down\r\ndrop table peak;",
        )],
        "SELECT cast(n AS text) FROM peak",
        "60",
    ),
    both_ways(
        "goose, foreign keys off around a rebuild by hand",
        &[
            (
                "00001_peak.sql",
                "-- +goose Up\nCREATE TABLE range (id INTEGER PRIMARY KEY);\nCREATE TABLE peak (id INTEGER PRIMARY KEY, range_id INTEGER REFERENCES range(id) ON DELETE CASCADE);\n\
                 INSERT INTO range VALUES (1);\nINSERT INTO peak VALUES (1, 1);\n-- +goose Down\nDROP TABLE peak;\nDROP TABLE range;\n",
            ),
            (
                "00002_range.sql",
                "-- +goose NO TRANSACTION\n-- +goose Up\nPRAGMA foreign_keys = OFF;\nBEGIN;\nCREATE TABLE range_new (id INTEGER PRIMARY KEY, name TEXT);\n\
                 INSERT INTO range_new (id) SELECT id FROM range;\nDROP TABLE range;\nALTER TABLE range_new RENAME TO range;\nCOMMIT;\nPRAGMA foreign_keys = ON;\n\
                 -- +goose Down\nALTER TABLE range DROP COLUMN name;\n",
            ),
        ],
        "SELECT cast(count(*) AS text) FROM peak JOIN range ON range.id = range_id",
        "1",
    ),
    both_ways(
        "golang-migrate, names in four kinds of quotation marks",
        &[
            (
                "000001_peak.up.sql",
                "CREATE TABLE [pe;ak] (\"a;b\" TEXT, `c;d` TEXT); INSERT INTO [pe;ak] VALUES ('it''s; \\', x'00'); -- ;'",
            ),
            ("000001_peak.down.sql", "DROP TABLE [pe;ak]"),
        ],
        "SELECT \"a;b\" FROM [pe;ak]",
        "it's; \\",
    ),
    both_ways(
        "sqlx, a virtual table and triggers that fill it",
        &[
            (
                "20240102030405_peak.up.sql",
                "CREATE TABLE peak (id INTEGER PRIMARY KEY, note TEXT);\nCREATE VIRTUAL TABLE peak_words USING fts5(note, content='peak', content_rowid='id');\n\
                 CREATE TRIGGER peak_ai AFTER INSERT ON peak BEGIN\n  INSERT INTO peak_words(rowid, note) VALUES (new.id, new.note);\nEND;\n\
                 INSERT INTO peak VALUES (1, 'a long; ridge');\n",
            ),
            ("20240102030405_peak.down.sql", "DROP TABLE peak_words;\nDROP TABLE peak;\n"),
        ],
        "SELECT note FROM peak_words WHERE peak_words MATCH 'ridge'",
        "a long; ridge",
    ),
    forth(
        "Prisma, a redefined table",
        &[
            (
                "20240102030405_init/migration.sql",
                "-- CreateTable\nCREATE TABLE \"Peak\" (\n    \"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT\n);\nINSERT INTO \"Peak\" VALUES (4);\n",
            ),
            (
                "20240102030406_more/migration.sql",
                "-- RedefineTables\nPRAGMA defer_foreign_keys=ON;\nPRAGMA foreign_keys=OFF;\nCREATE TABLE \"new_Peak\" (\n    \"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,\n    \"note\" TEXT NOT NULL DEFAULT 'n;'\n);\n\
                 INSERT INTO \"new_Peak\" (\"id\") SELECT \"id\" FROM \"Peak\";\nDROP TABLE \"Peak\";\nALTER TABLE \"new_Peak\" RENAME TO \"Peak\";\nPRAGMA foreign_keys=ON;\nPRAGMA defer_foreign_keys=OFF;\n",
            ),
        ],
        "SELECT id || note FROM \"Peak\"",
        "4n;",
    ),
    both_ways(
        "diesel, a folder, an empty undo",
        &[
            (
                "2024-01-02-030405_peak/up.sql",
                "CREATE TABLE IF NOT EXISTS peak (n INTEGER UNIQUE);\nINSERT OR REPLACE INTO peak VALUES (1);\n",
            ),
            ("2024-01-02-030405_peak/down.sql", ""),
        ],
        "SELECT cast(n AS text) FROM peak",
        "1",
    ),
    forth(
        "sqlite3 .dump, a counter, breaks in texts, a trigger, a view",
        &[(
            "0001_dump.sql",
            "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE peak (id INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT);\n\
             INSERT INTO peak VALUES(1,replace('a;\\nb','\\n',char(10)));\nINSERT INTO peak VALUES(2,'-- down');\nINSERT INTO peak VALUES(3,X'00ff');\n\
             DELETE FROM sqlite_sequence;\nINSERT INTO sqlite_sequence VALUES('peak',7);\nCREATE INDEX peak_note ON peak (note) WHERE note <> ';';\n\
             CREATE TRIGGER peak_del BEFORE DELETE ON peak BEGIN SELECT RAISE(ABORT, 'no;'); END;\nCREATE VIEW seen AS SELECT id AS 'n;' FROM peak;\nCOMMIT;\n",
        )],
        "SELECT (SELECT seq FROM sqlite_sequence) || note || (SELECT count(*) FROM seen) FROM peak WHERE id = 1",
        "7a;\nb3",
    ),
];

/// Makes the folder a project of one app, `hills`, on the database.
fn hills(db: &TestDatabase, files: &[(&str, &str)]) {
    let settings = format!("apps = [\"hills\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings);
    for (file, text) in files {
        db.workspace.write(&format!("migrations/hills/{file}"), text);
    }
}

async fn answer(db: &TestDatabase, query: &str) -> String {
    db.database.query::<(String,)>(query, &[]).await.unwrap()[0].0.clone()
}

/// Every case on a database of its own; all that fail are told.
fn every(kind: Kind, cases: &[Case]) {
    block_on(async {
        let mut wrong = Vec::new();
        for case in cases {
            let db = TestDatabase::create(kind).await;
            hills(&db, case.files);
            if let Err(told) = try_case(&db, case).await {
                wrong.push(format!("{}: {told}", case.name));
            }
            db.discard().await;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
}

async fn try_case(db: &TestDatabase, case: &Case) -> Result<(), String> {
    let run = |args: &[&str]| {
        let run = db.workspace.manage(args);
        if run.status == 0 { Ok(()) } else { Err(format!("{args:?} failed: {}", run.stderr)) }
    };
    let forth = ["migrate", "-v", "0"];
    run(&forth)?;
    if case.is_undone {
        run(&["migrate", "hills", "zero", "-v", "0"])?;
        run(&forth)?;
    }
    let found = answer(db, case.query).await;
    if found != case.answer {
        return Err(format!("expected {:?}, found {found:?}", case.answer));
    }
    run(&["migrate", "--check"])
}

#[test]
fn files_for_postgresql_are_applied_and_undone() {
    every(Kind::Postgresql, &POSTGRESQL);
}

#[test]
fn files_for_mariadb_are_applied_and_undone() {
    every(Kind::Mariadb, &MARIADB);
}

#[test]
fn files_for_sqlite_are_applied_and_undone() {
    every(Kind::Sqlite, &SQLITE);
}

/// What cannot run as it is written: the text behind a first statement of one line, the line that is told, and words.
const REFUSED: [(Kind, &str, usize, &str); 16] = [
    (Kind::Postgresql, "\\i more.sql\n", 2, "`\\i` is a command of psql"),
    (Kind::Postgresql, "SELECT 1 \\gexec\n", 2, "is a command of psql"),
    (Kind::Postgresql, "DO $$ BEGIN NULL; END $;\nSELECT 1;\n", 2, "what begins here never ends"),
    (Kind::Postgresql, "/* one /* two */\nSELECT 1;\n", 2, "what begins here never ends"),
    (Kind::Postgresql, "SELECT 'it;\n", 2, "what begins here never ends"),
    (Kind::Postgresql, "COPY peak FROM stdin;\n1\n", 3, "what begins here never ends"),
    (
        Kind::Postgresql,
        "\nALTER TYPE kind ADD VALUE 'x';\nCREATE INDEX CONCURRENTLY a ON peak (n);\n",
        4,
        "this cannot run in a transaction",
    ),
    (Kind::Postgresql, "-- +goose ENVSUB ON\nSELECT 1;\n", 2, "this looks like a marker"),
    (Kind::Postgresql, "SELECT 1;\nROLLBACK;\n", 3, "`ROLLBACK` would break"),
    (Kind::Mariadb, "SOURCE more.sql\n", 2, "is a command of mysql"),
    (Kind::Mariadb, "INSERT INTO peak VALUES (\"it);\n", 2, "what begins here never ends"),
    (Kind::Mariadb, "START TRANSACTION;\nSELECT 1;\nCOMMIT;\nSELECT 2;\n", 2, "`START` would break"),
    (Kind::Sqlite, ".read more.sql\n", 2, "`.read` is a command of sqlite3"),
    (Kind::Sqlite, "SELECT [a;\n", 2, "what begins here never ends"),
    (Kind::Sqlite, "VACUUM;\n", 2, "this cannot run in a transaction"),
    (Kind::Sqlite, "-- migrate:donw\nDROP TABLE peak;\n", 2, "this looks like a marker"),
];

#[test]
fn what_cannot_run_as_it_is_written_is_refused_with_its_line_before_anything_runs() {
    block_on(async {
        let mut wrong = Vec::new();
        for kind in [Kind::Postgresql, Kind::Mariadb, Kind::Sqlite] {
            let db = TestDatabase::create(kind).await;
            for (_, text, line, words) in REFUSED.iter().filter(|(own, ..)| *own == kind) {
                hills(&db, &[("0001_peak.sql", &format!("CREATE TABLE peak (n integer);\n{text}"))]);
                let run = db.workspace.manage(["migrate"]);
                let begins = format!("error: migrations/hills/0001_peak.sql:{line}: ");
                if run.status != 1 || !run.stderr.starts_with(&begins) || !run.stderr.contains(words) {
                    wrong.push(format!("{kind:?} {text:?}: {} {}", run.status, run.stderr));
                }
            }
            assert!(db.database.query::<(i64,)>("SELECT n FROM peak", &[]).await.is_err());
            db.discard().await;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    });
}
