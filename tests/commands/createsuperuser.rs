use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Run, Workspace};

fn migrated() -> Workspace {
    let workspace = Workspace::new();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace
}

/// Runs the program with this text at its standard input.
fn with_input(workspace: &Workspace, args: &[&str], input: &str) -> Run {
    let mut child = workspace.command(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run::of(child)
}

#[test]
fn makes_the_account_from_flags_and_a_password_at_stdin() {
    let workspace = migrated();
    let args = ["createsuperuser", "--username", "ada", "--email", "ada@example.org", "--password-stdin"];
    with_input(&workspace, &args, "walks to Lyon\n").succeeds_with("Superuser created successfully.\n");
    with_input(&workspace, &args, "walks to Lyon\n").fails_with(
        1,
        "error: the username `ada` is already taken\n\
         hint: `--if-not-exists` makes this a success; `manage changepassword` sets a new password\n",
    );
    let again = [args.as_slice(), &["--if-not-exists"]].concat();
    with_input(&workspace, &again, "walks to Lyon\n")
        .succeeds_with("The user `ada` exists already; nothing was changed.\n");
}

#[test]
fn takes_variables_without_a_terminal_ours_before_those_of_django() {
    let mut workspace = migrated();
    workspace.set("DJANGO_SUPERUSER_USERNAME", "ada").set("DJANGO_SUPERUSER_PASSWORD", "walks to Lyon");
    workspace.manage(["createsuperuser", "--no-input"]).succeeds_with("Superuser created successfully.\n");
    workspace.set("MANAGE_SUPERUSER_USERNAME", "ben").set("MANAGE_SUPERUSER_PASSWORD", "password");
    workspace
        .manage(["createsuperuser", "--no-input"])
        .fails_with(1, "error: the password was refused: This password is too common.\n");
}

#[test]
fn a_question_without_a_terminal_is_an_error_that_names_its_flag() {
    migrated().manage(["createsuperuser"]).fails_with(
        3,
        "error: cannot ask for `Username`: there is no terminal\n\
         hint: give it with `--username` or MANAGE_SUPERUSER_USERNAME\n",
    );
}

#[test]
fn names_and_addresses_that_are_none_are_refused() {
    let workspace = migrated();
    workspace
        .manage(["createsuperuser", "--username", "a b"])
        .fails_with(1, "error: the username was refused: Use letters, digits and @ . + - _ only.\n");
    workspace
        .manage(["createsuperuser", "--username", "ada", "--email", "nowhere"])
        .fails_with(1, "error: `nowhere` is not an email address\n");
}

#[test]
fn a_missing_table_says_what_to_type() {
    let workspace = Workspace::new();
    workspace.manage(["createsuperuser", "--username", "ada"]).fails_with(
        1,
        "error: no such table: auth_user\nhint: a migration may be missing: run `manage migrate`\n",
    );
}

#[test]
fn two_at_once_make_one_account() {
    let workspace = migrated();
    let args = ["createsuperuser", "--username", "ada", "--no-input"];
    let children: Vec<_> = (0..4).map(|_| workspace.command(args).spawn().unwrap()).collect();
    let runs: Vec<Run> = children.into_iter().map(Run::of).collect();
    assert_eq!(runs.iter().filter(|run| run.status == 0).count(), 1, "{runs:?}");
    assert!(runs.iter().all(|run| run.status == 0 || run.stderr.contains("already taken")), "{runs:?}");
}

#[test]
fn a_password_is_changed_and_an_unknown_account_is_named() {
    let workspace = migrated();
    workspace.manage(["createsuperuser", "--username", "ada", "--no-input"]).succeeds();
    with_input(&workspace, &["changepassword", "ada", "--password-stdin"], "walks to Lyon\n")
        .succeeds_with("Password changed successfully for user 'ada'\n");
    with_input(&workspace, &["changepassword", "ada", "--password-stdin"], "ada\n").fails_with(
        1,
        "error: the password was refused: This password is too short. It must contain at least 8 characters. \
         The password is too similar to the username.\n",
    );
    with_input(&workspace, &["changepassword", "bob", "--password-stdin"], "x\n")
        .fails_with(1, "error: user `bob` does not exist\n");
}

#[test]
fn a_file_that_another_program_locks_is_named_within_seconds() {
    use manage::conf::DatabaseSettings;
    use manage::db::{Database, backends};

    let mut workspace = migrated();
    workspace.set("MANAGE__DATABASES__USERS__LOCK_TIMEOUT", "0.3");
    let settings = DatabaseSettings::from_url("sqlite:///users.sqlite3").unwrap();
    let locker = Database::new(backends::create("users", &settings, workspace.path()).unwrap(), &settings);
    let run = crate::support::block_on(locker.atomic(async |_| {
        Ok::<_, manage::db::Error>(workspace.manage(["createsuperuser", "--username", "ada", "--no-input"]))
    }));
    let file = workspace.path().join("users.sqlite3");
    run.unwrap().fails_with(
        1,
        &format!(
            "error: database `users` at {}: database is locked\n\
             hint: another program is writing to it: let it finish, then try again\n",
            file.display()
        ),
    );
}
