//! What one migration runs on one database, compiled from the states before and after each operation.

use super::error::{Error, Result};
use super::migration::{Located, Migration};
use super::schema::{Action, Schema};
use super::state::ProjectState;
use crate::backends::base::schema::{Guard, Step};
use crate::backends::base::{Backend, first_word};
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
}

/// What one operation runs.
#[derive(Debug)]
pub struct Part {
    /// The operation in words.
    pub description: String,
    /// File and line of the operation.
    pub place: String,
    /// What it runs.
    pub actions: Vec<Action>,
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
    Ok(())
}

/// Compiles what applies the migration, and replays it on `state`.
///
/// # Errors
/// [`Error::File`] when an operation makes no sense at this point or the database cannot do it.
pub fn forwards(migration: &Migration, state: &mut ProjectState, site: Site<'_>) -> Result<Program> {
    let mut schema = Schema::new(site.backend, site.is_here);
    let app = &migration.key.app;
    let located: Vec<&Located> = migration.operations.iter().collect();
    for located in &located {
        let from = state.clone();
        let change = located.operation.change();
        change
            .state_forwards(app, state)
            .and_then(|()| change.database_forwards(app, &mut schema, &from, state))
            .map_err(|problem| problem_at(migration, located.line, problem))?;
        schema.end_part();
    }
    program(migration, &located, schema)
}

/// Compiles what undoes the migration, which was the last to be replayed on a state that was `before` without it.
///
/// # Errors
/// As [`forwards`].
pub fn backwards(migration: &Migration, before: &ProjectState, site: Site<'_>) -> Result<Program> {
    let mut schema = Schema::new(site.backend, site.is_here);
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
        change
            .database_backwards(app, &mut schema, &pair[1], &pair[0])
            .map_err(|problem| problem_at(migration, one.line, problem))?;
        schema.end_part();
        located.push(one);
    }
    program(migration, &located, schema)
}

/// Puts what the operations want behind their descriptions.
fn program(migration: &Migration, located: &[&Located], schema: Schema<'_>) -> Result<Program> {
    let dialect = schema.dialect();
    let line = |part: usize| located.get(part).map_or(1, |located| located.line);
    let script = schema.finish().map_err(|(part, problem)| problem_at(migration, line(part), problem))?;
    let mut parts = Vec::with_capacity(located.len());
    for (located, actions) in located.iter().zip(script.parts) {
        check_transaction(migration, located.line, &actions)?;
        let description = located.operation.change().describe_for(dialect);
        parts.push(Part { description, place: migration.place(located.line), actions });
    }
    Ok(Program { parts, guard: script.guard, is_atomic: migration.atomic })
}

/// Refuses statements that would end the transaction which the migration and its row of the history share.
fn check_transaction(migration: &Migration, line: usize, actions: &[Action]) -> Result<()> {
    const WORDS: [&str; 6] = ["BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT"];
    if !migration.atomic {
        return Ok(());
    }
    for action in actions {
        let Action::Step(Step::Sql(sql)) = action else { continue };
        let word = first_word(sql).to_ascii_uppercase();
        if WORDS.contains(&word.as_str()) {
            let problem = format!(
                "`{word}` would break the migration's own transaction: take it out, or say that there is none \
                 (`atomic = false`)"
            );
            return Err(problem_at(migration, line, problem));
        }
    }
    Ok(())
}

fn problem_at(migration: &Migration, line: usize, problem: String) -> Error {
    Mistake { path: migration.path.clone(), line, message: problem }.into()
}
