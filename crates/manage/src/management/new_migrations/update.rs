//! Changes that go into the last migration instead of a new one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::written::refuse_embedded;
use crate::db::migrations::autodetector::folded as fold;
use crate::db::migrations::{Graph, Migration};
use crate::management::applied::refuse_applied;
use crate::management::{CommandError, CommandResult};
use crate::setup::Project;
use crate::timezone;

/// The last migrations with the changes in them, and those whose places they take. What is undone by its changes has no
/// place any more.
pub(in crate::management) fn folded(
    project: &Project,
    graph: &Graph,
    changes: Vec<Migration>,
    name: Option<&str>,
) -> CommandResult<(Vec<Migration>, Vec<Migration>)> {
    let mut apps: BTreeSet<&str> = BTreeSet::new();
    for change in &changes {
        if !apps.insert(&change.key.app) {
            return Err(CommandError::failed(format!(
                "the changes of `{}` are more than one migration: other apps come between",
                change.key.app
            ))
            .hint("leave `--update` out"));
        }
    }
    let last = apps.iter().map(|app| last_of(graph, app)).collect::<CommandResult<Vec<_>>>()?;
    let migrations: Vec<&Migration> = last.iter().map(|one| &**one).collect();
    refuse_embedded(project, migrations.iter().copied())?;
    refuse_applied(project, &migrations, "leave `--update` out, or undo it first: `manage migrate`")?;
    let written = fold(graph, changes, name, timezone::now())?;
    Ok((written, last.into_iter().map(|one| Migration::clone(&one)).collect()))
}

fn last_of(graph: &Graph, app: &str) -> CommandResult<Arc<Migration>> {
    let leaves = graph.leaves(app);
    let Some(last) = leaves.first() else {
        return Err(CommandError::failed(format!("app `{app}` has no migration that could be changed"))
            .hint("leave `--update` out"));
    };
    let refused = |why: String| {
        let error = CommandError::failed(format!("{}:1: {} {why}", last.path, last.key));
        Err(error.hint("leave `--update` out"))
    };
    if !last.path.ends_with(".toml") {
        return refused("is written in SQL, and changes of models are not".to_owned());
    }
    if !last.replaces.is_empty() {
        return refused("stands for others, and has to stay what they are".to_owned());
    }
    if let Some(child) = graph.children(&last.key).next() {
        return refused(format!("stays as it is: {} depends on it", child.key));
    }
    Ok(Arc::clone(last))
}
