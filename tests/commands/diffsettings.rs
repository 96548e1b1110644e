use serde_json::{Value, json};

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
    let json: Value =
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
         \x20 settings/dev.toml:8:1: `databases.default.port`: expected an integer from 1 to 65535, found 99999\n\
         \x20 settings/dev.toml:9:1: `databases.default.pasword`: unknown key; did you mean `password`?\n\
         \x20 settings/dev.toml:5:1: `server.bind`: the variable NOWHERE is not set: say where\n\
         \x20 settings/dev.toml:4:1: `server.threads`: expected an integer from 0 to 1024, found \"many\"\n\
         \x20 $MANAGE__SESSIONS__COOKIE_AGE: `sessions.cookie_age`: expected an integer from 60 to 4294967295, found \"soon\"\n\
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

/// The settings of the database `default` that differ from their defaults: key, value and what set them.
fn of_default(workspace: &Workspace) -> Vec<(String, Value, String)> {
    let shown = workspace.manage(["diffsettings", "--format", "json"]).succeeds();
    let json: Value = serde_json::from_str(&shown).unwrap();
    let entries = json["settings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = entries.map(|entry| (text(&entry["key"]), entry["value"].clone(), text(&entry["origin"])));
    let of_default = |(key, value, origin): (String, Value, String)| {
        Some((key.strip_prefix("databases.default.")?.to_owned(), value, origin))
    };
    found.filter_map(of_default).collect()
}

#[test]
fn a_url_says_which_database_is_used_and_its_password_stays_hidden() {
    let mut workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "[databases.default]\nname = \"other\"\nport = 1\noptions = { sslmode = \"disable\", connect = 5 }\n",
    );
    workspace.set(
        "MANAGE__DATABASES__DEFAULT__URL",
        "postgresql://me:s%40cret@db:6543/site?sslmode=require&application_name=a%20b",
    );
    let by_url =
        |key: &str, value: Value| (key.to_owned(), value, "$MANAGE__DATABASES__DEFAULT__URL".to_owned());
    assert_eq!(
        of_default(&workspace),
        [
            by_url("engine", "postgresql".into()),
            by_url("name", "site".into()),
            by_url("user", "me".into()),
            by_url("password", "********".into()),
            by_url("host", "db".into()),
            by_url("port", 6543.into()),
            ("options.connect".into(), "5".into(), "settings/dev.toml:4:34".into()),
            by_url("options.sslmode", "require".into()),
            by_url("options.application_name", "a b".into()),
            by_url("url", "********".into()),
        ]
    );
    let shown = workspace.manage(["diffsettings", "--all", "--format", "plain"]).succeeds();
    assert!(!shown.contains("@cret") && !shown.contains("%40cret"), "{shown}");
}

#[test]
fn a_url_without_a_port_or_account_leaves_the_port_and_takes_the_account_away() {
    let workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "[databases.default]\nport = 7\nuser = \"me\"\npassword = \"hush\"\nurl = \"mysql://db/site\"\n",
    );
    let by =
        |key: &str, value: Value, line: u8| (key.to_owned(), value, format!("settings/dev.toml:{line}:1"));
    assert_eq!(
        of_default(&workspace),
        [
            by("engine", "mysql".into(), 5),
            by("name", "site".into(), 5),
            by("user", "".into(), 5),
            by("password", "".into(), 5),
            by("host", "db".into(), 5),
            by("port", 7.into(), 2),
            by("url", "********".into(), 5),
        ]
    );
}

#[test]
fn values_have_their_types_in_json() {
    let workspace = Workspace::bare();
    workspace.write("migrations/shop/0001_a.sql", "-- up\nCREATE TABLE shop_a (id int);\n").write(
        "settings/dev.toml",
        "debug = true\nsecret_key = \"do-not-show\"\nsecret_key_fallbacks = [\"hush\"]\napps = [\"shop\"]\n\
         [server]\nthreads = 3\nbody_timeout = \"1 min\"\nidle_timeout = 0.5\n[logging]\nlevel = \"warn,manage=debug\"\n\
         [security]\ntrusted_proxies = \"10.0.0.0/8 ::1\"\nreferrer_policy = \"\"\n",
    );
    let shown = workspace.manage(["diffsettings", "--all", "--format", "json"]).succeeds();
    let json: Value = serde_json::from_str(&shown).unwrap();
    let of = |key: &str, what: &str| {
        let mut entries = json["settings"].as_array().unwrap().iter();
        entries.find(|entry| entry["key"] == key).unwrap()[what].clone()
    };
    assert_eq!(of("debug", "value"), json!(true));
    assert_eq!(of("secret_key", "value"), json!("********"));
    assert_eq!(of("secret_key_fallbacks", "value"), json!(["********"]));
    assert_eq!((of("apps", "value"), of("apps", "default")), (json!(["shop"]), json!(null)));
    assert_eq!((of("server.threads", "value"), of("server.threads", "default")), (json!(3), json!(0)));
    assert_eq!(
        (of("server.body_timeout", "value"), of("server.body_timeout", "default")),
        (json!(60), json!(30))
    );
    assert_eq!(of("server.idle_timeout", "value"), json!(0.5));
    assert_eq!(of("logging.level", "value"), json!("warn,manage=debug"));
    assert_eq!(of("security.trusted_proxies", "value"), json!(["10.0.0.0/8", "::1"]));
    assert_eq!(of("security.referrer_policy", "value"), json!(""));
    assert_eq!(of("csrf.cookie_secure", "value"), json!(null));
    assert_eq!(of("databases.default.port", "value"), json!(null));
    let plain = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert_eq!(
        plain,
        "secret_key = ********\n\
         secret_key_fallbacks = [********]\n\
         debug = true\n\
         apps = [\"shop\"]\n\
         security.trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
         security.referrer_policy = \"\"\n\
         server.threads = 3\n\
         server.body_timeout = 60\n\
         server.idle_timeout = 0.5\n\
         logging.level = \"warn,manage=debug\"\n"
    );
}

#[test]
fn every_list_may_be_a_json_list_in_a_variable() {
    let mut workspace = Workspace::new();
    let lists = [
        ("MANAGE__ALLOWED_HOSTS", r#"["a.example", "b.example"]"#, "allowed_hosts"),
        ("MANAGE__APPS", r#"["auth", "sessions"]"#, "apps"),
        ("MANAGE__ROUTES__BLOG", r#"["users"]"#, "routes.blog"),
        ("MANAGE__STATIC__DIRS", r#"["one", "two"]"#, "static.dirs"),
        ("MANAGE__CSRF__TRUSTED_ORIGINS", r#"["https://a.example"]"#, "csrf.trusted_origins"),
        ("MANAGE__SECURITY__TRUSTED_PROXIES", r#"["10.0.0.0/8", "::1"]"#, "security.trusted_proxies"),
        ("MANAGE__SERVER__BIND", r#"["127.0.0.1:7", "[::1]:8"]"#, "server.bind"),
    ];
    for (variable, text, _) in lists {
        workspace.set(variable, text);
    }
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    for (_, text, key) in lists {
        assert!(shown.contains(&format!("{key} = {text}\n")), "{key}:\n{shown}");
    }
}

#[test]
fn a_json_list_that_breaks_off_is_told_and_a_secret_in_it_is_not() {
    let mut workspace = Workspace::new();
    workspace
        .set("MANAGE__ALLOWED_HOSTS", r#"["a.example", "b.example""#)
        .set("MANAGE__ROUTES__BLOG", "[users]")
        .set("MANAGE__SECRET_KEY_FALLBACKS", r#"["hush"; "hush"]"#);
    let told = |place: &str, why: &str| format!("  ${place}: begins as a JSON list, but is none: {why}\n");
    let expected = [
        "error: the settings have 3 problems\n".to_owned(),
        told("MANAGE__ROUTES__BLOG: `routes.blog`", "expected value at line 1 column 2"),
        told(
            "MANAGE__SECRET_KEY_FALLBACKS: `secret_key_fallbacks`",
            "expected `,` or `]` at line 1 column 8",
        ),
        told("MANAGE__ALLOWED_HOSTS: `allowed_hosts`", "EOF while parsing a list at line 1 column 25"),
    ];
    workspace.manage(["diffsettings"]).fails_with(1, &expected.concat());
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
        .write("secret", "127.0.0.1:7\n")
        .write("settings/dev.toml", "[server]\nbind = \"${ADDRESS}\"\n");
    let file = workspace.path().join("secret");
    workspace.set("ADDRESS_FILE", file.to_str().unwrap());
    let shown = workspace.manage(["diffsettings", "--format", "plain"]).succeeds();
    assert!(shown.contains("server.bind = [\"127.0.0.1:7\"]\n"), "{shown}");
}
