//! From a plan to what runs: everything is compiled before the first statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::Action;
use super::error::{Error, Result};
use super::functions::Functions;
use super::graph::Graph;
use super::migration::{Key, Migration};
use super::operations::Way;
use super::plan::Plan;
use super::program::{self, Program, Site};
use super::reversal;
use super::schema::Created;
use super::session::Session;
use super::state::ProjectState;
use super::work::{Fake, Frame, Work};
use crate::backends::base::BackendRef;
use crate::backends::base::schema::Guard;
use crate::models::document::Mistake;

/// A plan with everything compiled, so that nothing but a database can go wrong any more.
pub struct Prepared {
    is_backwards: bool,
    steps: Vec<PreparedStep>,
}

/// A migration of a plan.
pub(super) struct PreparedStep {
    /// The migration.
    pub migration: Arc<Migration>,
    /// What it runs.
    pub program: Arc<Program>,
    /// What is kept to undo it.
    pub reversal: Option<String>,
    /// What it makes, if that decides whether it is faked.
    pub creates: Option<Created>,
    /// Whether all of it is done already under other names.
    pub is_complete: bool,
}

impl PreparedStep {
    fn plain(migration: Arc<Migration>, program: Arc<Program>) -> Self {
        Self { migration, program, creates: None, reversal: None, is_complete: false }
    }
}

impl Prepared {
    /// Whether its migrations are undone.
    pub fn is_backwards(&self) -> bool {
        self.is_backwards
    }

    /// How many migrations it holds.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The migrations in the order in which they run.
    pub(super) fn steps(&self) -> impl Iterator<Item = &PreparedStep> {
        self.steps.iter()
    }

    /// Refuses what cannot run in one transaction with others, before anything runs.
    ///
    /// # Errors
    /// [`Error::NoFrame`].
    pub(super) fn check_frame(&self, session: &Session, frame: Frame) -> Result<()> {
        if frame == Frame::Each || self.steps.is_empty() {
            return Ok(());
        }
        let backend = session.backend();
        let refused = |place: String, reason: String| {
            Err(Error::NoFrame { alias: session.alias().to_owned(), place, reason })
        };
        if !backend.features().can_rollback_ddl {
            let vendor = backend.features().display_name;
            return refused(String::new(), format!("{vendor} commits each change of a table by itself"));
        }
        let can_refresh = backend.refresh().is_some();
        for step in &self.steps {
            let key = &step.migration.key;
            let is_half_done =
                session.history.journal.keys().any(|one| one.version == step.migration.version());
            if is_half_done || !step.program.is_atomic {
                let place = format!("{}: ", step.migration.place(1));
                let why =
                    if is_half_done { "is half done" } else { "asks for no transaction (`atomic = false`)" };
                return refused(place, format!("{key} {why}"));
            }
            if let Some(place) = step.program.untamed().filter(|_| !can_refresh) {
                return refused(format!("{place}: "), format!("{key} sets up the session for itself alone"));
            }
        }
        Ok(())
    }

    /// What has to surround a transaction of all of them.
    pub(super) fn guard(&self) -> Option<&'static Guard> {
        self.steps.iter().find_map(|step| step.program.guard)
    }

    /// The programs in the order in which they run.
    pub fn programs(&self) -> impl Iterator<Item = (&Migration, &Program)> {
        self.steps.iter().map(|step| (&*step.migration, &*step.program))
    }
}

impl Session {
    /// Compiles a plan for this database; `is_kept`: also what undoes it, to be kept.
    ///
    /// # Errors
    /// [`Error::File`] when an operation makes no sense, the database cannot do it, or a function is missing.
    pub fn prepare(&self, work: Work<'_>, plan: &Plan, fake: Fake, is_kept: bool) -> Result<Prepared> {
        let is_here = |app: &str| work.router.allow_migrate(self.alias(), app);
        let site = Site { backend: &**self.backend(), is_here: &is_here };
        let mut steps = Vec::with_capacity(plan.migrations.len());
        if plan.migrations.is_empty() {
            return Ok(Prepared { is_backwards: plan.is_backwards, steps });
        }
        let mut applied = self.history.keys_in(work.graph);
        if plan.is_backwards {
            applied.retain(|key| !plan.migrations.iter().any(|migration| migration.key == *key));
            let mut timeline = Timeline::start(work.graph, &is_here, &applied)?;
            // From the first that was applied on, so that each is undone to the models that were there before it.
            for migration in plan.migrations.iter().rev() {
                let program = match plan.kept.get(&migration.key) {
                    Some(kept) => kept.clone().unwrap_or_else(|| Arc::new(Program::empty())),
                    None => {
                        timeline.catch_up(work.graph, &is_here, migration)?;
                        let program = program::backwards(migration, &timeline.state, site)?;
                        timeline.include(migration)?;
                        Arc::new(program)
                    }
                };
                let migration = Arc::clone(migration);
                steps.push(PreparedStep::plain(migration, program));
            }
            steps.reverse();
        } else {
            let mut timeline = Timeline::start(work.graph, &is_here, &applied)?;
            for migration in &plan.migrations {
                if plan.complete.contains(&migration.key) {
                    let step = PreparedStep::plain(Arc::clone(migration), Arc::new(Program::empty()));
                    steps.push(PreparedStep { is_complete: true, ..step });
                    continue;
                }
                timeline.catch_up(work.graph, &is_here, migration)?;
                let creates = if fake == Fake::Initial && work.graph.is_initial(migration) {
                    Some(creates(migration, &timeline.state, site)?)
                } else {
                    None
                };
                let before = timeline.state.clone();
                let program = Arc::new(program::forwards(migration, &mut timeline.state, site)?);
                timeline.included.insert(migration.key.clone());
                let parents = work.graph.parents(&migration.key).map(|parent| &parent.key);
                let reversal = if is_kept { reversal(migration, &before, site, parents) } else { None };
                let step = PreparedStep::plain(Arc::clone(migration), program);
                steps.push(PreparedStep { creates, reversal, ..step });
            }
        }
        steps.iter().try_for_each(|step| check_functions(&step.program, work.functions))?;
        Ok(Prepared { is_backwards: plan.is_backwards, steps })
    }
}

/// What is kept to undo a migration, where that is possible without its file.
fn reversal<'a>(
    migration: &Migration,
    before: &ProjectState,
    site: Site<'_>,
    parents: impl Iterator<Item = &'a Key>,
) -> Option<String> {
    if migration.irreversible().is_some() {
        return None;
    }
    // What cannot be written down here is told when somebody undoes it.
    reversal::written(parents, &program::backwards(migration, before, site).ok()?)
}

/// Tables and columns that a migration makes.
fn creates(migration: &Migration, before: &ProjectState, site: Site<'_>) -> Result<Created> {
    let mut schema = program::schema(migration, site);
    let mut state = before.clone();
    for located in &migration.operations {
        let (from, change, app) = (state.clone(), located.operation.change(), &*migration.key.app);
        change
            .state_forwards(app, &mut state)
            .and_then(|()| change.database(&mut schema, Way { app, from: &from, to: &state, is_back: false }))
            .map_err(|message| Mistake { path: migration.path.clone(), line: located.line, message })?;
    }
    Ok(schema.created())
}

fn check_functions(program: &Program, functions: &Functions) -> Result<()> {
    for part in &program.parts {
        for action in &part.actions {
            let Action::Function { name, .. } = action else { continue };
            if functions.get(name).is_none() {
                let known: Vec<&str> = functions.names().collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Mistake {
                    path: part.place.path.to_string(),
                    line: part.place.line,
                    message: format!("no app has the function `{name}`; known: {known}"),
                }
                .into());
            }
        }
    }
    Ok(())
}

/// The models after what is applied on one database, with those that live elsewhere as far as they depend on nothing that is
/// still to come there.
///
/// # Errors
/// [`Error::File`] when an operation makes no sense.
pub(super) fn applied_state(
    graph: &Graph,
    is_here: &dyn Fn(&str) -> bool,
    applied: &BTreeSet<Key>,
) -> Result<ProjectState> {
    Ok(Timeline::start(graph, is_here, applied)?.state)
}

/// The models as they come to be on one database, migration by migration.
struct Timeline {
    state: ProjectState,
    included: BTreeSet<Key>,
}

impl Timeline {
    /// The models after `applied`. What lives on other databases is there as far as it depends on nothing that is
    /// still to come here.
    fn start(graph: &Graph, is_here: &dyn Fn(&str) -> bool, applied: &BTreeSet<Key>) -> Result<Self> {
        let mut timeline = Self { state: ProjectState::default(), included: BTreeSet::new() };
        for migration in graph.migrations() {
            let is_included = if is_here(&migration.key.app) {
                applied.contains(&migration.key)
            } else {
                graph.parents(&migration.key).all(|parent| timeline.included.contains(&parent.key))
            };
            if is_included {
                timeline.include(migration)?;
            }
        }
        Ok(timeline)
    }

    /// Includes what `migration` depends on and lives elsewhere.
    fn catch_up(
        &mut self,
        graph: &Graph,
        is_here: &dyn Fn(&str) -> bool,
        migration: &Migration,
    ) -> Result<()> {
        let is_missing = |parent: &&Arc<Migration>| !self.included.contains(&parent.key);
        if graph.parents(&migration.key).find(is_missing).is_none() {
            return Ok(());
        }
        let ancestors = graph.with_ancestors([&migration.key]);
        for other in graph.migrations().filter(|other| ancestors.contains(&other.key)) {
            if !is_here(&other.key.app) && !self.included.contains(&other.key) {
                self.include(other)?;
            }
        }
        Ok(())
    }

    fn include(&mut self, migration: &Migration) -> Result<()> {
        program::replay(migration, &mut self.state)?;
        self.included.insert(migration.key.clone());
        Ok(())
    }
}

/// What a migration would run on `backend`, replayed from all that it depends on and all before it.
///
/// # Errors
/// [`Error::File`] when an operation makes no sense or the database cannot do it.
pub fn compile(work: Work<'_>, backend: &BackendRef, key: &Key, is_backwards: bool) -> Result<Program> {
    let is_here = |app: &str| work.router.allow_migrate(backend.alias(), app);
    let site = Site { backend: &**backend, is_here: &is_here };
    let mut state = ProjectState::default();
    for migration in work.graph.migrations() {
        if migration.key == *key {
            return if is_backwards {
                program::backwards(migration, &state, site)
            } else {
                program::forwards(migration, &mut state, site)
            };
        }
        program::replay(migration, &mut state)?;
    }
    let known = work.graph.of_app(&key.app).map(|migration| migration.key.name.clone()).collect();
    Err(Error::UnknownMigration { app: key.app.clone(), name: key.name.clone(), known })
}

/// What is wrong with all that would ever run on a database, from the first migration on; the database is not asked.
///
/// It is of each migration the first operation that makes no sense where it stands, that this kind of database cannot do, or
/// that calls a function which no app has. What depends on a broken one is not looked at.
pub fn replay_all(work: Work<'_>, backend: &BackendRef) -> Vec<Error> {
    let is_here = |app: &str| work.router.allow_migrate(backend.alias(), app);
    let site = Site { backend: &**backend, is_here: &is_here };
    let (mut state, mut errors) = (ProjectState::default(), Vec::new());
    let mut broken: BTreeSet<&Key> = BTreeSet::new();
    for migration in work.graph.migrations() {
        let key = &migration.key;
        if work.graph.parents(key).any(|parent| broken.contains(&parent.key)) {
            broken.insert(key);
            continue;
        }
        let before = state.clone();
        let done = match is_here(&key.app) {
            true => program::forwards(migration, &mut state, site)
                .and_then(|program| check_functions(&program, work.functions)),
            false => program::replay(migration, &mut state),
        };
        if let Err(error) = done {
            errors.push(error);
            broken.insert(key);
            state = before;
        }
    }
    errors
}
