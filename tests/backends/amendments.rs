//! The history, operated by hand without SQL.

use manage::db::params;

use crate::support::{TestDatabase, on_every_database};

fn barn(db: &TestDatabase, apps: &str, files: &[(&str, &str)]) {
    let settings = format!("apps = {apps}\n[databases.default]\nurl = \"{}\"\n", db.url);
    db.workspace.write("settings/base.toml", &settings);
    for (file, text) in files {
        db.workspace.write(&format!("migrations/{file}"), text);
    }
}

fn plain(db: &TestDatabase) -> String {
    db.workspace.manage(["showmigrations", "--format", "plain"]).succeeds()
}

async fn notes(db: &TestDatabase) -> Vec<String> {
    const SQL: &str = "SELECT name FROM manage_migrations WHERE version < 0 ORDER BY version DESC";
    db.database.query::<(String,)>(SQL, params![]).await.unwrap().into_iter().map(|row| row.0).collect()
}

const CRATES: (&str, &str) = ("barn/0001_crates.sql", "CREATE TABLE crate (id integer);\n");
const BAD: (&str, &str) = ("barn/0002_bad.sql", "CREATE TABLE bad (id integer);\n");

on_every_database! {
    async fn what_cannot_be_undone_is_faked_backwards_and_an_undo_comes_later(db in TestDatabase) {
        barn(&db, "[\"barn\"]", &[CRATES, BAD]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        let told = db.workspace.manage(["migrate", "barn", "0001"]).fails(1);
        assert!(told.contains("hint: when it was undone by hand, `--fake` changes the history alone\n"), "{told}");
        let faked = db.workspace.manage(["migrate", "barn", "0001", "--fake"]).succeeds();
        assert!(faked.ends_with("  Unapplying barn.0002_bad... FAKED\n"), "{faked}");
        db.workspace.manage(["migrate", "barn", "--fake", "-v", "0"]).succeeds();
        db.workspace.write("migrations/barn/0002_bad.sql", &format!("-- up\n{}-- down\nDROP TABLE bad;\n", BAD.1));
        db.workspace.manage(["migrate", "barn", "0001", "-v", "0"]).succeeds();
        assert!(db.database.query::<(i64,)>("SELECT count(*) FROM bad", params![]).await.is_err());
    }

    async fn an_undo_that_is_added_to_operations_is_no_edit(db in TestDatabase) {
        let operation = "[[operation]]\nop = \"RunSql\"\nforwards = \"CREATE TABLE bad (id integer)\"\n";
        barn(&db, "[\"barn\"]", &[("barn/0001_bad.toml", operation)]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        db.workspace.write("migrations/barn/0001_bad.toml", &format!("{operation}backwards = \"DROP TABLE bad\"\n"));
        db.workspace.manage(["migrate", "barn", "zero", "-v", "0"]).succeeds();
    }

    async fn an_edit_is_accepted_when_it_is_agreed_to(db in TestDatabase) {
        barn(&db, "[\"barn\"]", &[CRATES, BAD]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        db.workspace.write("migrations/barn/0002_bad.sql", "CREATE TABLE bad (id bigint);\n");
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("`manage migrate --accept-edit barn.0002_bad`"), "{told}");
        let unasked = db.workspace.manage(["migrate", "--accept-edit", "barn.0002_bad"]);
        assert_eq!(unasked.stdout, "Database default:\n  accepts barn.0002_bad as its file is now\n");
        assert!(unasked.fails(3).contains("`--yes` changes it without asking"));
        db.workspace.manage(["migrate", "--accept-edit", "barn.0002_bad", "--yes"]).succeeds_with(
            "Database default:\n  accepts barn.0002_bad as its file is now\n1 change of the history.\n",
        );
        db.workspace.manage(["migrate", "--check"]).succeeds();
        db.workspace.manage(["migrate", "--accept-edit", "barn.0002_bad", "--yes"]).fails_with(
            1,
            "error: barn.0002_bad is nowhere applied from another file than the one that is there: nothing is to be accepted\n",
        );
        assert_eq!(notes(&db).await, ["accepts barn.0002_bad as its file is now"]);
    }

    async fn a_release_before_goes_on_with_what_a_newer_one_applied(db in TestDatabase) {
        barn(&db, "[\"barn\"]", &[CRATES, BAD]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        std::fs::remove_file(db.workspace.path().join("migrations/barn/0002_bad.sql")).unwrap();
        let run = db.workspace.manage(["migrate"]);
        assert_eq!(
            run.stderr,
            "warning: applied on database `default` by a newer release or another branch, without a file here: \
             barn.0002_bad\n"
        );
        run.succeeds();
        db.workspace.manage(["migrate", "--check"]).says(
            "warning: applied on database `default` by a newer release or another branch, without a file here: \
             barn.0002_bad\n",
        );
        db.workspace.write("migrations/barn/0003_next.sql", "CREATE TABLE next_one (id integer);\n");
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("barn.0002_bad is applied on database `default`, but its file is missing"), "{told}");
        assert!(told.contains("`--allow-missing`") && told.contains("--forget barn.0002_bad"), "{told}");
        db.workspace.manage(["migrate", "--allow-missing", "-v", "0"]).succeeds();
        db.workspace.manage(["migrate", "--forget", "barn.0002_bad", "--yes"]).succeeds();
        db.workspace.manage(["migrate", "--forget", "barn.0001_crates", "--yes"]).fails_with(
            1,
            "error: barn.0003_next is applied on database `default` and depends on barn.0001_crates: forget that first\n",
        );
        db.workspace.manage(["migrate", "--check"]).says("");
    }

    async fn an_app_that_vanished_is_named_and_forgotten(db in TestDatabase) {
        barn(&db, "[\"barn\", \"mill\"]", &[CRATES, ("mill/0001_x.sql", "CREATE TABLE mill (id integer);\n")]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        barn(&db, "[\"barn\"]", &[]);
        std::fs::remove_dir_all(db.workspace.path().join("migrations/mill")).unwrap();
        db.workspace.manage(["migrate", "-v", "0"]).says(
            "warning: 1 migration of app `mill`, which is not installed, is applied on database `default`; \
             `manage migrate --forget mill` forgets them\n",
        );
        db.workspace.manage(["migrate", "--forget", "mill", "--yes"]).succeeds();
        db.workspace.manage(["migrate", "-v", "0"]).says("");
        db.workspace.manage(["migrate", "--forget", "mill", "--yes"]).fails_with(
            1,
            "error: no database remembers migrations of an app `mill`\n",
        );
    }

    async fn an_app_is_renamed_with_its_history(db in TestDatabase) {
        barn(&db, "[\"barn\"]", &[CRATES, BAD]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        let root = db.workspace.path();
        std::fs::rename(root.join("migrations/barn"), root.join("migrations/shed")).unwrap();
        barn(&db, "[\"shed\"]", &[]);
        db.workspace.manage(["migrate", "--rename-app", "barn=shed", "--yes"]).succeeds_with(
            "Database default:\n  calls barn.0001_crates shed.0001_crates\n  calls barn.0002_bad shed.0002_bad\n\
             2 changes of the history.\n",
        );
        assert_eq!(plain(&db), "shed\n [X] 0001_crates\n [X] 0002_bad\n");
        db.workspace.manage(["migrate", "--check"]).says("");
    }

    async fn what_no_renaming_can_mean_is_told(db in TestDatabase) {
        barn(&db, "[\"barn\", \"shed\"]", &[CRATES, ("shed/0001_crates.sql", "CREATE TABLE shed (id integer);\n")]);
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        for (status, pair, told) in [
            (1, "barn=barn", "error: `barn` is the app's old name and its new one: nothing would change\n"),
            (1, "=shed", "error: say which app: its label is empty\n"),
            (2, "barn=shred", "error: no installed app has the label `shred`\nhint: did you mean `shed`?\n"),
            (1, "brn=shed", "error: no database remembers migrations of an app `brn`\n"),
            (
                1,
                "barn=shed",
                "error: barn.0001_crates and shed.0001_crates are both applied: forget the one that is not, then rename the app\n",
            ),
        ] {
            db.workspace.manage(["migrate", "--rename-app", pair, "--yes"]).fails_with(status, told);
        }
        db.workspace.manage(["migrate", "--forget", "", "--yes"]).fails_with(1, "error: say which app: its label is empty\n");
        assert_eq!(plain(&db), "barn\n [X] 0001_crates\nshed\n [X] 0001_crates\n");
    }

    async fn what_is_half_done_goes_on_when_its_app_is_renamed(db in TestDatabase) {
        let broken = "-- atomic: false\nCREATE TABLE bad (id integer);\nCREATE TABLE nowhere.worse (id integer);\n";
        barn(&db, "[\"barn\"]", &[CRATES, ("barn/0002_bad.sql", broken)]);
        db.workspace.manage(["migrate"]).fails(1);
        let root = db.workspace.path();
        std::fs::rename(root.join("migrations/barn"), root.join("migrations/shed")).unwrap();
        barn(&db, "[\"shed\"]", &[("shed/0002_bad.sql", &broken.replace("nowhere.worse", "worse"))]);
        db.workspace.manage(["migrate", "--rename-app", "barn=shed", "--yes"]).succeeds_with(
            "Database default:\n  calls barn.0001_crates shed.0001_crates\n  calls barn.0002_bad, which is half done, shed.0002_bad\n\
             2 changes of the history.\n",
        );
        db.workspace.manage(["migrate", "-v", "0"]).succeeds();
        assert_eq!(plain(&db), "shed\n [X] 0001_crates\n [X] 0002_bad\n");
    }

    async fn what_is_half_done_without_its_file_is_named_and_forgotten(db in TestDatabase) {
        let broken = "-- atomic: false\nCREATE TABLE bad (id integer);\nCREATE TABLE nowhere.worse (id integer);\n";
        barn(&db, "[\"barn\"]", &[CRATES, ("barn/0002_bad.sql", broken)]);
        db.workspace.manage(["migrate"]).fails(1);
        std::fs::remove_file(db.workspace.path().join("migrations/barn/0002_bad.sql")).unwrap();
        let told = db.workspace.manage(["migrate"]).fails(1);
        assert!(told.contains("is half done on database `default` (1 statement done), and its file is gone"), "{told}");
        assert!(told.contains("`manage migrate --repair`"), "{told}");
        let listed = db.workspace.manage(["showmigrations"]).stderr;
        assert!(listed.contains("(1 statement done), and its file is gone"), "{listed}");
        let shown = db.workspace.manage(["migrate", "--repair", "--yes"]).succeeds();
        assert!(shown.ends_with("is half done: 1 statement done and stay as they are\n1 change of the history.\n"), "{shown}");
        db.workspace.manage(["migrate", "--check"]).says("");
        db.workspace.manage(["migrate", "--repair", "--yes"]).fails_with(
            1,
            "error: no migration is half done on any database\n",
        );
    }
}

#[test]
fn a_change_of_the_history_is_a_run_of_its_own() {
    let workspace = crate::support::Workspace::new();
    workspace
        .write("settings/base.toml", "apps = [\"barn\"]\n")
        .write("migrations/barn/0001_x.sql", "SELECT 1;");
    for args in [&["migrate", "barn", "--repair"] as &[&str], &["migrate", "--plan", "--forget", "barn"]] {
        let told = workspace.manage(args).fails(2);
        assert!(told.contains("a change of the history is a run of its own"), "{told}");
    }
    assert!(
        workspace
            .manage(["migrate", "--repair", "--forget", "barn"])
            .fails(2)
            .contains("cannot be used with")
    );
    workspace.manage(["migrate", "--yes", "-v", "0"]).succeeds();
    workspace
        .manage(["migrate", "--accept-edit", "barn", "--yes"])
        .fails_with(2, "error: --accept-edit takes APP.NAME, not `barn`\n");
}
