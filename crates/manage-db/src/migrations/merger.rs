//! Branches of an app's migrations, and what they both touch.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::Result;
use super::graph::Graph;
use super::migration::{Key, Migration, Reference};
use super::operations::{Operation, RunSql, SqlSource, Subjects};
use super::program;
use super::state::ProjectState;
use crate::backends::base::mentions;

/// Branches of one app that meet nowhere.
#[derive(Debug)]
pub struct Merge {
    /// Label of the app.
    pub app: String,
    /// Them.
    pub branches: Vec<Branch>,
    /// What two of them touch both, in sentences.
    pub meetings: Vec<String>,
}

/// Migrations that another branch knows nothing of.
#[derive(Debug)]
pub struct Branch {
    /// Its last migration.
    pub leaf: Key,
    /// All of them, in the order in which they run.
    pub migrations: Vec<Arc<Migration>>,
}

/// The branches of those apps, or of all where none is named, that end in several migrations.
///
/// # Errors
/// [`super::Error::File`] when an operation makes no sense at its point.
pub fn merges(graph: &Graph, apps: &[String]) -> Result<Vec<Merge>> {
    let is_meant = |app: &&String| apps.is_empty() || apps.contains(app);
    let apps = graph.apps().iter().filter(is_meant);
    let found = apps.map(|app| (app, branches(graph, app))).filter(|(_, branches)| branches.len() > 1);
    found
        .map(|(app, branches)| {
            let meetings = meetings(graph, app, &branches)?;
            Ok(Merge { app: app.clone(), branches, meetings })
        })
        .collect()
}

/// The migration that joins the branches: Django's name, unless another is given.
pub fn merged(graph: &Graph, merge: &Merge, name: Option<&str>, now: Timestamp) -> Migration {
    const LONGEST: usize = 47;
    let number = graph.greatest_number(&merge.app).unwrap_or_default() + 1;
    let mut leaves: Vec<&Key> = merge.branches.iter().map(|branch| &branch.leaf).collect();
    leaves.sort_unstable();
    let names: Vec<&str> = leaves.iter().map(|leaf| leaf.name.as_str()).collect();
    let names = names.join("_");
    let name = match name {
        Some(name) => name.to_owned(),
        None if names.len() > LONGEST => format!("merge_{}", now.strftime("%Y%m%d_%H%M")),
        None => format!("merge_{names}"),
    };
    let depends = leaves.into_iter().map(|key| Reference { key: key.clone(), line: 1 }).collect();
    let key = Key::new(&merge.app, &format!("{number:04}_{name}"));
    Migration { depends, ..Migration::new(key, number, Vec::new()) }
}

fn branches(graph: &Graph, app: &str) -> Vec<Branch> {
    let leaves = graph.leaves(app);
    let histories: Vec<BTreeSet<Key>> = leaves.iter().map(|leaf| graph.with_ancestors([&leaf.key])).collect();
    let is_common = |key: &Key| histories.iter().all(|history| history.contains(key));
    let branch = |(leaf, history): (&&Arc<Migration>, &BTreeSet<Key>)| {
        let own = graph.of_app(app).filter(|one| history.contains(&one.key) && !is_common(&one.key));
        Branch { leaf: leaf.key.clone(), migrations: own.cloned().collect() }
    };
    leaves.iter().zip(&histories).map(branch).collect()
}

/// What two of the branches touch both. Where nothing is found, and the order makes a difference all the same, that is said.
fn meetings(graph: &Graph, app: &str, branches: &[Branch]) -> Result<Vec<String>> {
    let before = fork(graph, branches)?;
    let mut found = Vec::new();
    for (at, first) in branches.iter().enumerate() {
        for second in &branches[at + 1..] {
            let known = found.len();
            for one in &first.migrations {
                for other in &second.migrations {
                    found.extend(between(app, &before, (one, other)));
                }
            }
            if found.len() == known && !may_swap(&before, first, second) {
                found.push(format!(
                    "{} and {}: which of them comes first makes a difference",
                    first.leaf.name, second.leaf.name
                ));
            }
        }
    }
    found.dedup();
    Ok(found)
}

/// The models where the branches part.
fn fork(graph: &Graph, branches: &[Branch]) -> Result<ProjectState> {
    let own = branches.iter().flat_map(|branch| &branch.migrations).map(|migration| &migration.key);
    let later = graph.with_descendants(own);
    let mut state = ProjectState::default();
    for migration in graph.migrations().filter(|migration| !later.contains(&migration.key)) {
        program::replay(migration, &mut state)?;
    }
    Ok(state)
}

/// Whether the models are the same in whichever order the branches run.
fn may_swap(before: &ProjectState, first: &Branch, second: &Branch) -> bool {
    let run = |one: &Branch, other: &Branch| {
        let mut state = before.clone();
        let mut all = one.migrations.iter().chain(&other.migrations);
        all.try_for_each(|migration| program::replay(migration, &mut state)).ok().map(|()| state)
    };
    run(first, second).is_some_and(|state| Some(state) == run(second, first))
}

/// What two migrations touch both.
fn between(app: &str, state: &ProjectState, (one, other): (&Migration, &Migration)) -> Vec<String> {
    let mut found = Vec::new();
    for first in one.operations.iter().map(|located| &located.operation) {
        for second in other.operations.iter().map(|located| &located.operation) {
            if let Some(what) = shared(app, state, first, second) {
                let (first, second) = (first.change().describe(), second.change().describe());
                found.push(format!("{what}: {} ({first}) and {} ({second})", one.key.name, other.key.name));
            }
        }
    }
    found
}

/// What two operations touch both, if anything.
fn shared(app: &str, state: &ProjectState, first: &Operation, second: &Operation) -> Option<String> {
    match (first.change().subjects(app), second.change().subjects(app)) {
        (Some(one), Some(other)) if one.may_swap(&other) && other.may_swap(&one) => None,
        (Some(one), Some(other)) => Some(what(&one, &other)),
        (Some(known), None) => unknown(state, second, &known),
        (None, Some(known)) => unknown(state, first, &known),
        (None, None) => Some("what neither says".to_owned()),
    }
}

/// The columns, or the models, that both name.
fn what(one: &Subjects, other: &Subjects) -> String {
    let models = one.models.intersection(&other.models).next();
    let target = |one: &Subjects, other: &Subjects| {
        other.targets.iter().map(|(model, _)| model).find(|model| one.models.contains(model)).cloned()
    };
    let model = models.cloned().or_else(|| target(one, other)).or_else(|| target(other, one));
    let Some((app, model)) = model else { return "names in the database".to_owned() };
    let fields = one.fields.as_ref().zip(other.fields.as_ref());
    let field = fields.and_then(|(one, other)| one.intersection(other).next());
    match field {
        Some(field) => format!("the field {app}.{model}.{field}"),
        None => format!("the model {app}.{model}"),
    }
}

/// What an operation that does more than it says has to do with models that another one names: SQL names tables.
fn unknown(state: &ProjectState, operation: &Operation, known: &Subjects) -> Option<String> {
    let mut tables =
        known.models.iter().filter_map(|(app, name)| state.get(app, name)).map(|model| model.table());
    let texts: Vec<&str> = match operation {
        Operation::RunSql(RunSql { forwards: SqlSource::Same(parts), .. }) => {
            parts.iter().map(|part| &*part.text).collect()
        }
        Operation::RunSql(RunSql { forwards: SqlSource::PerDialect(parts), .. }) => {
            parts.values().flatten().map(|part| &*part.text).collect()
        }
        Operation::CreateExtension(_) => return None,
        _ => return Some("what only the code knows".to_owned()),
    };
    let table = tables.find(|table| texts.iter().any(|text| mentions(text, table)))?;
    Some(format!("the table {table}"))
}
