//! Migrations: that every file can be read, all of them fit together, and each database can run them.

use crate::checks::Message;
use crate::db::migrations::{Error, Graph, Work, load_or_tell_all, replay_all};
use crate::management::base::Installed;
use crate::setup::Project;

/// What is wrong with the files; what is applied where is not asked, and no database is connected to.
pub(crate) fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    match read(project) {
        Err(errors) => errors.iter().map(message).collect(),
        Ok(graph) => check_databases(project, &graph),
    }
}

fn read(project: &Project) -> Result<Graph, Vec<Error>> {
    let graph = load_or_tell_all(&project.files, &project.apps, &project.connections.dialects())?;
    graph.check_conflicts().map_err(|error| vec![error])?;
    Ok(graph)
}

/// What each database would find wrong, each once.
fn check_databases(project: &Project, graph: &Graph) -> Vec<Message> {
    let work = Work { graph, router: &project.router, functions: &project.functions };
    let mut found: Vec<Message> = Vec::new();
    for alias in project.connections.primaries() {
        let Ok(backend) = project.connections.backend(alias) else { continue };
        for told in replay_all(work, backend).iter().map(message) {
            if found.iter().all(|other| other.text != told.text) {
                found.push(told);
            }
        }
    }
    found
}

fn message(error: &Error) -> Message {
    let message = Message::error("migrations.E001", "migrations", error.to_string());
    match error.place() {
        Some(place) => message.at(&*place.path, place.line),
        None => message,
    }
}
