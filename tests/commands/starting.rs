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

/// A declared project with this `settings/base.toml`.
fn declared(base: &str) -> Workspace {
    let workspace = Workspace::bare();
    workspace.write("settings/base.toml", base);
    workspace
}

/// A site in Rust with this `src/lib.rs`.
fn site(lib: &str) -> Workspace {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    workspace.write("src/lib.rs", lib);
    workspace
}

/// Everything in the folder, with texts; what other programs leave in a home is not looked at.
fn everything(workspace: &Workspace) -> Vec<(String, String)> {
    let own = files(workspace.path()).into_iter().filter(|file| !file.starts_with(".rustup"));
    own.map(|file| (file.clone(), read(workspace, &file))).collect()
}

const DATABASE: &str = "\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n";

#[test]
fn a_label_is_written_into_settings_of_any_form_and_nothing_else_changes() {
    let cases = [
        ("apps = [\n  \"a\" # ], the last\n]\n", "apps = [\n  \"a\", # ], the last\n  \"shop\",\n]\n"),
        ("\"apps\" = ['a'] # ]\n", "\"apps\" = ['a', \"shop\"] # ]\n"),
        ("apps = \"auth, sessions\"\n", "apps = [\"auth\", \"sessions\", \"shop\"]\n"),
        ("\u{feff}apps = [\r\n  'a',\r\n]\r\n", "\u{feff}apps = [\r\n  'a',\r\n  \"shop\",\r\n]\r\n"),
    ];
    for (before, after) in cases {
        let workspace = declared(&format!("{before}{DATABASE}"));
        workspace
            .manage(["startapp", "shop", "--install"])
            .says("The app `shop` was made.\nInstalled in settings/base.toml.\n");
        assert_eq!(read(&workspace, "settings/base.toml"), format!("{after}{DATABASE}"));
    }
}

#[test]
fn what_is_installed_where_nothing_is_said_stays_installed() {
    let workspace = declared(&format!("# mine\n{DATABASE}"));
    let line = "apps = [\"sessions\", \"auth\", \"accounts\", \"blog\", \"shop\"]";
    workspace.manage(["startapp", "shop"]).says(&format!(
        "The app `shop` was made.\nInstall it with `--install` next time, or now by these lines:\n\
         \x20 settings/base.toml: `{line}`\n"
    ));
    assert_eq!(read(&workspace, "settings/base.toml"), format!("# mine\n{DATABASE}"));
    std::fs::remove_dir_all(workspace.path().join("migrations/shop")).unwrap();
    std::fs::remove_file(workspace.path().join("models/shop.toml")).unwrap();
    workspace.manage(["startapp", "shop", "--install"]).succeeds();
    assert_eq!(read(&workspace, "settings/base.toml"), format!("# mine\n\n{line}\n{DATABASE}"));
}

#[test]
fn settings_that_no_label_can_be_added_to_are_left_with_the_line_to_add() {
    let workspace = declared("apps = \"${APPS:-auth}\"\n");
    let before = everything(&workspace);
    workspace.manage(["startapp", "shop", "--install"]).fails_with(
        1,
        "error: settings/base.toml: `apps` is filled from the environment, so no label can be added\n\
         hint: nothing was written; without `--install` the app is made, and these lines install it:\n\
         hint:   settings/base.toml: `shop` into what fills `apps`\n",
    );
    assert_eq!(everything(&workspace), before);
    let mut workspace = declared("apps = []\n");
    workspace.set("MANAGE__APPS", "auth");
    let before = everything(&workspace);
    workspace.manage(["startapp", "shop", "--install"]).fails_with(
        1,
        "error: `apps` is set by $MANAGE__APPS, which goes before the files\n\
         hint: nothing was written; without `--install` the app is made, and these lines install it:\n\
         hint:   $MANAGE__APPS: `shop` behind a comma\n",
    );
    assert_eq!(everything(&workspace), before);
}

#[test]
fn the_layer_that_counts_is_changed_and_a_label_that_is_there_is_not_added_again() {
    let workspace = declared("apps = []\n");
    workspace.write("settings/dev.toml", "apps = [\"stock\"]\n");
    workspace.manage(["startapp", "shop", "--install"]).says(
        "The app `shop` was made.\nInstalled in settings/dev.toml.\n\
         settings/dev.toml counts in the profile `dev` alone; other profiles read another `apps`.\n",
    );
    assert_eq!(read(&workspace, "settings/base.toml"), "apps = []\n");
    assert_eq!(read(&workspace, "settings/dev.toml"), "apps = [\"stock\", \"shop\"]\n");
    workspace.manage(["startapp", "stock", "--install"]).says(
        "The app `stock` was made.\nsettings/dev.toml names it already: nothing is left to install there.\n",
    );
    assert_eq!(read(&workspace, "settings/dev.toml"), "apps = [\"stock\", \"shop\"]\n");
}

#[test]
fn apps_that_are_begun_at_once_are_all_installed() {
    let workspace = declared("apps = []\n");
    let labels: Vec<String> = (1..=6).map(|number| format!("app{number}")).collect();
    let start = |label| workspace.command(["startapp", label, "--install"]).spawn().unwrap();
    let children: Vec<_> = labels.iter().map(String::as_str).map(start).collect();
    for (child, label) in children.into_iter().zip(&labels) {
        crate::support::Run::of(child)
            .says(&format!("The app `{label}` was made.\nInstalled in settings/base.toml.\n"));
    }
    let text = read(&workspace, "settings/base.toml");
    let mut listed: Vec<&str> =
        text.trim().trim_start_matches("apps = [").trim_end_matches(']').split(", ").collect();
    listed.sort_unstable();
    assert_eq!(listed, labels.iter().map(|label| format!("\"{label}\"")).collect::<Vec<_>>());
    let hidden: Vec<String> = files(&workspace.path().join("settings"));
    assert_eq!(hidden, ["base.toml"]);
}

#[test]
fn an_app_that_cannot_be_installed_is_not_made() {
    let workspace = declared("apps = []\n");
    let base = workspace.path().join("settings/base.toml");
    let mut permissions = std::fs::metadata(&base).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&base, permissions).unwrap();
    let before = everything(&workspace);
    workspace
        .manage(["startapp", "shop", "--install"])
        .fails_with(1, "error: settings/base.toml: cannot be written: Permission denied\n");
    assert_eq!(everything(&workspace), before);
    assert!(!workspace.path().join("models").exists() && !workspace.path().join("migrations").exists());
}

#[test]
fn the_call_is_found_among_comments_and_strings_and_the_lines_end_as_before() {
    let lib = "//! `.apps([])` names them.\r\n\r\npub(crate) mod votes;\r\n\r\nconst TEXT: &str = \".apps([x])\";\r\n\r\n\
               fn program() -> Program {\r\n    Program::new().apps([\r\n        auth::APP /* ]) */\r\n    ])\r\n}\r\n";
    let workspace = site(lib);
    workspace
        .manage(["startapp", "votes", "--install"])
        .says("The app `votes` was made.\nInstalled in src/lib.rs.\n");
    let expected =
        lib.replace("auth::APP /* ]) */\r\n", "auth::APP, /* ]) */\r\n        crate::votes::APP,\r\n");
    assert_eq!(read(&workspace, "src/lib.rs"), expected);
}

#[test]
fn a_site_with_several_lists_or_none_is_left_with_the_lines_to_add() {
    let cases = [
        ("// .apps([])\n", "`.apps([...])` stands nowhere in src/lib.rs and src/main.rs"),
        ("fn f() { a.apps([]); b.apps([c::APP]) }\n", "`.apps([...])` stands in src/lib.rs more than once"),
        ("fn f() {", "src/lib.rs cannot be read as Rust"),
    ];
    for (lib, reason) in cases {
        let workspace = site(lib);
        let before = everything(&workspace);
        workspace.manage(["startapp", "votes", "--install"]).fails_with(
            1,
            &format!(
                "error: {reason}\n\
                 hint: nothing was written; without `--install` the app is made, and these lines install it:\n\
                 hint:   src/lib.rs: mod votes;\n\
                 hint:   src/lib.rs: `crate::votes::APP` into `.apps([...])`\n"
            ),
        );
        assert_eq!(everything(&workspace), before);
        workspace.manage(["startapp", "votes"]).says(&format!(
            "The app `votes` was made.\n{reason}. Install it by these lines:\n\
             \x20 src/lib.rs: mod votes;\n\
             \x20 src/lib.rs: `crate::votes::APP` into `.apps([...])`\n"
        ));
    }
}

#[test]
fn a_name_of_a_folder_of_cargo_or_of_a_module_of_the_site_is_refused() {
    let workspace = Workspace::bare();
    for name in ["build", "deps", "examples", "incremental"] {
        workspace.manage(["startproject", name]).fails_with(
            2,
            &format!("error: `{name}` is no name for a project: cargo has a folder of that name\n"),
        );
    }
    assert_eq!(files(workspace.path()), Vec::<String>::new());
    let workspace = site("mod inner {}\nfn f() { a.apps([]) }\n");
    workspace.write("src/apps.rs", "").write("src/forms/mod.rs", "");
    let before = everything(&workspace);
    for (label, said) in [
        ("apps", "src/apps.rs is there already"),
        ("forms", "src/forms/ is there already"),
        ("inner", "src/lib.rs has a module `inner` already"),
    ] {
        workspace
            .manage(["startapp", label, "--install"])
            .fails_with(1, &format!("error: {said}\nhint: nothing was written; choose another name\n"));
    }
    workspace
        .manage(["startapp", "bin"])
        .fails_with(2, "error: `bin` is no name for an app: cargo takes src/bin/ for programs\n");
    assert_eq!(everything(&workspace), before);
}

#[test]
fn a_site_that_chooses_among_its_apps_chooses_a_new_one_too() {
    let workspace = site("fn f() { a.apps([auth::APP]) }\n");
    workspace.write("settings/base.toml", "apps = [\"auth\"]\n");
    workspace
        .manage(["startapp", "votes", "--install"])
        .says("The app `votes` was made.\nInstalled in src/lib.rs and settings/base.toml.\n");
    assert_eq!(
        read(&workspace, "src/lib.rs"),
        "mod votes;\n\nfn f() { a.apps([auth::APP, crate::votes::APP]) }\n"
    );
    assert_eq!(read(&workspace, "settings/base.toml"), "apps = [\"auth\", \"votes\"]\n");
}

/// The folder of a `rustfmt` that needs no home; none where there is none.
fn rustfmt() -> Option<String> {
    let output = std::process::Command::new("rustup").args(["which", "rustfmt"]).output().ok();
    let found = output.filter(|output| output.status.success());
    let path = found.map(|output| String::from_utf8(output.stdout).unwrap())?;
    Some(Path::new(path.trim()).parent()?.to_str()?.to_owned())
}

#[test]
fn what_is_written_is_formatted_where_rustfmt_is() {
    let Some(folder) = rustfmt() else { return };
    let mut workspace = Workspace::bare();
    workspace.set("PATH", &folder);
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    for label in ["polls", "a_label_that_is_longer_than_most", "news"] {
        workspace.manage(["startapp", label, "--install"]).succeeds();
    }
    let mut check = std::process::Command::new(Path::new(&folder).join("rustfmt"));
    check.args(["--check", "--edition", "2024", "src/lib.rs", "src/main.rs"]).current_dir(workspace.path());
    let output = check.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let own = "fn  mine( ) { x.apps( [ ] ) }\n";
    workspace.write("src/lib.rs", own);
    workspace.manage(["startapp", "stock", "--install"]).succeeds();
    let expected = "mod stock;\n\nfn  mine( ) { x.apps( [crate::stock::APP ] ) }\n";
    assert_eq!(read(&workspace, "src/lib.rs"), expected);
}
