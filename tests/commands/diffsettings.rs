use crate::support::Workspace;

#[test]
fn shows_what_differs_and_who_set_it_and_never_a_secret() {
    let mut workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "debug = true\nsecret_key = \"do-not-show\"\n[server]\nthreads = 3\n[databases.default]\nname = \"x.sqlite3\"\npassword = \"hush\"\n",
    );
    workspace.set("MANAGE__SERVER__BIND", "127.0.0.1:9").set("MANAGE__SESSIONS__COOKIE_AGE", "3600");
    workspace.manage(["diffsettings", "--format", "plain"]).succeeds_with(
        "secret_key = ********\n\
         debug = true\n\
         databases.default.engine = \"sqlite\"\n\
         databases.default.name = \"x.sqlite3\"\n\
         databases.default.user = \"\"\n\
         databases.default.password = ********\n\
         databases.default.host = \"\"\n\
         databases.default.url = \"\"\n\
         databases.users.engine = \"sqlite\"\n\
         databases.users.name = \"users.sqlite3\"\n\
         databases.users.user = \"\"\n\
         databases.users.password = \"\"\n\
         databases.users.host = \"\"\n\
         databases.users.url = \"\"\n\
         routes.accounts = [\"users\"]\n\
         routes.auth = [\"users\"]\n\
         routes.sessions = [\"users\"]\n\
         server.bind = [\"127.0.0.1:9\"]\n\
         server.threads = 3\n\
         sessions.cookie_age = 3600\n",
    );
    let json: serde_json::Value =
        serde_json::from_str(&workspace.manage(["diffsettings", "--format", "json"]).succeeds()).unwrap();
    assert_eq!(json["settings"][1]["origin"], "settings/dev.toml:1:1");
    assert_eq!(json["settings"][19]["origin"], "$MANAGE__SESSIONS__COOKIE_AGE");
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_the_nearest_key() {
    let mut workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "debg = true\n\n[server]\nthreads = \"many\"\nbind = \"${NOWHERE:?say where}\"\n\n[databases.default]\nport = 99999\npasword = \"hush\"\n\n[routes]\nblog = \"archive\"\n",
    );
    workspace.set("MANAGE__SESSIONS__COOKIE_AGE", "soon");
    workspace.manage(["diffsettings"]).fails_with(
        1,
        "error: the settings have 7 problems\n\
         \x20 settings/dev.toml:8:1: `databases.default.port`: expected an integer from 1 to 65535, found an integer\n\
         \x20 settings/dev.toml:9:1: `databases.default.pasword`: unknown key; did you mean `password`?\n\
         \x20 settings/dev.toml:5:1: `server.bind`: the variable NOWHERE is not set: say where\n\
         \x20 settings/dev.toml:4:1: `server.threads`: expected an integer from 0 to 1024, found a string\n\
         \x20 $MANAGE__SESSIONS__COOKIE_AGE: `sessions.cookie_age`: expected an integer from 60 to 4294967295, found a string\n\
         \x20 settings/dev.toml:1:1: `debg`: unknown key; did you mean `debug`?\n\
         \x20 settings/dev.toml:12:1: `routes.blog`: there is no database `archive`; configured: `default` or `users`\n",
    );
}

#[test]
fn a_file_that_is_not_toml_is_named_with_line_and_column() {
    let workspace = Workspace::new();
    workspace.write("settings/dev.toml", "debug = true\n[server\n");
    let said = workspace.manage(["diffsettings"]).fails(1);
    assert!(said.starts_with("error: the settings are wrong: settings/dev.toml:2:8: not TOML: "), "{said}");
}

#[test]
fn an_unknown_profile_is_a_wrong_command_line() {
    Workspace::new().manage(["diffsettings", "--settings", "prd"]).fails_with(
        2,
        "error: the settings are wrong: --settings: there is no settings profile `prd`; did you mean `prod`?\n",
    );
}

#[test]
fn a_url_sets_a_whole_database_and_its_password_stays_hidden() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DATABASES__DEFAULT__URL", "postgresql://me:s%40cret@db:6543/site?sslmode=require");
    let shown = workspace.manage(["diffsettings", "--all", "--format", "plain"]).succeeds();
    assert!(shown.contains("databases.default.url = ********\n"), "{shown}");
    assert!(!shown.contains("@cret") && !shown.contains("%40cret"), "{shown}");
}

#[test]
fn env_files_count_in_development_alone() {
    let mut workspace = Workspace::new();
    workspace
        .write(".env", "DB_NAME=from-file.sqlite3\nSECRET_KEY=0123456789\nDJANGO_ALLOWED_HOSTS=a.example\n");
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert!(shown.contains("databases.default.name = \"from-file.sqlite3\"\n"), "{shown}");
    let said = workspace.manage(["diffsettings", "--settings", "prod"]).fails(1);
    assert!(said.contains("the variable SECRET_KEY is not set"), "{said}");
    workspace
        .set("ENVIRONMENT_DEVELOPMENT", "False")
        .set("SECRET_KEY", "x")
        .set("DJANGO_ALLOWED_HOSTS", "a.example, b.example");
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert!(shown.contains("allowed_hosts = [\"a.example\", \"b.example\"]\n"), "{shown}");
}

#[test]
fn a_databases_options_are_taken_as_they_are() {
    let workspace = Workspace::new();
    workspace
        .write("settings/dev.toml", "[databases.default.options]\nsslrootcert = \"/my certs/ca, old.pem\"\n");
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert!(shown.contains("options.sslrootcert = \"/my certs/ca, old.pem\"\n"), "{shown}");
}

#[test]
fn a_doubtful_word_for_development_means_production() {
    let mut workspace = Workspace::new();
    workspace
        .set("ENVIRONMENT_DEVELOPMENT", "no")
        .set("SECRET_KEY", "x")
        .set("DJANGO_ALLOWED_HOSTS", "a.example");
    let shown = workspace.manage(["diffsettings", "--format", "json"]).succeeds();
    assert!(shown.contains("\"profile\": \"prod\""), "{shown}");
    workspace.set("SECRET_KEY", "");
    assert!(workspace.manage(["diffsettings"]).fails(1).contains("`secret_key`"));
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let mut workspace = Workspace::new();
    workspace
        .write("secret", "from-a-file\n")
        .write("settings/dev.toml", "[server]\nbind = \"${ADDRESS}\"\n");
    let file = workspace.path().join("secret");
    workspace.set("ADDRESS_FILE", file.to_str().unwrap());
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert!(shown.contains("server.bind = [\"from-a-file\"]\n"), "{shown}");
}
