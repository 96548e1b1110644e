//! What one migration runs on one database, compiled from the states before and after each operation.

use super::action::Action;
use super::error::{Error, Result};
use super::migration::{Located, Migration};
use super::operations::{Operation, Way};
use super::place::Place;
use super::schema::{MigrationFile, Noted, Schema, Written};
use super::state::ProjectState;
use crate::backends::base::Backend;
use crate::backends::base::schema::Guard;
use crate::models::document::Mistake;

/// Everything that a migration runs on one database, in order.
#[derive(Debug)]
pub struct Program {
    /// What each operation runs.
    pub parts: Vec<Part>,
    /// What has to surround the transaction.
    pub guard: Option<&'static Guard>,
    /// Whether it runs in one transaction.
    pub is_atomic: bool,
    /// What is left out of what was written, in sentences.
    pub notes: Vec<String>,
    /// What becomes of the tables, in order.
    pub(super) changes: Vec<Noted>,
    /// The first text whose end depends on how the database reads texts.
    pub(super) assumed: Option<Place>,
}

impl Program {
    /// A program that does nothing.
    pub(super) fn empty() -> Self {
        Self {
            parts: Vec::new(),
            guard: None,
            is_atomic: true,
            notes: Vec::new(),
            changes: Vec::new(),
            assumed: None,
        }
    }

    /// Everything that runs, each with the operation that it is of.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&Part, &Action)> {
        self.parts.iter().flat_map(|part| part.actions.iter().map(move |action| (part, action)))
    }

    /// Whether the session is as it was, for whoever comes next.
    pub(super) fn is_tame(&self) -> bool {
        self.actions().all(|(_, action)| match action {
            Action::Step(_) | Action::Fill(_) => true,
            Action::Script(step) => step.statements.iter().all(|statement| statement.is_tame),
            Action::Function { .. } => false,
        })
    }
}

impl Program {
    /// The first statement behind which the session is not as it was; a function is trusted.
    pub(super) fn untamed(&self) -> Option<&Place> {
        let scripts = self.actions().filter_map(|(_, action)| match action {
            Action::Script(step) => Some(&step.statements),
            Action::Step(_) | Action::Fill(_) | Action::Function { .. } => None,
        });
        scripts.flatten().find(|statement| !statement.is_tame).map(|statement| &statement.place)
    }
}

/// What one operation runs.
#[derive(Debug)]
pub struct Part {
    /// The operation in words.
    pub description: String,
    /// Where the operation stands.
    pub place: Place,
    /// What it runs.
    pub actions: Vec<Action>,
    /// Whether it is done, or a part of it is, together with another operation.
    pub is_joined: bool,
}

/// Where a program is to run.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The database.
    pub backend: &'a dyn Backend,
    /// Whether an app's tables live on it.
    pub is_here: &'a dyn Fn(&str) -> bool,
}

/// Replays the migration on `state`.
///
/// # Errors
/// [`Error::File`] when an operation makes no sense at this point.
pub(crate) fn replay(migration: &Migration, state: &mut ProjectState) -> Result<()> {
    for located in &migration.operations {
        let change = located.operation.change();
        change
            .state_forwards(&migration.key.app, state)
            .map_err(|problem| problem_at(migration, located.line, problem))?;
    }
    check_keys(migration, state)
}

/// In between a model may be without its key, which becomes another.
fn check_keys(migration: &Migration, state: &ProjectState) -> Result<()> {
    let may_lose = |located: &&Located| {
        matches!(located.operation, Operation::RemoveField(_) | Operation::AlterField(_))
    };
    let Some(last) = migration.operations.iter().rfind(may_lose) else { return Ok(()) };
    state.without_key().map_or(Ok(()), |model| {
        let problem = format!(
            "{} has no primary key any more: say which field it is, by AddField or AlterField",
            model.label()
        );
        Err(problem_at(migration, last.line, problem))
    })
}

/// Compiles what applies the migration, and replays it on `state`.
///
/// # Errors
/// [`Error::File`] when an operation makes no sense at this point or the database cannot do it.
pub fn forwards(migration: &Migration, state: &mut ProjectState, site: Site<'_>) -> Result<Program> {
    let mut schema = schema(migration, site);
    let app = &migration.key.app;
    let located: Vec<&Located> = migration.operations.iter().collect();
    for located in &located {
        let from = state.clone();
        let change = located.operation.change();
        let done = change
            .state_forwards(app, state)
            .and_then(|()| change.database(&mut schema, Way { app, from: &from, to: state, is_back: false }));
        done.map_err(|problem| problem_in(&mut schema, migration, located.line, problem))?;
        schema.end_part();
    }
    check_keys(migration, state)?;
    program(migration, &located, schema)
}

/// Compiles what undoes the migration, which was the last to be replayed on a state that was `before` without it.
///
/// # Errors
/// As [`forwards`].
pub fn backwards(migration: &Migration, before: &ProjectState, site: Site<'_>) -> Result<Program> {
    let mut schema = schema(migration, site);
    let app = &migration.key.app;
    let mut states = vec![before.clone()];
    for located in &migration.operations {
        let mut state = states.last().cloned().unwrap_or_default();
        let change = located.operation.change();
        change
            .state_forwards(app, &mut state)
            .map_err(|problem| problem_at(migration, located.line, problem))?;
        states.push(state);
    }
    let pairs = migration.operations.iter().zip(states.windows(2)).rev();
    let mut located = Vec::with_capacity(migration.operations.len());
    for (one, pair) in pairs {
        let change = one.operation.change();
        let done = change.database(&mut schema, Way { app, from: &pair[1], to: &pair[0], is_back: true });
        done.map_err(|problem| problem_in(&mut schema, migration, one.line, problem))?;
        schema.end_part();
        located.push(one);
    }
    program(migration, &located, schema)
}

/// Puts what the operations want behind their descriptions.
fn program(migration: &Migration, located: &[&Located], schema: Schema<'_>) -> Result<Program> {
    let dialect = schema.dialect();
    let line = |part: usize| located.get(part).map_or(1, |located| located.line);
    let written = schema.finish().map_err(|(part, problem)| problem_at(migration, line(part), problem))?;
    let mut parts = Vec::with_capacity(located.len());
    for (number, (located, actions)) in located.iter().zip(written.parts).enumerate() {
        let description = located.operation.change().describe_for(dialect);
        let (place, is_joined) = (migration.place(located.line), written.joined.contains(&number));
        parts.push(Part { description, place, actions, is_joined });
    }
    let Written { guard, left_out: notes, changes, assumed, .. } = written;
    Ok(Program { parts, guard, is_atomic: migration.atomic, notes, changes, assumed })
}

/// Notes for a migration.
pub(super) fn schema<'a>(migration: &'a Migration, site: Site<'a>) -> Schema<'a> {
    let file = MigrationFile { path: &migration.path, is_atomic: migration.atomic };
    Schema::new(site.backend, site.is_here, file)
}

/// What is wrong, at its own place where it is in a script.
fn problem_in(schema: &mut Schema<'_>, migration: &Migration, line: usize, problem: String) -> Error {
    schema.mistake().map_or_else(|| problem_at(migration, line, problem), Error::from)
}

fn problem_at(migration: &Migration, line: usize, problem: String) -> Error {
    Mistake { path: migration.path.clone(), line, message: problem }.into()
}
