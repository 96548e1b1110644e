use crate::support::Workspace;

#[test]
fn a_fresh_project_has_no_issues() {
    Workspace::new().manage(["check"]).succeeds_with("System check identified no issues (0 silenced).\n");
}

#[test]
fn deploy_lists_what_must_not_go_into_production() {
    let report = Workspace::new().manage(["check", "--deploy"]).succeeds();
    for id in
        ["security.W004", "security.W008", "security.W009", "security.W012", "security.W016", "security.W018"]
    {
        assert!(report.contains(id), "{id} is missing:\n{report}");
    }
    assert!(report.ends_with("System check identified 6 issues (0 silenced).\n"), "{report}");
    let failing = Workspace::new().manage(["check", "--deploy", "--fail-level", "WARNING"]);
    assert_eq!((failing.status, failing.stderr.as_str()), (1, ""));
}

#[test]
fn production_settings_pass_once_the_key_and_the_hosts_are_set() {
    let mut workspace = Workspace::new();
    workspace.set("SECRET_KEY", "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    workspace.set("DJANGO_ALLOWED_HOSTS", "blog.example");
    workspace.manage(["check", "--deploy", "--settings", "prod"]).succeeds_with(
        "WARNINGS:\n\
         security.hsts_include_subdomains: (security.W005) subdomains may still be visited by http\n\
         security.hsts_preload: (security.W021) the site cannot be put on the browsers' preload list\n\
         \n\
         System check identified 2 issues (0 silenced).\n",
    );
}

#[test]
fn an_unknown_tag_or_app_is_a_wrong_command_line() {
    Workspace::new().manage(["check", "--tag", "modls"]).fails_with(
        2,
        "error: there is no system check with the tag `modls`\nhint: did you mean `models`?\n",
    );
    let said = Workspace::new().manage(["check", "nope"]).fails(2);
    assert!(said.starts_with("error: no installed app with label `nope`\n"), "{said}");
}

#[test]
fn a_database_that_is_named_is_connected_to() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DATABASES__DEFAULT__URL", "postgresql://me:hush@127.0.0.1:1/site");
    workspace.manage(["check"]).succeeds_with("System check identified no issues (0 silenced).\n");
    let run = workspace.manage(["check", "--database", "default"]);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "ERRORS:\n\
             databases.default: (databases.E002) cannot connect to database `default` at 127.0.0.1:1/site: connection refused\n\
             \n\
             System check identified 1 issue (0 silenced).\n"
        )
    );
}

#[test]
fn a_template_that_does_not_compile_or_names_nothing_is_an_error() {
    let workspace = Workspace::new();
    workspace
        .write("templates/404.html", "{% if %}")
        .write("templates/mine.html", "\n{{ url('blog:nowhere') }} {{ static('no.css') }}");
    let run = workspace.manage(["check"]);
    assert_eq!(run.status, 1);
    for line in [
        "templates/404.html: (templates.E001) ",
        "templates/mine.html:2: (templates.E002) `url('blog:nowhere')` leads nowhere\n",
        "templates/mine.html:2: (templates.E003) `static('no.css')` leads nowhere\n",
    ] {
        assert!(run.stdout.contains(line), "{line} is missing:\n{}", run.stdout);
    }
}

#[test]
fn models_that_point_nowhere_or_to_another_database_are_errors() {
    let workspace = Workspace::new();
    workspace.write("settings/dev.toml", "apps = [\"shop\", \"stock\"]\n[databases.default]\nname = \"a.sqlite3\"\n[databases.users]\nname = \"b.sqlite3\"\n[routes]\nstock = \"users\"\n");
    workspace.write(
        "models/shop.toml",
        "[Order]\nordering = [\"-nothing\"]\nfields = [{ name = \"item\", type = \"ForeignKey\", to = \"stock.Item\" }, \
         { name = \"buyer\", type = \"ForeignKey\", to = \"people.Buyer\" }]\n",
    );
    workspace.write(
        "models/stock.toml",
        "[Item]\nfields = [{ name = \"name\", type = \"Char\", max_length = 9 }]\n",
    );
    let run = workspace.manage(["check"]);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "ERRORS:\n\
             shop.Order.buyer: (fields.E300) the field points to `people.Buyer`, which is not installed\n\
             \tHINT: add its app to `apps` in the settings\n\
             shop.Order: (models.E015) ordering names `-nothing`, which is no field\n\
             shop.Order.item: (databases.E001) the key points to `stock.Item` on the database `users`, but its own table is on `default`\n\
             \tHINT: route both apps to one database, or say `db_constraint = false`\n\
             \n\
             System check identified 3 issues (0 silenced).\n"
        )
    );
}

#[test]
fn values_that_nothing_can_be_made_of_are_told_at_once_and_stop_the_server() {
    let workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        r#"[security]
hsts_seconds = 1
trusted_proxies = ["127.0.0.1", "10.0.0/8"]
content_security_policy = "default-src 'self'\nX-Other: 1"
referrer_policy = "same-origin\u0007"

[server]
bind = ["127.0.0.1:8000", "localhost:99999"]
header_timeout = "soon"
body_timeout = -1
idle_timeout = "1 month"

[logging]
level = "inof"

[databases.default]
pool_timeout = "0s"
"#,
    );
    let expected = r#"error: the settings have 9 problems
  settings/dev.toml:17:1: `databases.default.pool_timeout`: expected a time above 0, in seconds or as "5s" or "10 min", found "0s"
  settings/dev.toml:3:1: `security.trusted_proxies`: expected a network such as 10.0.0.0/8, found "10.0.0/8"
  settings/dev.toml:4:1: `security.content_security_policy`: expected text in one line of plain letters and signs, as a header holds it, found "default-src 'self'\nX-Other: 1"
  settings/dev.toml:5:1: `security.referrer_policy`: expected text in one line of plain letters and signs, as a header holds it, found "same-origin\u0007"
  settings/dev.toml:8:1: `server.bind`: expected an address such as 127.0.0.1:8000, found "localhost:99999"
  settings/dev.toml:9:1: `server.header_timeout`: expected a time above 0, in seconds or as "5s" or "10 min", found "soon"
  settings/dev.toml:10:1: `server.body_timeout`: expected a time above 0, in seconds or as "5s" or "10 min", found -1
  settings/dev.toml:11:1: `server.idle_timeout`: expected a time above 0, in seconds or as "5s" or "10 min", found "1 month"
  settings/dev.toml:14:1: `logging.level`: expected a level (off, error, warn, info, debug or trace), or levels by module such as warn,manage::db=debug, found "inof"
"#;
    for command in ["check", "serve"] {
        workspace.manage([command]).fails_with(1, expected);
    }
    workspace.write("settings/dev.toml", "[logging]\nlevel = \"manage=loud\"\n");
    let told = workspace.manage(["serve"]).fails(1);
    assert!(told.ends_with("debug, found \"manage=loud\"\n"), "{told}");
    workspace.write("settings/dev.toml", "[server]\nbind = []\n").manage(["serve"]).fails_with(
        1,
        "error: the settings are wrong: settings/dev.toml:2:1: `server.bind`: expected an address at least, found an empty list\n",
    );
}

#[test]
fn a_secret_of_a_wrong_type_is_told_without_its_value() {
    let workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "secret_key = 4711\nsecret_key_fallbacks = [[4712]]\n[databases.default]\npassword = 4713\nurl = [\"4714\"]\n",
    );
    workspace.manage(["check"]).fails_with(
        1,
        "error: the settings have 4 problems\n\
         \x20 settings/dev.toml:4:1: `databases.default.password`: expected a string, found an integer\n\
         \x20 settings/dev.toml:5:1: `databases.default.url`: expected a string, found a list\n\
         \x20 settings/dev.toml:1:1: `secret_key`: expected a string, found an integer\n\
         \x20 settings/dev.toml:2:1: `secret_key_fallbacks`: expected a list of strings, found a list\n",
    );
}

/// A project with a mistake of each kind that has a place.
fn mistakes() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\"]\n[databases.default]\nname = \"a.sqlite3\"\n\n[security]\nx_frame_options = \"SAMEORIGIN\"\n",
        )
        .write("models/shop.toml", "[Order]\nfields = [\n  { name = \"buyer\", type = \"ForeignKey\", to = \"people.Buyer\" },\n]\n")
        .write("models/shp.toml", "")
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE a (b integer);\n-- dwon\nDROP TABLE a;\n")
        .write("templates/mine.html", "\n{{ url('shop:50%, or so') }}");
    workspace
}

#[test]
fn github_shows_what_is_wrong_beside_its_line() {
    let mut workspace = mistakes();
    let tags = [
        "check",
        "--format",
        "github",
        "-t",
        "apps",
        "-t",
        "models",
        "-t",
        "migrations",
        "-t",
        "templates",
        "-t",
        "security",
    ];
    let run = workspace.manage(tags);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "::error file=migrations/shop/0001_initial.sql,line=2,title=migrations.E001::migrations: \
             migrations/shop/0001_initial.sql:2: this looks like a marker and is none that is understood: write `-- up`, \
             `-- down`, or in the way of dbmate, goose, sql-migrate, tern, MyBatis or node-pg-migrate\n\
             ::error file=models/shop.toml,line=3,title=fields.E300::shop.Order.buyer: the field points to `people.Buyer`, \
             which is not installed%0Ahint: add its app to `apps` in the settings\n\
             ::error file=templates/mine.html,line=2,title=templates.E002::templates/mine.html:2: \
             `url('shop:50%25, or so')` leads nowhere\n\
             ::warning file=models/shp.toml,line=1,title=apps.W001::shp: models/shp.toml is there, but no installed app \
             has this label%0Ahint: did you mean `shop`?\n\
             ::warning title=security.W004::security.hsts_seconds: browsers are not told to insist on https\n\
             ::warning title=security.W008::security.ssl_redirect: http is answered instead of being redirected to https\n\
             ::warning title=security.W016::csrf.cookie_secure: the CSRF cookie may travel over http\n\
             ::warning title=security.W009::secret_key: the key has fewer than 50 characters, fewer than 5 different \
             ones, or is the one for development%0Ahint: set SECRET_KEY to 50 random characters\n\
             ::warning file=settings/base.toml,line=6,title=security.W019::security.x_frame_options: pages may be shown in \
             frames of this site\n\
             System check identified 9 issues (0 silenced).\n",
        )
    );
    // The repository holds more than the project.
    let root = workspace.path().to_str().unwrap().to_owned();
    workspace.set("GITHUB_WORKSPACE", std::path::Path::new(&root).parent().unwrap().to_str().unwrap());
    let within = workspace.manage(tags).stdout;
    let name = workspace.path().file_name().unwrap().to_str().unwrap();
    assert!(
        within.starts_with(&format!("::error file={name}/migrations/shop/0001_initial.sql,line=2,")),
        "{within}"
    );
}

#[test]
fn json_tells_places() {
    let run = mistakes().manage(["check", "--format", "json", "--tag", "models"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "messages": [{
            "level": "ERROR", "id": "fields.E300", "object": "shop.Order.buyer",
            "text": "the field points to `people.Buyer`, which is not installed",
            "hint": "add its app to `apps` in the settings", "line": 3, "file": "models/shop.toml",
        }] })
    );
}

#[test]
fn what_keeps_a_project_from_being_read_is_shown_beside_its_line_too() {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", "apps = [\"shop\"]\ndebugg = true\n")
        .write("models/shop.toml", "\n[Order]\n");
    let run = workspace.manage(["check", "--format", "github"]);
    assert_eq!(
        run.stdout,
        "::error file=settings/base.toml,line=2,title=settings.E001::debugg: unknown key; did you mean `debug`?\n\
         System check identified 1 issue (0 silenced).\n"
    );
    assert!(run.fails(1).starts_with("error: the settings are wrong: settings/base.toml:2:1: "));
    workspace.write("settings/base.toml", "apps = [\"shop\"]\n");
    let run = workspace.manage(["check", "--format", "github"]);
    assert_eq!(
        run.stdout,
        "::error file=models/shop.toml,line=2,title=models.E001::models/shop.toml: model `Order` has no `fields`\n\
         System check identified 1 issue (0 silenced).\n"
    );
    run.fails_with(1, "error: models/shop.toml:2: model `Order` has no `fields`\n");
}
