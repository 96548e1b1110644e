//! Projects that an earlier version made are taken over without a word. `projects.tar.gz` holds two, made by the program as
//! it was before the house had crates: `blog`, a folder in which `manage dev` ran, and `shop`, a project without Rust.

use std::path::Path;
use std::process::Command;

use crate::support::{Server, Workspace};

/// A folder with one of the two.
fn taken_over(name: &str) -> Workspace {
    let workspace = Workspace::bare();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/earlier/projects.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(workspace.path()).arg(name);
    assert!(tar.status().unwrap().success());
    workspace
}

fn files(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(workspace.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".migrate-lock") && !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_that_dev_made_is_migrated_and_served_as_it_is() {
    let workspace = taken_over("blog");
    let before = workspace.manage(["showmigrations", "--format", "json"]).succeeds();
    assert_eq!(before.matches("\"state\": \"applied\"").count(), 6, "{before}");
    let run = workspace.manage(["migrate"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    // What came since then is all that runs.
    assert_eq!(run.stdout.matches("  Applying ").count(), 1, "{}", run.stdout);
    assert!(run.stdout.contains("  Applying blog.0003_reading_minutes... OK\n"), "{}", run.stdout);
    let after = workspace.manage(["showmigrations", "--format", "json"]).succeeds();
    assert_eq!(after.matches("\"state\": \"applied\"").count(), 7, "{after}");
    let again = workspace.manage(["migrate"]).succeeds();
    assert_eq!(again.matches("No migrations to apply.").count(), 2, "{again}");
    assert_eq!(files(&workspace), ["db.sqlite3", "users.sqlite3"]);
    let server = Server::of(workspace);
    let mut marta = server.signed_in("marta");
    let article = marta.get("/articles/two-days-in-lyon-without-a-plan/");
    assert!(article.body.contains("Lyon"), "{}", article.body);
    assert_eq!(files(&server.workspace), ["db.sqlite3", "users.sqlite3"]);
}

#[test]
fn a_project_without_rust_goes_on_where_it_was() {
    let workspace = taken_over("shop");
    let run = workspace.manage(["migrate"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("No migrations to apply."), "{}", run.stdout);
    workspace.manage(["check"]).succeeds_with("System check identified no issues (0 silenced).\n");
    workspace.manage(["migrate", "shop", "0001"]).succeeds();
    let again = workspace.manage(["migrate"]).succeeds();
    assert!(again.contains("Applying shop.0002_view... OK"), "{again}");
    assert_eq!(files(&workspace), ["migrations", "models", "settings", "shop.sqlite3"]);
}
