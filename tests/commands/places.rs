//! Which folder is a project, what of the program belongs to it, and which databases it has.

use crate::support::{Kind, TestDatabase, Workspace, block_on};

const SHOP: (&str, &str) =
    ("migrations/shop/0001_a.sql", "-- up\nCREATE TABLE shop_a (id int);\n-- down\nDROP TABLE shop_a;\n");

/// Names of everything in the folder, sorted; the files that lock a database are left out.
fn listing(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(workspace.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".migrate-lock"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_that_is_no_project_is_left_alone() {
    let workspace = Workspace::bare();
    let root = workspace.path().canonicalize().unwrap();
    let expected = format!(
        "error: no project here: neither {} nor a folder above it has settings/, models/ or migrations/\n\
         hint: `manage dev` makes one here and serves it\n\
         hint: `manage startproject NAME` makes a site of your own; with --declared, a project without Rust\n\
         hint: `--project DIR` names one that is elsewhere\n",
        root.display()
    );
    for command in [
        &["migrate"][..],
        &["migrate", "--check"],
        &["migrate", "--plan"],
        &["showmigrations"],
        &["sqlmigrate", "blog", "0001"],
        &["check"],
        &["diffsettings"],
        &["showurls"],
        &["serve", "--bind", "127.0.0.1:0"],
        &["seed"],
        &["createsuperuser"],
        &["dbshell"],
    ] {
        workspace.manage(command).fails_with(2, &expected);
    }
    assert_eq!(listing(&workspace), Vec::<String>::new());
}

#[test]
fn folders_of_other_programs_with_the_same_names_are_no_project() {
    let workspace = Workspace::bare();
    workspace.write("settings/base.py", "").write("migrations/0001_initial.py", "").write("models/a.py", "");
    workspace.write("db.sqlite3", "");
    assert!(workspace.manage(["migrate"]).fails(2).starts_with("error: no project here"));
}

#[test]
fn a_folder_with_migrations_alone_is_a_project_of_those_apps() {
    let workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1);
    workspace.manage(["migrate"]).succeeds_with(
        "Operations to perform:\n  Apply all migrations: shop\nRunning migrations:\n  Applying shop.0001_a... OK\n",
    );
    assert_eq!(listing(&workspace), ["db.sqlite3", "migrations"]);
    assert_eq!(workspace.manage(["showurls", "--format", "plain"]).succeeds().lines().count(), 3);
    workspace.manage(["seed"]).fails_with(
        2,
        "error: the command `seed` belongs to the app `blog`, which is not installed here\n\
         hint: add `blog` to `apps` in the settings\n",
    );
}

#[test]
fn commands_that_only_look_make_no_file() {
    let workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1);
    let pending = workspace.manage(["migrate", "--check"]);
    assert_eq!((pending.status, pending.stdout.as_str(), pending.stderr.as_str()), (4, "", ""));
    workspace.manage(["migrate", "--plan"]).succeeds();
    workspace.manage(["showmigrations"]).succeeds();
    workspace.manage(["sqlmigrate", "shop", "0001"]).succeeds();
    workspace.manage(["check", "--database", "default"]).succeeds();
    workspace.manage(["diffsettings"]).succeeds();
    workspace.manage(["showurls"]).succeeds();
    let names: Vec<_> =
        std::fs::read_dir(workspace.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["migrations"]);
}

#[test]
fn the_database_of_a_hosting_service_takes_every_app_and_no_file_is_made() {
    for kind in [Kind::Postgresql, Kind::Mariadb] {
        let database = block_on(TestDatabase::create(kind));
        let mut workspace = Workspace::bare();
        workspace.set("DATABASE_URL", &database.url);
        let said = workspace.manage(["migrate"]).succeeds();
        assert!(said.contains("Apply all migrations: accounts, auth, blog, sessions\n"), "{said}");
        assert_eq!(listing(&workspace), Vec::<String>::new());
        let found: Vec<(i64,)> =
            block_on(database.database.query("SELECT COUNT(*) FROM auth_user, blog_article", &[])).unwrap();
        assert_eq!(found, [(0,)]);
    }
}

#[test]
fn an_address_in_the_environment_is_used_where_no_file_names_the_database() {
    let database = block_on(TestDatabase::create(Kind::Postgresql));
    let mut workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1);
    workspace.set("DATABASE_URL", &database.url);
    workspace.manage(["migrate"]).succeeds();
    assert_eq!(listing(&workspace), ["migrations"]);
    workspace.write("settings/base.toml", "apps = [\"shop\"]\n[databases.default]\nname = \"own.sqlite3\"\n");
    workspace.manage(["migrate"]).succeeds();
    assert_eq!(listing(&workspace), ["migrations", "own.sqlite3", "settings"]);
}

#[test]
fn a_second_address_is_that_of_its_alias_and_strangers_are_no_aliases() {
    let mut workspace = Workspace::bare();
    workspace
        .set("DATABASE_URL", "sqlite:///one.sqlite3")
        .set("USERS_DATABASE_URL", "sqlite:///two.sqlite3")
        .set("SHADOW_DATABASE_URL", "sqlite:///three.sqlite3");
    workspace.manage(["migrate"]).succeeds();
    assert_eq!(listing(&workspace), ["one.sqlite3", "two.sqlite3"]);
}

#[test]
fn a_profile_makes_an_empty_folder_a_project_and_migrating_needs_no_secrets() {
    let mut workspace = Workspace::bare();
    workspace.set("MANAGE_SETTINGS", "prod");
    workspace.manage(["migrate"]).succeeds();
    workspace.manage(["showmigrations"]).succeeds();
    let refused = workspace.manage(["serve", "--bind", "127.0.0.1:0"]).fails(1);
    assert!(refused.contains("the variable SECRET_KEY is not set"), "{refused}");
    assert!(refused.contains("the variable DJANGO_ALLOWED_HOSTS is not set"), "{refused}");
}

#[test]
fn a_route_of_an_app_that_does_not_exist_is_told_with_its_place() {
    let workspace = Workspace::bare();
    workspace.write("migrations/crm/0001_b.sql", "-- up\nCREATE TABLE crm_b (id int);\n").write(
        "settings/base.toml",
        "apps = [\"crm\"]\n\n[databases.default]\nname = \"a.sqlite3\"\n[databases.customers]\nname = \"b.sqlite3\"\n\n\
         [routes]\ncmr = \"customers\"\n",
    );
    for command in ["check", "migrate", "showmigrations"] {
        workspace.manage([command]).fails_with(
            1,
            "error: the settings are wrong: settings/base.toml:9:1: `routes.cmr`: no app has this label; did you mean `crm`?\n",
        );
    }
}

#[test]
fn migrations_that_no_installed_app_takes_are_told() {
    let workspace = Workspace::bare();
    workspace
        .write(SHOP.0, SHOP.1)
        .write("migrations/shpo/0001_a.sql", SHOP.1)
        .write("settings/base.toml", "apps = [\"shop\"]\n");
    let found = workspace.manage(["check"]).succeeds();
    let said = workspace.manage(["migrate"]);
    assert_eq!(
        (said.status, said.stderr.as_str()),
        (
            0,
            "warning: migrations/shpo/ is there, but no installed app has this label: nothing of it is applied\n"
        )
    );
    assert_eq!(
        found,
        "WARNINGS:\nshpo: (apps.W001) migrations/shpo/ is there, but no installed app has this label\n\
         \tHINT: did you mean `shop`?\n\nSystem check identified 1 issue (0 silenced).\n"
    );
}

#[test]
fn a_list_in_a_variable_may_be_written_as_json() {
    let mut workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1).write("settings/base.toml", "");
    workspace.set("MANAGE__APPS", "[\"shop\"]");
    let said = workspace.manage(["migrate"]).succeeds();
    assert!(said.contains("Apply all migrations: shop\n"), "{said}");
}

#[test]
fn what_an_earlier_version_made_without_settings_is_taken_over() {
    let workspace = Workspace::new();
    workspace.manage(["migrate"]).succeeds();
    let bare = Workspace::bare();
    for file in ["db.sqlite3", "users.sqlite3"] {
        std::fs::copy(workspace.path().join(file), bare.path().join(file)).unwrap();
    }
    let said = bare.manage(["migrate"]).succeeds();
    assert!(said.contains("No migrations to apply."), "{said}");
    assert_eq!(listing(&bare), ["db.sqlite3", "users.sqlite3"]);
}

#[test]
fn a_part_of_a_database_in_a_higher_layer_goes_over_the_url_of_a_lower_one() {
    let mut workspace = Workspace::bare();
    workspace
        .write("settings/base.toml", "[databases.default]\nurl = \"postgresql://me:secret@low:1/low\"\n")
        .write("settings/staging.toml", "[databases.default]\nhost = \"high\"\nport = 2\n")
        .write("settings/other.toml", "[databases.default]\nengine = \"sqlite\"\nname = \"other.sqlite3\"\n");
    let used = |workspace: &Workspace, profile: &str| {
        let shown = workspace.manage(["diffsettings", "--settings", profile, "--format", "json"]).succeeds();
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let of = |key: &str| {
            let key = format!("databases.default.{key}");
            let entry =
                shown["settings"].as_array().unwrap().iter().find(|entry| entry["key"] == key.as_str());
            entry.map_or(String::new(), |entry| entry["value"].to_string())
        };
        ["engine", "host", "port", "name", "user"].map(of)
    };
    let quoted = |text: &str| format!("\"{text}\"");
    assert_eq!(
        used(&workspace, "staging"),
        [quoted("postgresql"), quoted("high"), "2".into(), quoted("low"), quoted("me")]
    );
    assert_eq!(used(&workspace, "other")[0], quoted("sqlite"));
    assert_eq!(used(&workspace, "other")[3], quoted("other.sqlite3"));
    workspace.set("MANAGE__DATABASES__DEFAULT__NAME", "test");
    assert_eq!(used(&workspace, "staging")[3], quoted("test"));
}

#[test]
fn an_app_without_a_database_is_an_error_and_not_left_out() {
    let mut workspace = Workspace::bare();
    workspace
        .write(SHOP.0, SHOP.1)
        .write("settings/base.toml", "apps = [\"shop\"]\n[databases.defualt]\nname = \"a.sqlite3\"\n");
    for command in ["migrate", "check", "showmigrations"] {
        workspace.manage([command]).fails_with(
            1,
            "error: the settings are wrong: default: `databases`: the app `shop` lives on `default`, which is not \
             configured; configured: `defualt`\n",
        );
    }
    let routes = "[routes]\nauth = \"users\"\nsessions = \"users\"\naccounts = \"users\"\n";
    workspace.write("settings/base.toml", routes);
    workspace.set("USERS_DATABASE_URL", "sqlite:///u.sqlite3");
    let said = workspace.manage(["migrate"]).succeeds();
    assert!(
        said.contains("Database default:\nOperations to perform:\n  Apply all migrations: blog\n"),
        "{said}"
    );
}

#[test]
fn an_app_is_listed_once_with_those_that_it_needs_and_under_a_label_of_its_own() {
    let workspace = Workspace::bare();
    let told = |apps: &str| {
        workspace.write("settings/base.toml", &format!("apps = {apps}\n"));
        workspace.manage(["check"]).fails(1)
    };
    assert_eq!(
        told("[\"accounts\", \"auth\"]"),
        "error: the settings are wrong: settings/base.toml:1:1: `apps`: `accounts` needs the app `sessions`, which is not listed\n"
    );
    assert_eq!(
        told("[\"sessions\", \"sessions\"]"),
        "error: the settings are wrong: settings/base.toml:1:1: `apps`: `sessions` is listed twice\n"
    );
    workspace.write("models/sessions.toml", "");
    assert_eq!(
        told("[\"sessions\"]"),
        "error: the settings are wrong: models/sessions.toml:1:1: an app that is built in is called `sessions`: choose \
         another label\n"
    );
    let declared = Workspace::bare();
    declared.write("migrations/blog/0001_a.sql", SHOP.1);
    assert_eq!(
        declared.manage(["migrate"]).fails(1),
        "error: the settings are wrong: migrations/blog/:1:1: an app that is built in is called `blog`: choose another label\n"
    );
    assert_eq!(listing(&declared), ["migrations"]);
}

#[test]
fn the_folder_of_a_site_of_its_own_is_left_to_its_own_program() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "mysite", "."]).succeeds();
    let expected = format!(
        "error: {} is the site `mysite`: its own program works here, this one does not know its apps\n\
         hint: type `cargo run -- ` and the command, or start the program that cargo built\n",
        workspace.path().canonicalize().unwrap().display()
    );
    let before = listing(&workspace);
    for command in ["migrate", "dev", "check", "serve"] {
        workspace.manage([command]).fails_with(2, &expected);
    }
    assert_eq!(listing(&workspace), before);
}

#[test]
fn databases_of_another_program_are_not_filled_by_dev() {
    let workspace = Workspace::bare();
    workspace.write("manage.py", "").write("db.sqlite3", "SQLite format 3\0 of Django");
    let said = workspace.manage(["dev", "--bind", "127.0.0.1:0"]).fails(1);
    assert!(said.contains("/db.sqlite3 is there already and is not of this program\n"), "{said}");
    assert_eq!(listing(&workspace), ["db.sqlite3", "manage.py"]);
}

#[test]
fn an_env_file_that_cannot_be_read_whole_is_an_error() {
    let workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1);
    let told = |content: &[u8]| {
        std::fs::write(workspace.path().join(".env"), content).unwrap();
        workspace.manage(["migrate"]).fails(1)
    };
    let wrong = "error: the settings are wrong: .env:";
    assert_eq!(told(b"# caf\xe9\nDATABASE_URL=sqlite:///x.sqlite3\n"), format!("{wrong}1:1: is not UTF-8\n"));
    assert_eq!(
        told(b"A=1\nDATABASE_URL postgres://x\n"),
        format!("{wrong}2:1: expected NAME=value, a comment or nothing\n")
    );
    std::fs::remove_file(workspace.path().join(".env")).unwrap();
    std::fs::create_dir(workspace.path().join(".env")).unwrap();
    assert!(workspace.manage(["migrate"]).fails(1).starts_with(&format!("{wrong}1:1: cannot be read: ")));
    assert_eq!(listing(&workspace), [".env", "migrations"]);
}

#[test]
fn settings_that_lead_nowhere_or_belong_to_others_are_no_settings() {
    use std::os::unix::fs::symlink;
    let workspace = Workspace::bare();
    workspace.write(SHOP.0, SHOP.1);
    symlink("/nowhere/settings", workspace.path().join("settings")).unwrap();
    let said = workspace.manage(["migrate"]).fails(1);
    assert!(said.contains("settings/base.toml:1:1: settings/ is a link that leads nowhere"), "{said}");
    std::fs::remove_file(workspace.path().join("settings")).unwrap();
    std::fs::create_dir(workspace.path().join("settings")).unwrap();
    symlink("/nowhere/base.toml", workspace.path().join("settings/base.toml")).unwrap();
    let said = workspace.manage(["migrate"]).fails(1);
    assert!(said.contains("settings/base.toml:1:1: cannot be read: "), "{said}");
    let foreign = Workspace::bare();
    foreign.write("settings/logging.toml", "[tool]\nlevel = 1\n");
    assert!(foreign.manage(["migrate"]).fails(2).starts_with("error: no project here"));
    assert_eq!(listing(&foreign), ["settings"]);
}

#[test]
fn two_that_make_a_project_at_once_both_serve_it() {
    use std::io::{BufRead as _, BufReader};
    let workspace = Workspace::bare();
    let start = || workspace.command(["dev", "--bind", "127.0.0.1:0"]).spawn().unwrap();
    let mut both = [start(), start()];
    for child in &mut both {
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let said: Vec<String> = lines.take_while(|line| !line.contains("stop with Ctrl-C")).collect();
        assert!(said.iter().any(|line| line.starts_with("Serving http://")), "{said:?}");
    }
    for child in &mut both {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(!listing(&workspace).contains(&".manage-dev-unfinished".to_owned()));
}
