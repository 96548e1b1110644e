use std::io::Read as _;

use crate::support::Workspace;

#[test]
fn help_lists_every_command_with_one_line_in_its_group() {
    let help = Workspace::new().manage(["--help"]).succeeds();
    assert_eq!(Workspace::new().manage(["help"]).succeeds(), help);
    // As Django's manage.py.
    assert_eq!(Workspace::new().manage([""; 0]).succeeds(), help);
    for line in [
        "Databases:\n  createdb          Make the databases of the settings that are not there yet\n  \
         dropdb            Drop a database with all that is in it\n  \
         inspectdb         Write models of the tables that a database has\n  \
         dumpdata          Write rows as a fixture, which `loaddata` reads, here or in Django\n  \
         loaddata          Load rows from fixtures, those of `dumpdata` and Django's\n  \
         flush             Take all rows out of the tables of the models, which stay\n  \
         sqlflush          Print the SQL that `flush` would run\n  \
         sqlsequencereset  Print the SQL that lets counters go on behind the greatest keys\n  \
         dbshell           Start the database's own client\n",
        "\nProject:\n",
        "\nGlobal options:\n",
    ] {
        assert!(help.contains(line), "{line:?} is missing:\n{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 110), "{help}");
}

#[test]
fn help_of_a_command_needs_no_settings() {
    let workspace = Workspace::new();
    workspace.write("settings/dev.toml", "[broken");
    let help = workspace.manage(["help", "dbshell"]).succeeds();
    assert!(help.starts_with("Start the database's own client\n\nUsage: manage dbshell"), "{help}");
    assert_eq!(workspace.manage(["dbshell", "--help"]).succeeds(), help);
}

#[test]
fn a_command_that_lacks_its_own_command_says_which_there_are() {
    let run = Workspace::new().manage(["cert"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let help = Workspace::new().manage(["cert", "-h"]).succeeds();
    assert_eq!(run.stderr, help);
    assert!(help.contains("\nFirst steps:\n  manage cert install "), "{help}");
}

#[test]
fn a_misspelt_command_or_flag_is_answered_with_the_nearest() {
    Workspace::new()
        .manage(["chek"])
        .fails_with(2, "error: unknown command `chek`\nhint: did you mean `check`?\n");
    Workspace::new()
        .manage(["dbshell", "--databse", "x"])
        .fails_with(2, "error: unexpected argument '--databse' found\nhint: did you mean `--database`?\n");
    let said = Workspace::new().manage(["frobnicate"]).fails(2);
    assert!(said.starts_with("error: unknown command `frobnicate`\nhint: `manage help` lists"), "{said}");
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let workspace = Workspace::new();
    let mut child = workspace.command(["diffsettings", "--all", "--format", "json"]).spawn().unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn work_goes_on_when_nobody_reads_its_answer_any_more() {
    let workspace = Workspace::new();
    let mut child = workspace.command(["migrate"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let states = workspace.manage(["showmigrations", "--format", "plain"]).succeeds();
    assert!(!states.contains("[ ]"), "{states}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let plain = Workspace::new().manage(["check", "--deploy"]).succeeds();
    assert!(!plain.contains('\x1b'), "{plain}");
    let asked = Workspace::new().manage(["check", "--deploy", "--color", "always"]).succeeds();
    assert!(asked.contains("\x1b[33mWARNINGS:\x1b[0m"), "{asked}");
    let mut workspace = Workspace::new();
    workspace.set("CLICOLOR_FORCE", "1");
    assert!(workspace.manage(["check", "--deploy"]).succeeds().contains('\x1b'));
    workspace.set("NO_COLOR", "1");
    assert!(!workspace.manage(["check", "--deploy"]).succeeds().contains('\x1b'));
}
