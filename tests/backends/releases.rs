//! Changes while programs of before and after write the same rows: `makemigrations --safe` and `migrate --contract`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use manage::db::Value;

use crate::support::{Kind, TestDatabase, on_every_database};

const BEFORE: &str = r#"[Owner]
fields = [{ name = "name", type = "Char", max_length = 20 }]
[Note]
ordering = ["-score"]
fields = [
  { name = "code", type = "Char", max_length = 20 },
  { name = "score", type = "Integer", db_index = true },
  { name = "size", type = "Integer" },
  { name = "lead", type = "Char", max_length = 20, null = true },
  { name = "gone", type = "Integer" },
  { name = "owner", type = "BigInteger" },
]
indexes = [{ name = "yard_score_code", fields = ["score", "code"] }]
constraints = [{ name = "yard_size_positive", check = "size >= 0" }]
"#;

/// A rename, a type, a rule against NULL, uniqueness, a key, what comes and what goes.
const AFTER: &str = r#"[Owner]
fields = [{ name = "name", type = "Char", max_length = 20 }]
[Note]
ordering = ["-rating"]
fields = [
  { name = "code", type = "Char", max_length = 20, unique = true },
  { name = "rating", type = "Integer", db_index = true },
  { name = "size", type = "BigInteger" },
  { name = "lead", type = "Char", max_length = 20 },
  { name = "owner", type = "ForeignKey", to = "Owner", db_column = "owner" },
  { name = "views", type = "Integer", default = 7 },
  { name = "token", type = "Uuid", unique = true, default = "uuid4" },
  { name = "editor", type = "ForeignKey", to = "Owner", null = true },
]
indexes = [{ name = "yard_score_code", fields = ["rating", "code"] }]
constraints = [{ name = "yard_size_positive", check = "size >= 0" }]
"#;

/// Rows that are there before anybody writes.
const ROWS: i64 = 3000;

/// A declared app with rows, and the steps of a change written but not applied.
async fn prepared(db: &TestDatabase) {
    let settings = format!("apps = [\"yard\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings).write("models/yard.toml", BEFORE);
    db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
    db.database.execute("INSERT INTO yard_owner (name) VALUES ('Ann')", &[]).await.unwrap();
    let rows: Vec<String> = (1..=ROWS).map(|row| format!("('r{row}', {row}, {row}, NULL, 0, 1)")).collect();
    for rows in rows.chunks(500) {
        let columns = "code, score, size, lead, gone, owner";
        let sql = format!("INSERT INTO yard_note ({columns}) VALUES {}", rows.join(", "));
        db.database.execute(&sql, &[]).await.unwrap();
    }
    db.workspace.write("models/yard.toml", AFTER);
    let safe = [
        "makemigrations",
        "--safe",
        "-v",
        "0",
        "--rename",
        "yard.Note.score=rating",
        "--no-rename",
        "yard.Note.gone",
    ];
    db.workspace.manage([&safe[..], &["--default", "yard.Note.lead=none"]].concat()).succeeds();
    db.workspace.manage(["makemigrations", "--check"]).says("No changes detected\n");
    // Nothing of it is unsafe, but for a check where no database can look at rows beside writers.
    let findings = db.workspace.manage(["lintmigrations", "--no-database", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&findings.stdout).unwrap();
    let codes: Vec<&str> =
        told["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    let checks: &[&str] = if db.kind == Kind::Mariadb { &["M008", "M008"] } else { &[] };
    assert_eq!(codes, checks, "{told}");
}

/// A program that writes until it is stopped, and how many rows it has put in.
struct Writer {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<i64>,
}

impl Writer {
    /// Puts rows in by one statement and changes each by another, over connections of its own.
    fn start(db: &TestDatabase, put_in: &'static str, change: &'static str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let database = db.reopen(|_| {});
        let stopped = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            #[expect(clippy::disallowed_methods, reason = "a program of its own, beside the one of the test")]
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut number = 0;
                while !stopped.load(Ordering::Relaxed) {
                    number += 1;
                    let number = [Value::Int(number)];
                    assert_eq!(database.execute(put_in, &number).await.unwrap(), 1);
                    assert_eq!(database.execute(change, &number).await.unwrap(), 1);
                }
                number
            })
        });
        Self { is_over, thread }
    }

    fn stop(self) -> i64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Counts from the number of a parameter, in the words of each.
fn numbered(db: &TestDatabase, sql: &str) -> &'static str {
    let kind = if db.kind == Kind::Postgresql { "CAST(? AS bigint)" } else { "CAST(? AS SIGNED)" };
    // A statement of a test lives as long as the test does.
    Box::leak(sql.replace("{n}", &format!("(SELECT {kind} AS n) AS one")).into_boxed_str())
}

/// A program of before: it knows `score` and `gone`, and writes NULL for `lead`.
fn old(db: &TestDatabase) -> Writer {
    let put_in = "INSERT INTO yard_note (code, score, size, lead, gone, owner) SELECT CONCAT('o', n), n, n, NULL, 0, 1 FROM {n}";
    let change = "UPDATE yard_note SET score = score + 1000000, size = size + 1 \
                  WHERE code = (SELECT CONCAT('o', n) FROM {n})";
    Writer::start(db, numbered(db, put_in), numbered(db, change))
}

/// A program of after: it knows `rating`, `views`, `token` and `editor`.
fn new(db: &TestDatabase) -> Writer {
    let token = if db.kind == Kind::Postgresql { "gen_random_uuid()" } else { "REPLACE(UUID(), '-', '')" };
    let put_in = "INSERT INTO yard_note (code, rating, size, lead, owner, views, token, editor_id) \
                  SELECT CONCAT('n', n), n, n + 3000000000, 'new', 1, 8, {token}, 1 FROM {n}";
    let change = "UPDATE yard_note SET rating = rating + 1000000, views = views + 1 \
                  WHERE code = (SELECT CONCAT('n', n) FROM {n})";
    Writer::start(db, numbered(db, &put_in.replace("{token}", token)), numbered(db, change))
}

async fn count(db: &TestDatabase, condition: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM yard_note WHERE {condition}");
    let rows: Vec<(i64,)> = db.database.query(&sql, &[]).await.unwrap();
    rows[0].0
}

on_every_database! {
    async fn no_write_of_a_program_of_before_or_after_fails_or_is_lost_while_a_change_is_made_in_steps(db in TestDatabase) {
        // Its one writer is one program at a time.
        if db.kind == Kind::Sqlite {
            return;
        }
        prepared(&db).await;
        let old = old(&db);
        let told = db.workspace.manage(["migrate", "--lock-timeout", "20s"]).succeeds();
        assert!(told.contains("... OK") && !told.contains("remove"), "{told}");
        // Nothing but what waits is left, so that a site is ready and CI content.
        db.workspace.manage(["migrate", "--check"]).succeeds();
        let new = new(&db);
        std::thread::sleep(std::time::Duration::from_millis(400));
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        let old = old.stop();
        db.workspace.manage(["migrate", "--contract", "--lock-timeout", "20s", "-v", "0"]).succeeds_with("");
        let new = new.stop();
        assert!(old > 20 && new > 20, "{old} and {new} rows in all");
        assert_eq!(count(&db, "code LIKE 'r%' AND rating = size AND lead = 'none' AND views = 7").await, ROWS);
        let by_old = "code LIKE 'o%' AND rating = size + 999999 AND lead = 'none' AND views = 7 AND editor_id IS NULL";
        assert_eq!(count(&db, by_old).await, old);
        let by_new = "code LIKE 'n%' AND rating = size - 2999000000 AND lead = 'new' AND views = 9 AND editor_id = 1";
        assert_eq!(count(&db, by_new).await, new);
        let tokens: Vec<(i64,)> = db.database.query("SELECT COUNT(DISTINCT token) FROM yard_note", &[]).await.unwrap();
        assert_eq!(tokens[0].0, ROWS + old + new);
        db.workspace.manage(["checkdrift"]).succeeds();
        db.workspace.manage(["makemigrations", "--check"]).succeeds();
    }

    async fn what_programs_of_before_and_after_write_is_there_for_both_and_on_the_way_back(db in TestDatabase) {
        prepared(&db).await;
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        db.database.execute("INSERT INTO yard_note (code, score, size, gone, owner) VALUES ('o', 71, 1, 0, 1)", &[]).await.unwrap();
        let by_new = "INSERT INTO yard_note (code, rating, size, lead, owner, views) VALUES ('n', 72, 2, 'l', 1, 1)";
        db.database.execute(by_new, &[]).await.unwrap();
        db.database.execute("UPDATE yard_note SET score = 91 WHERE code = 'r1'", &[]).await.unwrap();
        db.database.execute("UPDATE yard_note SET rating = 92 WHERE code = 'r2'", &[]).await.unwrap();
        assert_eq!(count(&db, "score = rating AND score IN (71, 72, 91, 92)").await, 5 + 3);
        assert_eq!(count(&db, "token IS NULL OR views IS NULL OR lead IS NULL").await, 0);
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        db.database.execute("UPDATE yard_note SET rating = 93, size = 5 WHERE code = 'r2'", &[]).await.unwrap();
        db.workspace.manage(["checkdrift"]).succeeds();
        // Back to where both run, and on again.
        let back: Vec<String> = std::fs::read_dir(db.workspace.path().join("migrations/yard")).unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let last = back.iter().filter(|name| name.ends_with(".toml")).max().unwrap();
        let number: u32 = last[..4].parse().unwrap();
        db.workspace.manage(["migrate", "yard", &format!("{:04}", number - 1), "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "score = rating").await, ROWS + 2);
        db.database.execute("UPDATE yard_note SET score = 94 WHERE code = 'r2'", &[]).await.unwrap();
        assert_eq!(count(&db, "rating = 94 AND size = 5").await, 1);
        // What programs of before could not have written stands in the way of going back further, and is told before it does.
        let wide = "INSERT INTO yard_note (code, score, size, lead, owner, gone) VALUES ('wide', 1, 5000000000, 'l', 1, 0)";
        db.database.execute(wide, &[]).await.unwrap();
        if db.kind != Kind::Sqlite {
            let told = db.workspace.manage(["migrate", "yard", "0004", "-v", "0"]).fails(1);
            assert!(told.contains("1 row whose `size` does not fit Integer (id "), "{told}");
        }
        db.database.execute("DELETE FROM yard_note WHERE code = 'wide'", &[]).await.unwrap();
        db.workspace.manage(["migrate", "yard", "0004", "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "size = size_next").await, ROWS + 2);
        let old = "INSERT INTO yard_note (code, score, size, lead, owner, gone) VALUES ('back', 1, 77, 'l', 1, 0)";
        db.database.execute(old, &[]).await.unwrap();
        assert_eq!(count(&db, "size_next = 77 AND code = 'back'").await, 1);
        db.database.execute("UPDATE yard_note SET gone = 0", &[]).await.unwrap();
        db.workspace.manage(["migrate", "yard", "0001", "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "score = 94 AND size = 5").await, 1);
        db.workspace.manage(["checkdrift"]).succeeds();
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "rating = 94 AND size = 5").await, 1);
    }

    async fn keys_to_the_same_table_and_unique_fields_change_in_steps_too(db in TestDatabase) {
        let before = "[Category]\nfields = [{ name = \"code\", type = \"Integer\", unique = true }, { name = \"parent\", type = \
                      \"ForeignKey\", to = \"self\", null = true }, { name = \"next\", type = \"ForeignKey\", to = \"self\", null = \
                      true, db_constraint = false }, { name = \"shelf\", type = \"Integer\", db_index = true, default = 1 }]\n";
        let settings = format!("apps = [\"yard\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings).write("models/yard.toml", before);
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        for row in ["(10, NULL, NULL, 1)", "(20, 1, 1, 2)", "(30, 2, 1, 3)"] {
            let sql = format!("INSERT INTO yard_category (code, parent_id, next_id, shelf) VALUES {row}");
            db.database.execute(&sql, &[]).await.unwrap();
        }
        let after = before.replace("parent", "up").replace(", db_constraint = false", "");
        let after = after.replace("\"code\", type = \"Integer\"", "\"code\", type = \"BigInteger\"");
        let after = after.replace("\"shelf\", type = \"Integer\"", "\"shelf\", type = \"BigInteger\"");
        db.workspace.write("models/yard.toml", &after);
        let safe = ["makemigrations", "--safe", "-v", "0", "--rename", "yard.Category.parent=up"];
        db.workspace.manage(safe).succeeds();
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
        db.workspace.manage(["migrate", "yard", "0001", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
        // In one step the rows are looked at as well, and each points to one.
        for file in std::fs::read_dir(db.workspace.path().join("migrations/yard")).unwrap() {
            let path = file.unwrap().path();
            if !path.ends_with("0001_initial.toml") {
                std::fs::remove_file(path).unwrap();
            }
        }
        db.workspace.manage(["makemigrations", "-v", "0", "--rename", "yard.Category.parent=up"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
        let rows: Vec<(i64, Option<i64>)> =
            db.database.query("SELECT code, up_id FROM yard_category ORDER BY id", &[]).await.unwrap();
        assert_eq!(rows, [(10, None), (20, Some(1)), (30, Some(2))]);
    }

    async fn what_a_row_that_goes_does_to_others_it_does_to_both_columns(db in TestDatabase) {
        let before = "[Owner]\nfields = [{ name = \"name\", type = \"Char\", max_length = 9 }]\n[Pet]\nfields = [{ name = \"owner\", \
                      type = \"ForeignKey\", to = \"Owner\", null = true, on_delete = \"SET_NULL\" }]\n";
        let settings = format!("apps = [\"yard\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings).write("models/yard.toml", before);
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        db.database.execute("INSERT INTO yard_owner (name) VALUES ('a'), ('b'), ('c')", &[]).await.unwrap();
        db.database.execute("INSERT INTO yard_pet (owner_id) VALUES (1), (2), (3)", &[]).await.unwrap();
        db.workspace.write("models/yard.toml", &before.replace("\"owner\"", "\"keeper\""));
        db.workspace.manage(["makemigrations", "--safe", "-v", "0", "--rename", "yard.Pet.owner=keeper"]).succeeds();
        db.workspace.manage(["migrate", "yard", "0002", "-v", "0"]).succeeds_with("");
        db.database.execute("DELETE FROM yard_owner WHERE id = 1", &[]).await.unwrap();
        db.workspace.manage(["migrate", "yard", "0003", "-v", "0"]).succeeds_with("");
        db.database.execute("DELETE FROM yard_owner WHERE id = 2", &[]).await.unwrap();
        let rows: Vec<(Option<i64>, Option<i64>)> =
            db.database.query("SELECT owner_id, keeper_id FROM yard_pet ORDER BY id", &[]).await.unwrap();
        assert_eq!(rows, [(None, None), (None, None), (Some(3), Some(3))]);
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
    }

    async fn a_view_over_a_column_that_gets_another_type_is_told_before_it_reads_the_wrong_one(db in TestDatabase) {
        prepared(&db).await;
        db.database.execute("CREATE VIEW yard_sizes AS SELECT id, size FROM yard_note", &[]).await.unwrap();
        if db.kind == Kind::Postgresql {
            let told = db.workspace.manage(["migrate", "-v", "0"]).fails(1);
            assert!(told.contains("the view yard_sizes reads the column size, which would be another one"), "{told}");
            db.database.execute("DROP VIEW yard_sizes", &[]).await.unwrap();
            db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
            db.database.execute("CREATE VIEW yard_sizes AS SELECT id, size FROM yard_note", &[]).await.unwrap();
        } else {
            db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        }
        let wide = "INSERT INTO yard_note (code, score, size, lead, owner, gone) VALUES ('wide', 1, 5000000000, 'l', 1, 0)";
        db.database.execute(wide, &[]).await.unwrap();
        let rows: Vec<(i64,)> = db.database.query("SELECT MAX(size) FROM yard_sizes", &[]).await.unwrap();
        assert_eq!(rows, [(5_000_000_000,)]);
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        let rows: Vec<(i64,)> = db.database.query("SELECT MAX(size) FROM yard_sizes", &[]).await.unwrap();
        assert_eq!(rows, [(5_000_000_000,)]);
    }

    async fn fields_that_share_indexes_and_constraints_change_in_one_go(db in TestDatabase) {
        let before = "[Order]\nfields = [{ name = \"total\", type = \"Integer\" }, { name = \"group\", type = \"Integer\" }, \
                      { name = \"n\", type = \"Integer\" }]\nindexes = [{ name = \"ord_tot\", fields = [\"total\", \"group\", \"n\"] \
                      }]\nconstraints = [{ name = \"ord_once\", unique = [\"total\", \"group\"] }, { name = \"ord_few\", check = \
                      \"total > 0 AND n < 5\" }]\n";
        let settings = format!("apps = [\"yard\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
        db.workspace.write("settings/base.toml", &settings).write("models/yard.toml", before);
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        let group = if db.kind == Kind::Mariadb { "`group`" } else { "\"group\"" };
        db.database.execute(&format!("INSERT INTO yard_order (total, {group}, n) VALUES (3, 2, 1)"), &[]).await.unwrap();
        let after = before.replace("total", "amount").replace("\"group\"", "\"team\"");
        let after = after.replace("\"n\", type = \"Integer\"", "\"n\", type = \"BigInteger\"");
        db.workspace.write("models/yard.toml", &after);
        let renames = ["--rename", "yard.Order.total=amount", "--rename", "yard.Order.group=team"];
        db.workspace.manage([&["makemigrations", "--safe", "-v", "0"][..], &renames].concat()).succeeds();
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["makemigrations", "--check"]).succeeds();
        db.workspace.manage(["checkdrift"]).succeeds();
        let rows: Vec<(i64, i64, i64)> =
            db.database.query("SELECT CAST(amount AS {int}), CAST(team AS {int}), n FROM yard_order"
                .replace("{int}", if db.kind == Kind::Mariadb { "SIGNED" } else { "bigint" }).as_str(), &[]).await.unwrap();
        assert_eq!(rows, [(3, 2, 1)]);
        db.workspace.manage(["migrate", "yard", "0001", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
        db.workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["checkdrift"]).succeeds();
    }
}

#[test]
fn what_waits_is_in_nobodys_way_until_something_needs_it() {
    let workspace = crate::support::Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"yard\"]\n[databases.default]\nengine = \"sqlite\"\nname = \"x.db\"\n",
        )
        .write("models/yard.toml", "[Note]\nfields = [{ name = \"old\", type = \"Integer\" }]\n");
    workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
    workspace.write("models/yard.toml", "[Note]\nfields = []\n");
    workspace.manage(["makemigrations", "--safe", "--no-header"]).succeeds_with(
        "Migrations for 'yard':\n  migrations/yard/0002_alter_note_old.toml\n    ~ Alter field old on note\n  \
         migrations/yard/0003_remove_note_old.toml (a later release)\n    - Remove field old from note\n",
    );
    let run = workspace.manage(["migrate"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "yard.0003_remove_note_old on default: left for later; `manage migrate --contract` applies it, once no program of \
             before runs any more\n"
        )
    );
    // What a program of now needs stands behind it.
    workspace.write(
        "models/yard.toml",
        "[Note]\nfields = [{ name = \"new\", type = \"Integer\", null = true }]\n",
    );
    let run = workspace.manage(["makemigrations"]);
    assert_eq!(
        run.stderr,
        "yard.0004_note_new comes behind yard.0003_remove_note_old, which waits for `manage migrate --contract`: where that \
         was not said yet, say it first.\n"
    );
    run.succeeds();
    workspace.manage(["migrate"]).fails_with(
        1,
        "error: yard.0004_note_new depends on yard.0003_remove_note_old, which waits on database `default` until no program of \
         before runs any more\nhint: once they are gone, `manage migrate --contract` applies it with what waits\n",
    );
    workspace.manage(["migrate", "--contract", "-v", "0"]).succeeds_with("");
    // Where nothing of the app is, no program of before runs.
    workspace.write(
        "settings/base.toml",
        "apps = [\"yard\"]\n[databases.default]\nengine = \"sqlite\"\nname = \"y.db\"\n",
    );
    workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
    workspace.manage(["migrate", "--check", "--contract"]).succeeds();
}

#[test]
fn what_cannot_be_done_in_steps_is_refused_with_the_reason_and_the_way_out() {
    let workspace = crate::support::Workspace::new();
    let model = |fields: &str| format!("[Note]\nfields = [{fields}]\n");
    let written = |models: &str, answers: &[&str]| {
        workspace.write("models/yard.toml", models);
        workspace.manage([&["makemigrations", "--safe"][..], answers].concat()).fails(1)
    };
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"yard\"]\n[databases.default]\nengine = \"sqlite\"\nname = \"x.db\"\n",
        )
        .write("models/yard.toml", &model("{ name = \"a\", type = \"Integer\", null = true }"));
    workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    let renamed = written(
        "[Page]\nfields = [{ name = \"a\", type = \"Integer\", null = true }]\n",
        &["--rename", "yard.Note=Page"],
    );
    assert_eq!(
        renamed,
        "error: Rename model Note to Page: no migration can be written for it: the table yard_note would be called otherwise: \
         let the model keep it, by `table = \"yard_note\"`; programs of before could not go on\n"
    );
    let both = written(&model("{ name = \"a\", type = \"BigInteger\" }"), &["--default", "yard.Note.a=1"]);
    assert!(
        both.contains("its type changes, and it takes no NULL any more: do one after the other"),
        "{both}"
    );
    let key = written(&model("{ name = \"a\", type = \"Integer\", primary_key = true }"), &[]);
    workspace.write(
        "models/yard.toml",
        &model("{ name = \"a\", type = \"Integer\", null = true }, { name = \"b\", type = \"Integer\", null = true, db_default = 5 }"),
    );
    workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    let open = written(
        &model(
            "{ name = \"a\", type = \"Integer\", null = true }, { name = \"c\", type = \"Integer\", null = true, db_default = 5 }",
        ),
        &["--rename", "yard.Note.b=c"],
    );
    assert!(
        open.contains("NULL in `c` could not be told from nothing, for which `b` has a default"),
        "{open}"
    );
    assert!(key.contains("programs of before could not go on"), "{key}");
    assert_eq!(std::fs::read_dir(workspace.path().join("migrations/yard")).unwrap().count(), 3);
}
