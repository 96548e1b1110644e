use crate::support::Workspace;

#[test]
fn a_page_describes_the_program_or_a_command() {
    let page = Workspace::new().manage(["man"]).succeeds();
    assert!(page.contains(".TH manage 1"), "{page}");
    let page = Workspace::new().manage(["man", "dbshell"]).succeeds();
    assert!(page.contains("Start the database\\*(Aqs own client"), "{page}");
    let page = Workspace::new().manage(["man", "cert", "create"]).succeeds();
    assert!(page.contains(".TH manage-cert-create 1"), "{page}");
    Workspace::new()
        .manage(["man", "dbshel"])
        .fails_with(2, "error: unknown command `dbshel`\nhint: did you mean `dbshell`?\n");
}

#[test]
fn all_pages_are_written_into_a_folder() {
    let workspace = Workspace::new();
    let run = workspace.manage(["man", "--out-dir", "pages"]);
    assert!(run.stderr.ends_with("pages written to pages\n"), "{}", run.stderr);
    let mut names: Vec<String> = std::fs::read_dir(workspace.path().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for page in ["manage.1", "manage-dbshell.1", "manage-cert.1", "manage-cert-install.1"] {
        assert!(names.iter().any(|name| name == page), "{page} is missing: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
}
