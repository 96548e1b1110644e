use std::fs;
use std::path::Path;

use crate::support::Workspace;

const FILES: [(&str, &str); 5] =
    [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("powershell", "ps1"), ("elvish", "elv")];

#[test]
fn the_files_in_completions_are_fresh() {
    for (shell, ending) in FILES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("completions/manage.{ending}"));
        let kept = fs::read_to_string(&file).unwrap();
        let printed = Workspace::new().manage(["completions", shell]).succeeds();
        assert!(kept == printed, "stale: manage completions {shell} > completions/manage.{ending}");
    }
}

/// What bash is offered for the last of these words.
fn offered(workspace: &Workspace, words: &[&str]) -> Vec<String> {
    let mut command = workspace.command(["--", "manage"].iter().chain(words));
    command.env("MANAGE_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    let run = crate::support::Run::of(command.spawn().unwrap());
    run.succeeds().lines().map(str::to_owned).collect()
}

#[test]
fn values_are_completed_from_the_project() {
    let workspace = Workspace::new();
    workspace.write("settings/staging.toml", "");
    assert_eq!(offered(&workspace, &["dbsh"]), ["dbshell"]);
    assert_eq!(offered(&workspace, &["dbshell", "--database", ""]), ["default", "users"]);
    assert_eq!(offered(&workspace, &["dbshell", "--database", "u"]), ["users"]);
    assert_eq!(offered(&workspace, &["check", "--settings", ""]), ["dev", "prod", "staging"]);
    assert_eq!(offered(&workspace, &["check", "--settings", "st"]), ["staging"]);
    assert_eq!(offered(&workspace, &["check", "--dep"]), ["--deploy"]);
}

#[test]
fn commands_of_commands_and_their_values_are_completed() {
    let workspace = Workspace::new();
    assert_eq!(offered(&workspace, &["cert", "re"]), ["renew"]);
    assert_eq!(offered(&workspace, &["cert", "create", "--key", ""]), ["p256", "p384", "rsa2048", "rsa3072"]);
    assert_eq!(offered(&workspace, &["cert", "create", "--cs"]), ["--csr"]);
    assert_eq!(offered(&workspace, &["cert", "install", "--settings", ""]), ["dev", "prod"]);
}

#[test]
fn a_project_that_cannot_be_read_completes_nothing_and_says_nothing() {
    let workspace = Workspace::new();
    workspace.write("settings/dev.toml", "[broken");
    assert_eq!(offered(&workspace, &["dbshell", "--database", ""]), Vec::<String>::new());
}
