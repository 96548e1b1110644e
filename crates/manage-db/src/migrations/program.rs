//! What one migration runs on one database, compiled from the states before and after each operation.

use super::action::{Action, Place};
use super::error::{Error, Result};
use super::migration::{Located, Migration};
use super::operations::{Operation, SqlSource};
use super::schema::Schema;
use super::script::{self, Setting};
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
}

impl Program {
    /// A program that does nothing.
    pub(super) fn empty() -> Self {
        Self { parts: Vec::new(), guard: None, is_atomic: true, notes: Vec::new() }
    }

    /// Everything that runs, each with the operation that it is of.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&Part, &Action)> {
        self.parts.iter().flat_map(|part| part.actions.iter().map(move |action| (part, action)))
    }

    /// Whether the session is as it was, for whoever comes next.
    pub(super) fn is_tame(&self) -> bool {
        self.actions().all(|(_, action)| match action {
            Action::Step(_) => true,
            Action::Script(step) => step.statements.iter().all(|statement| statement.is_tame),
            Action::Function { .. } => false,
        })
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
    let mut compiler = Compiler::new(migration, site);
    let app = &migration.key.app;
    for located in &migration.operations {
        let from = state.clone();
        let change = located.operation.change();
        change
            .state_forwards(app, state)
            .and_then(|()| change.database_forwards(app, &mut compiler.schema, &from, state))
            .map_err(|problem| problem_at(migration, located.line, problem))?;
        if let Operation::RunSql(sql) = &located.operation {
            compiler.script(&sql.forwards, located)?;
        }
        compiler.part(located);
    }
    Ok(compiler.program())
}

/// Compiles what undoes the migration, which was the last to be replayed on a state that was `before` without it.
///
/// # Errors
/// As [`forwards`].
pub fn backwards(migration: &Migration, before: &ProjectState, site: Site<'_>) -> Result<Program> {
    let mut compiler = Compiler::new(migration, site);
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
    for (located, pair) in migration.operations.iter().zip(states.windows(2)).rev() {
        let change = located.operation.change();
        change
            .database_backwards(app, &mut compiler.schema, &pair[1], &pair[0])
            .map_err(|problem| problem_at(migration, located.line, problem))?;
        if let Operation::RunSql(sql) = &located.operation
            && let Some(backwards) = &sql.backwards
        {
            compiler.script(backwards, located)?;
        }
        compiler.part(located);
    }
    Ok(compiler.program())
}

/// A program that is being put together.
struct Compiler<'a> {
    migration: &'a Migration,
    backend: &'a dyn Backend,
    schema: Schema<'a>,
    parts: Vec<Part>,
    guard: Option<&'static Guard>,
    notes: Vec<String>,
}

impl<'a> Compiler<'a> {
    fn new(migration: &'a Migration, site: Site<'a>) -> Self {
        let schema = Schema::new(site.backend, site.is_here);
        Self { migration, backend: site.backend, schema, parts: Vec::new(), guard: None, notes: Vec::new() }
    }

    /// Notes what an operation's SQL comes to on this database.
    fn script(&mut self, source: &SqlSource, located: &Located) -> Result<()> {
        let features = self.backend.features();
        let Some(parts) = source.parts(features.dialect) else {
            return Err(self.no_variant(located));
        };
        let setting = Setting {
            rules: self.backend.script_rules(),
            path: &self.migration.path,
            is_atomic: self.migration.atomic,
        };
        let script = script::compile(parts, setting)?;
        self.guard = self.guard.or(script.guard);
        self.notes.extend(script.notes);
        self.schema.run_script(script.actions);
        Ok(())
    }

    fn no_variant(&self, located: &Located) -> Error {
        let features = self.backend.features();
        let (vendor, dialect) = (features.display_name, features.dialect);
        let (app, alias) = (&self.migration.key.app, self.backend.alias());
        let way_out = match self.migration.path.ends_with(".sql") {
            true => format!(
                "write {}.{dialect}.sql; an empty one says that there is nothing to do",
                self.migration.key.name
            ),
            false => format!("add `{dialect}`; an empty text says that there is nothing to do"),
        };
        let message =
            format!("there is no SQL for {vendor}, and app `{app}` lives on database `{alias}`: {way_out}");
        problem_at(self.migration, located.line, message)
    }

    /// Ends what one operation runs.
    fn part(&mut self, located: &Located) {
        let description = located.operation.change().describe_for(self.schema.dialect());
        let (place, actions) = (self.migration.place(located.line), self.schema.take());
        self.parts.push(Part { description, place, actions });
    }

    fn program(self) -> Program {
        let Self { migration, schema, parts, guard, notes, .. } = self;
        Program { parts, guard: schema.guard().or(guard), is_atomic: migration.atomic, notes }
    }
}

fn problem_at(migration: &Migration, line: usize, problem: String) -> Error {
    Mistake { path: migration.path.clone(), line, message: problem }.into()
}
