use crate::support::Workspace;

#[test]
fn the_version_is_one_line_whichever_way_it_is_asked_for() {
    let line = format!("{}\n", env!("CARGO_PKG_VERSION"));
    Workspace::new().manage(["version"]).succeeds_with(&line);
    Workspace::new().manage(["--version"]).succeeds_with(&format!("manage {line}"));
}
