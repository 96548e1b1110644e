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
