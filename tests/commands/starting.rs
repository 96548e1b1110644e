//! `startproject` and `startapp`: what they write, and that nothing of anybody's is lost. That it compiles and passes
//! its own tests is shown by the tutorial.

use std::path::Path;

use crate::support::Workspace;

/// Paths of all files below the folder, sorted.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn read(workspace: &Workspace, file: &str) -> String {
    std::fs::read_to_string(workspace.path().join(file)).unwrap()
}

#[test]
fn a_site_is_written_into_a_folder_of_its_name() {
    let workspace = Workspace::bare();
    workspace
        .manage(["startproject", "my-site"])
        .says("my-site was made. Go on with:\n  cd my-site\n  cargo run -- dev\n");
    assert_eq!(
        files(&workspace.path().join("my-site")),
        [
            ".env.example",
            ".gitignore",
            "Cargo.toml",
            "README.md",
            "build.rs",
            "settings/base.toml",
            "settings/dev.toml",
            "settings/prod.toml",
            "settings/settings.schema.json",
            "src/lib.rs",
            "src/main.rs",
            "static/site.css",
            "templates/base.html",
            "tests/site.rs",
        ]
    );
    let manifest = read(&workspace, "my-site/Cargo.toml");
    assert!(manifest.contains(concat!("manage = \"", env!("CARGO_PKG_VERSION"), "\"\n")), "{manifest}");
    assert!(read(&workspace, "my-site/src/main.rs").contains("my_site::program().main()"));
}

#[test]
fn what_is_there_already_is_never_replaced() {
    let workspace = Workspace::bare();
    workspace.write("src/main.rs", "fn mine() {}\n").write("notes.txt", "");
    let root = workspace.path().to_owned();
    workspace.manage(["startproject", "mysite", "."]).fails_with(
        1,
        "error: ./src/main.rs is there already\nhint: nothing was written; choose another name or folder\n",
    );
    assert_eq!(files(&root), ["notes.txt", "src/main.rs"]);
    assert_eq!(read(&workspace, "src/main.rs"), "fn mine() {}\n");
    std::fs::remove_dir_all(root.join("src")).unwrap();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    assert!(root.join("notes.txt").exists() && root.join("src/main.rs").exists());
    let before = files(&root);
    workspace.manage(["startproject", "mysite", "."]).fails(1);
    assert_eq!(files(&root), before);
}

#[test]
fn names_that_nothing_can_have_are_refused() {
    let workspace = Workspace::bare();
    for name in ["My", "1a", "a b", "a/b", "../a", "é", "a-", ""] {
        workspace.manage(["startproject", name]).fails_with(
            2,
            &format!(
                "error: `{name}` is no name for a project: expected lower-case letters, digits, `-` and `_`, \
                 beginning with a letter\n"
            ),
        );
    }
    for name in ["self", "fn", "std", "manage", "test"] {
        let said = workspace.manage(["startproject", name]).fails(2);
        assert_eq!(said, format!("error: `{name}` is no name for a project: Rust uses the word itself\n"));
    }
    for label in ["a-b", "A", "a__b", "a_"] {
        assert!(workspace.manage(["startapp", label]).fails(2).starts_with("error: `"), "{label}");
    }
    workspace.manage(["startapp", "blog"]).fails_with(2, "error: there is an app `blog` already\n");
    workspace
        .manage(["startproject", "a", "--manage-path", "nowhere"])
        .fails_with(2, "error: nowhere is no folder of the crate `manage`: it has no Cargo.toml\n");
    assert_eq!(files(workspace.path()), Vec::<String>::new());
}

#[test]
fn a_project_without_rust_grows_apps_and_keeps_their_schema() {
    let workspace = Workspace::bare();
    workspace
        .manage(["startproject", "office", ".", "--declared"])
        .says(". was made. Go on with:\n  manage startapp NAME --install\n");
    workspace.manage(["migrate"]).succeeds();
    let said = "The app `orders` was made.\nInstalled in settings/base.toml.\n";
    workspace.manage(["startapp", "orders", "--install"]).says(said);
    workspace.manage(["startapp", "stock"]).says(
        "The app `stock` was made.\n\
         Install it with `--install` next time, or now by these lines:\n\
         \x20 settings/base.toml: `\"stock\"` into `apps = [...]`\n",
    );
    let found = workspace.manage(["check"]).succeeds();
    assert!(found.contains("stock: (apps.W001) migrations/stock/ is there"), "{found}");
    assert!(read(&workspace, "settings/base.toml").contains("\napps = [\"orders\"]\n"));
    let applied = workspace.manage(["migrate"]).succeeds();
    assert!(applied.contains("Applying orders.0001_initial... OK"), "{applied}");
    assert!(!applied.contains("stock.0001"), "{applied}");
    workspace.manage(["startapp", "orders"]).fails_with(
        1,
        &format!(
            "error: {}/migrations/orders/0001_initial.toml and 2 more is there already\n\
             hint: nothing was written; choose another name or folder\n",
            workspace.path().canonicalize().unwrap().display()
        ),
    );
}

#[test]
fn the_lines_of_a_site_in_rust_are_shown_or_written() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    let before = read(&workspace, "src/lib.rs");
    workspace.manage(["startapp", "polls"]).says(
        "The app `polls` was made.\n\
         Install it with `--install` next time, or now by these lines:\n\
         \x20 src/lib.rs: mod polls;\n\
         \x20 src/lib.rs: `crate::polls::APP` into `.apps([...])`\n",
    );
    assert_eq!(read(&workspace, "src/lib.rs"), before);
    workspace
        .manage(["startapp", "news", "--install"])
        .says("The app `news` was made.\nInstalled in src/lib.rs.\n");
    let after = read(&workspace, "src/lib.rs");
    assert!(after.contains("\nmod news;\n"), "{after}");
    assert!(after.contains(".apps([sessions::APP, auth::APP, accounts::APP, crate::news::APP])"), "{after}");
}
