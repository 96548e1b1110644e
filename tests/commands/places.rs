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
    assert_eq!((pending.status, pending.stdout.as_str(), pending.stderr.as_str()), (1, "", ""));
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
