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
