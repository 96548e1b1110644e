//! Rows that get a value they lack: `FillField`, and the three steps of `makemigrations`.

use serde_json::Value as Json;

use crate::support::{Kind, TestDatabase, on_every_database};

const MODELS: &str = "[Crate]\nfields = [{ name = \"label\", type = \"Char\", max_length = 20 }]\n";

/// Numbers of two kinds.
const NUMBERS: &str = "[[operation]]\nop = \"CreateModel\"\nmodel = \"Box\"\nfields = [{ name = \"size\", type = \
    \"SmallInteger\", null = true }, { name = \"price\", type = \"Decimal\", max_digits = 4, decimal_places = 2, null = true }]\n";

/// A declared app with rows.
async fn filled(db: &TestDatabase, rows: usize) {
    let settings = format!("apps = [\"barn\"]\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings).write("models/barn.toml", MODELS);
    db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
    db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
    let labels: Vec<String> = (1..=rows).map(|row| format!("('{row}')")).collect();
    for labels in labels.chunks(500) {
        let sql = format!("INSERT INTO barn_crate (label) VALUES {}", labels.join(", "));
        db.database.execute(&sql, &[]).await.unwrap();
    }
}

async fn count(db: &TestDatabase, what: &str) -> i64 {
    let rows: Vec<(i64,)> =
        db.database.query(&format!("SELECT COUNT({what}) FROM barn_crate"), &[]).await.unwrap();
    rows[0].0
}

/// How far a run said it came.
fn progress(lines: &str) -> Vec<(u64, u64)> {
    let lines = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let told = lines.filter(|line| line["event"] == "progress");
    told.map(|line| (line["rows"].as_u64().unwrap(), line["of"].as_u64().unwrap())).collect()
}

on_every_database! {
    async fn a_unique_field_gives_each_row_its_own_value_in_three_steps(db in TestDatabase) {
        filled(&db, 2500).await;
        let token = "fields = [{ name = \"token\", type = \"Uuid\", unique = true, default = \"uuid7\" }, ";
        db.workspace.write("models/barn.toml", &MODELS.replace("fields = [", token));
        db.workspace.manage(["makemigrations", "--no-header"]).succeeds_with(
            "Migrations for 'barn':\n  migrations/barn/0002_crate_token.toml\n    + Add field token to crate\n  \
             migrations/barn/0003_fill_crate_token.toml\n    ~ Fill field token of crate\n  \
             migrations/barn/0004_alter_crate_token.toml\n    ~ Alter field token on crate\n",
        );
        let step = std::fs::read_to_string(db.workspace.path().join("migrations/barn/0003_fill_crate_token.toml"));
        assert_eq!(
            step.unwrap(),
            "depends = [\"barn.0002_crate_token\"]\natomic = false\n\n[[operation]]\nop = \"FillField\"\nmodel = \
             \"Crate\"\nname = \"token\"\nvalue = \"uuid7\"\n"
        );
        db.workspace.manage(["makemigrations"]).says("No changes detected\n");
        let told = db.workspace.manage(["migrate", "--format", "jsonl"]).succeeds();
        assert_eq!(progress(&told).last(), Some(&(2500, 2500)), "{told}");
        assert_eq!(count(&db, "DISTINCT token").await, 2500);
        let twice = "INSERT INTO barn_crate (label, token) SELECT label, token FROM barn_crate WHERE label = '1'";
        assert!(db.database.execute(twice, &[]).await.is_err());
        db.workspace.manage(["migrate", "barn", "0001", "--yes", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "DISTINCT token").await, 2500);
        // A squash makes the table as it is, and fills nothing.
        let squashed = ["squashmigrations", "barn", "--squashed-name", "all", "--no-header", "--dry-run"];
        let squashed = db.workspace.manage(squashed).succeeds();
        assert!(squashed.contains("  1 operation instead of 4\n") && !squashed.contains("FillField"), "{squashed}");
    }

    async fn what_was_stopped_between_two_batches_goes_on_there(db in TestDatabase) {
        filled(&db, 100).await;
        let fill = "depends = [\"barn.0001_initial\"]\natomic = false\n\n\
            [[operation]]\nop = \"AddField\"\nmodel = \"Crate\"\n\
            field = { name = \"weight\", type = \"Integer\", null = true }\n\n\
            [[operation]]\nop = \"AddConstraint\"\nmodel = \"Crate\"\n\
            constraint = { name = \"light\", check = \"weight < 65\" }\n\n\
            [[operation]]\nop = \"FillField\"\nmodel = \"Crate\"\nname = \"weight\"\n\
            value = { sql = \"id\" }\nbatch = 10\n";
        db.workspace.write("migrations/barn/0002_weight.toml", fill);
        let refused = db.workspace.manage(["migrate"]).fails(1);
        assert!(refused.contains("migrations/barn/0002_weight.toml:14"), "{refused}");
        assert!(refused.contains("before it"), "{refused}");
        assert_eq!(count(&db, "weight").await, 60);
        // What was filled by hand meanwhile stays as it is.
        db.database.execute("UPDATE barn_crate SET weight = 1 WHERE id > 64", &[]).await.unwrap();
        let told = db.workspace.manage(["migrate", "--format", "jsonl"]).succeeds();
        assert_eq!(progress(&told).last(), Some(&(4, 4)), "{told}");
        assert_eq!(count(&db, "weight").await, 100);
        assert_eq!(count(&db, "CASE WHEN weight = id THEN 1 END").await, 64);
    }

    async fn a_field_without_a_value_to_fill_it_with_is_refused_with_its_line(db in TestDatabase) {
        filled(&db, 1).await;
        let fill = |keys: &str| format!("[[operation]]\nop = \"FillField\"\nmodel = \"Crate\"\n{keys}\n");
        for (keys, told) in [
            ("name = \"label\"", "barn.Crate.label has no default: say `value` or `from`"),
            ("name = \"lable\"", "model barn.Crate has no field `lable` at this point"),
            ("name = \"label\"\nvalue = \"a\"\nbatch = 0", "barn.Crate.label: a batch has at least one row"),
            ("name = \"id\"\nvalue = \"a\"", "the value \"a\" does not fit the BigAuto `id`"),
        ] {
            db.workspace.write(
                "migrations/barn/0002_fill.toml",
                &format!("depends = [\"barn.0001_initial\"]\n\n{}", fill(keys)),
            );
            let refused = db.workspace.manage(["migrate"]).fails(1);
            assert!(refused.starts_with("error: migrations/barn/0002_fill.toml:3: ") && refused.contains(told), "{refused}");
        }
        for (keys, told) in [
            ("name = \"size\"\nvalue = 40000", "`size`: 40000 is out of range: it takes -32768 to 32767"),
            ("name = \"price\"\nvalue = \"1.005\"", "`price`: 1.005 has more than 2 decimal places"),
            ("name = \"price\"\nvalue = \"100\"", "`price`: 100 has more than 4 digits"),
        ] {
            let text = format!("depends = [\"barn.0001_initial\"]\n{NUMBERS}\n{}", fill(keys).replace("Crate", "Box"));
            db.workspace.write("migrations/barn/0002_fill.toml", &text);
            let refused = db.workspace.manage(["migrate"]).fails(1);
            assert!(refused.contains(told), "{refused}");
        }
    }

    async fn a_computed_field_that_is_never_null_is_made_and_comes_back_from_inspection(db in TestDatabase) {
        filled(&db, 3).await;
        let double = "fields = [{ name = \"double\", type = \"Generated\", output = \"BigInteger\", expression = \"id * 2\" }, \
                      { name = \"size\", type = \"Integer\", db_default = 4 }, { name = \"more\", type = \"Generated\", output = \
                      \"Integer\", expression = \"size + 1\" }, ";
        let models = MODELS.replace("fields = [", double).replace("id * 2", "size * 2");
        db.workspace.write("models/barn.toml", &models);
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "-v", "0"]).succeeds_with("");
        assert_eq!(count(&db, "CASE WHEN size * 2 = 8 THEN 1 END").await, 3);
        db.workspace.manage(["checkdrift"]).succeeds();
    }

    async fn an_exact_type_that_is_too_short_for_a_value_cuts_nothing(db in TestDatabase) {
        filled(&db, 12).await;
        db.workspace.write("models/barn.toml", &MODELS.replace("max_length = 20", "max_length = 20, db_type = \"char(1)\""));
        db.workspace.manage(["makemigrations", "-v", "0"]).succeeds_with("");
        let run = db.workspace.manage(["migrate", "-v", "0"]);
        // SQLite takes any length in any type.
        assert_eq!(run.status, i32::from(db.kind != Kind::Sqlite), "{run:?}");
        assert_eq!(count(&db, "CASE WHEN label IN ('10', '11', '12') THEN 1 END").await, 3);
    }
}
