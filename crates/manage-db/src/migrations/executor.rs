//! Applies and undoes migrations on one database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use refinery::{Runner, Target as RefineryTarget};

use super::action::{Action, Place};
use super::driver::Driver;
use super::error::{ApplyError, Error, HistoryProblem, HistoryProblemKind, Outcome, Result, RowsError};
use super::events::Event;
use super::functions::Functions;
use super::graph::Graph;
use super::lock;
use super::migration::{Key, Migration};
use super::operations::Way;
use super::plan::Plan;
use super::preflight;
use super::program::{self, Program, Site};
use super::recorder::{History, Home, JournalKey, recorded};
use super::schema::Created;
use super::state::ProjectState;
use super::unit::{Failure, Unit};
use crate::backends::base::{Attempt, BackendRef, Connection, MigrationLock, shown};
use crate::models::document::Mistake;
use crate::router::Router;

/// Whether statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fake {
    /// They do.
    No,
    /// Only the history is changed.
    Yes,
    /// Only the history is changed for first migrations whose tables and columns exist.
    Initial,
}

/// What is the same for all databases of a run.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// All migrations.
    pub graph: &'a Graph,
    /// Which app lives where.
    pub router: &'a Router,
    /// The functions that migrations call.
    pub functions: &'a Functions,
}

/// A connection of its own to one database, with what the database remembers.
pub struct Session {
    backend: BackendRef,
    connection: Box<dyn Connection>,
    lock: Option<Box<dyn MigrationLock>>,
    /// What the database remembers.
    pub history: History,
}

/// A plan with everything compiled, so that nothing but a database can go wrong any more.
pub struct Prepared {
    is_backwards: bool,
    steps: Vec<PreparedStep>,
}

struct PreparedStep {
    migration: Arc<Migration>,
    program: Program,
    /// What it makes, if that decides whether it is faked.
    creates: Option<Created>,
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

    /// The programs in the order in which they run.
    pub fn programs(&self) -> impl Iterator<Item = (&Migration, &Program)> {
        self.steps.iter().map(|step| (&*step.migration, &step.program))
    }
}

impl Session {
    /// Connects and reads the history, without a lock: for looking only.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open(backend: &BackendRef) -> Result<Self> {
        let mut connection = backend.connect_to_look().await?;
        let history = History::read(backend, &mut *connection).await?;
        Ok(Self { backend: BackendRef::clone(backend), connection, lock: None, history })
    }

    /// Connects, takes the lock and reads the history.
    ///
    /// # Errors
    /// [`Error::Locked`] when somebody else has the lock for longer than the database's `lock_timeout`, or
    /// `lock::LONGEST` without one; [`Error::Database`].
    pub async fn open_locked(backend: &BackendRef, tell: &mut impl FnMut(Event<'_>)) -> Result<Self> {
        let mut connection = backend.connect().await?;
        let mut lock = backend.migration_lock();
        let alias = backend.alias();
        let limit = backend.lock_timeout().unwrap_or(lock::LONGEST);
        let mut waiting = |holder: Option<&str>| tell(Event::Waiting { alias, holder, limit });
        let taken = lock::acquire(&mut *lock, &mut *connection, limit, &mut waiting).await?;
        if let Attempt::Held { holder } = taken {
            return Err(Error::Locked { alias: alias.to_owned(), holder, waited: limit });
        }
        let history = History::read(backend, &mut *connection).await?;
        Ok(Self { backend: BackendRef::clone(backend), connection, lock: Some(lock), history })
    }

    /// Gives the lock back, if this session has it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn release(&mut self) -> Result<()> {
        if let Some(mut lock) = self.lock.take() {
            lock.release(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Where the history is kept.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub(super) async fn home(&mut self) -> Result<Home> {
        Ok(Home::find(&self.backend, &mut *self.connection, &self.history.tables).await?)
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> &mut dyn Connection {
        &mut *self.connection
    }

    /// Alias of the database.
    pub fn alias(&self) -> &str {
        self.backend.alias()
    }

    /// The database.
    pub fn backend(&self) -> &BackendRef {
        &self.backend
    }

    /// What this run would leave half done on the database.
    pub fn unfinished(&self, graph: &Graph, plan: &Plan) -> Vec<HistoryProblem> {
        let planned: BTreeSet<i64> = plan.migrations.iter().map(|migration| migration.version()).collect();
        let left = self
            .history
            .journal
            .keys()
            .filter(|key| !(planned.contains(&key.version) && key.is_backwards == plan.is_backwards));
        left.map(|key| self.unfinished_one(graph, *key)).collect()
    }

    fn unfinished_one(&self, graph: &Graph, key: JournalKey) -> HistoryProblem {
        let JournalKey { version, is_backwards } = key;
        let found = graph.migrations().find(|migration| migration.version() == version);
        let applied = self.history.applied.iter().find(|applied| applied.version == version);
        let name = found.map(|migration| migration.key.to_string());
        let name = name.or_else(|| Some(applied?.key.as_ref()?.to_string()));
        let kind = match found {
            Some(_) => HistoryProblemKind::Unfinished { is_backwards },
            None => {
                let steps = self.history.journal.get(&key).into_iter().flatten();
                let done = steps.filter(|(_, row)| row.is_done).count();
                HistoryProblemKind::UnfinishedWithoutFile { done, is_backwards }
            }
        };
        let migration = name.unwrap_or_else(|| format!("a migration of version {version}"));
        HistoryProblem { alias: self.alias().to_owned(), migration, kind }
    }

    /// Compiles a plan for this database.
    ///
    /// # Errors
    /// [`Error::File`] when an operation makes no sense, the database cannot do it, or a function is missing.
    pub fn prepare(&self, work: Work<'_>, plan: &Plan, fake: Fake) -> Result<Prepared> {
        let is_here = |app: &str| work.router.allow_migrate(self.alias(), app);
        let site = Site { backend: &*self.backend, is_here: &is_here };
        let mut steps = Vec::with_capacity(plan.migrations.len());
        if plan.migrations.is_empty() {
            return Ok(Prepared { is_backwards: plan.is_backwards, steps });
        }
        let mut applied = self.history.keys();
        if plan.is_backwards {
            for migration in &plan.migrations {
                applied.remove(&migration.key);
                let before = Timeline::start(work.graph, &is_here, &applied)?.state;
                let program = program::backwards(migration, &before, site)?;
                steps.push(PreparedStep { migration: Arc::clone(migration), program, creates: None });
            }
        } else {
            let mut timeline = Timeline::start(work.graph, &is_here, &applied)?;
            for migration in &plan.migrations {
                timeline.catch_up(work.graph, &is_here, migration)?;
                let creates = if fake == Fake::Initial && work.graph.is_initial(migration) {
                    Some(creates(migration, &timeline.state, site)?)
                } else {
                    None
                };
                let program = program::forwards(migration, &mut timeline.state, site)?;
                timeline.included.insert(migration.key.clone());
                steps.push(PreparedStep { migration: Arc::clone(migration), program, creates });
            }
        }
        steps.iter().try_for_each(|step| check_functions(&step.program, work.functions))?;
        Ok(Prepared { is_backwards: plan.is_backwards, steps })
    }

    /// Runs a compiled plan, one migration after the other, each with its row of the history.
    ///
    /// # Errors
    /// [`Error::Apply`] for the first statement that fails; [`Error::History`] when a half-done migration was
    /// changed; [`Error::Database`].
    pub async fn run(
        &mut self,
        work: Work<'_>,
        prepared: &Prepared,
        fake: Fake,
        tell: &mut impl FnMut(Event<'_>),
    ) -> Result<()> {
        if prepared.is_empty() {
            return Ok(());
        }
        let mut home = self.home().await?;
        if let Some(sql) = home.missing_history() {
            self.connection.batch(&[&sql]).await.map_err(|failure| failure.error)?;
            home.has_history = true;
        }
        let existing = self.existing(prepared).await?;
        let mut applied = self.applied(work.graph);
        for step in &prepared.steps {
            let started = Instant::now();
            tell(Event::Started(&step.migration));
            let is_faked =
                fake == Fake::Yes || step.creates.as_ref().is_some_and(|creates| exists(creates, &existing));
            let ready = if is_faked { Ok(()) } else { self.look(step, prepared.is_backwards).await };
            let done = if ready.is_err() {
                ready
            } else if prepared.is_backwards {
                self.undo(work, step, is_faked, &mut home).await
            } else {
                self.apply(work, step, is_faked, &mut home, &mut applied).await
            };
            if let Err(error) = done {
                tell(Event::Failed);
                return Err(error);
            }
            let notes = if is_faked { &[][..] } else { &step.program.notes };
            tell(Event::Finished { is_faked, took: started.elapsed(), notes });
        }
        Ok(())
    }

    /// Looks at the rows that a migration is about to change, unless some of it is done already.
    async fn look(&mut self, step: &PreparedStep, is_backwards: bool) -> Result<()> {
        let (migration, key) =
            (&step.migration, JournalKey { version: step.migration.version(), is_backwards });
        if self.history.journal.contains_key(&key) {
            return Ok(());
        }
        let (rules, alias) = (self.backend.script_rules(), self.alias().to_owned());
        if let (Some(place), Some(reading)) = (&step.program.assumed, &rules.reading)
            && !preflight::is_read_alike(reading, &mut *self.connection).await?
        {
            return Err(Error::Reading { place: place.to_string(), alias, way_out: reading.way_out });
        }
        let rows = preflight::look(&self.backend, &mut *self.connection, &step.program).await;
        if rows.is_empty() {
            return Ok(());
        }
        let migration = migration.key.to_string();
        Err(Box::new(RowsError { alias, migration, is_backwards, rows }).into())
    }

    /// The applied migrations as refinery compares them with the files. Their texts are not needed for that.
    fn applied(&self, graph: &Graph) -> Vec<refinery::Migration> {
        let known = self.history.applied.iter().filter_map(|applied| graph.get(applied.key.as_ref()?));
        known.filter_map(|migration| without_text(&recorded(migration, self.dialect())?)).collect()
    }

    async fn apply(
        &mut self,
        work: Work<'_>,
        step: &PreparedStep,
        is_faked: bool,
        home: &mut Home,
        applied: &mut Vec<refinery::Migration>,
    ) -> Result<()> {
        let (migration, dialect) = (&*step.migration, self.dialect());
        let Some(next) = recorded(migration, self.dialect()) else {
            let message = "refinery does not take this name".to_owned();
            return Err(Mistake { path: migration.path.clone(), line: 1, message }.into());
        };
        let journal = JournalKey { version: migration.version(), is_backwards: false };
        let mut all = applied.clone();
        all.push(next.clone());
        let target = if is_faked { RefineryTarget::Fake } else { RefineryTarget::Latest };
        let mut runner = Runner::new(&all).set_target(target);
        runner.set_migration_table_name(home.history());
        let mut own = if is_faked { None } else { own_connection(&self.backend, &step.program).await? };
        let mut driver = Driver {
            backend: &self.backend,
            connection: own.as_deref_mut().unwrap_or(&mut *self.connection),
            functions: work.functions,
            programs: HashMap::from([(migration.canonical.text(dialect), &step.program)]),
            journal,
            done: self.history.journal.get(&journal),
            home,
            applied: applied.clone(),
            failure: None,
        };
        let answer = runner.run_async(&mut driver).await;
        let failure = driver.failure.take();
        match (answer, failure) {
            (_, Some(failure)) => Err(self.explain(failure, migration, false)),
            (Err(error), None) => {
                let message = format!("refinery refuses it: {error}");
                Err(Mistake { path: migration.path.clone(), line: 1, message }.into())
            }
            (Ok(_), None) => {
                applied.extend(without_text(&next));
                Ok(())
            }
        }
    }

    async fn undo(
        &mut self,
        work: Work<'_>,
        step: &PreparedStep,
        is_faked: bool,
        home: &mut Home,
    ) -> Result<()> {
        let migration = &*step.migration;
        let journal = JournalKey { version: migration.version(), is_backwards: true };
        let record = format!("DELETE FROM {} WHERE version = {}", home.history(), journal.version);
        let nothing = Program::empty();
        let program = if is_faked { &nothing } else { &step.program };
        let mut own = own_connection(&self.backend, program).await?;
        let unit = Unit {
            backend: &self.backend,
            connection: own.as_deref_mut().unwrap_or(&mut *self.connection),
            functions: work.functions,
            program,
            record: &record,
            journal,
            done: self.history.journal.get(&journal),
            home,
        };
        unit.run().await.map_err(|failure| self.explain(failure, migration, true))
    }

    fn dialect(&self) -> &'static str {
        self.backend.features().dialect
    }

    fn explain(&self, failure: Failure, migration: &Migration, is_backwards: bool) -> Error {
        let (alias, name) = (self.alias().to_owned(), migration.key.to_string());
        match failure {
            Failure::Failed { place, what, outcome, error } => {
                let place = if place == Place::default() { migration.place(1) } else { place };
                let outcome = match outcome {
                    Outcome::RolledBack if !self.backend.features().can_rollback_ddl => Outcome::Kept(0),
                    outcome => outcome,
                };
                Box::new(ApplyError {
                    alias,
                    migration: name,
                    place: place.to_string(),
                    is_backwards,
                    what: shown(&what, self.backend.script_rules().syntax),
                    outcome,
                    source: error,
                })
                .into()
            }
            Failure::Unrepeatable(place) => {
                let kind = HistoryProblemKind::Unrepeatable { place: place.to_string() };
                Error::History(vec![HistoryProblem { alias, migration: name, kind }])
            }
            Failure::ChangedStep(step) => {
                let kind = HistoryProblemKind::ChangedStep { path: migration.path.clone(), step };
                Error::History(vec![HistoryProblem { alias, migration: name, kind }])
            }
        }
    }

    /// Tables and columns of the database in lower case, read only if some step has to know.
    async fn existing(&mut self, prepared: &Prepared) -> Result<BTreeMap<String, BTreeSet<String>>> {
        if prepared.steps.iter().all(|step| step.creates.is_none()) {
            return Ok(BTreeMap::new());
        }
        let found = self.backend.introspection().column_names(&mut *self.connection).await?;
        let lower = |names: BTreeSet<String>| names.iter().map(|name| name.to_lowercase()).collect();
        Ok(found.into_iter().map(|(table, columns)| (table.to_lowercase(), lower(columns))).collect())
    }
}

/// A connection of its own for a program that may leave its session otherwise than it found it: what one migration sets
/// does not hold for the next, and not for the lock.
async fn own_connection(backend: &BackendRef, program: &Program) -> Result<Option<Box<dyn Connection>>> {
    match program.is_tame() || !backend.is_shared() {
        true => Ok(None),
        false => Ok(Some(backend.connect().await?)),
    }
}

/// refinery's value for an applied migration; the moment is of no consequence for comparing.
fn without_text(migration: &refinery::Migration) -> Option<refinery::Migration> {
    let mut stamped = refinery::Migration::unapplied("U1__stamp", "").ok()?;
    stamped.set_applied();
    let name = migration.name().to_owned();
    Some(refinery::Migration::applied(
        migration.version(),
        name,
        *stamped.applied_on()?,
        migration.checksum(),
    ))
}

fn exists(created: &Created, existing: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let has_table = |table: &String| existing.contains_key(&table.to_lowercase());
    let has_column = |(table, column): &(String, String)| {
        existing.get(&table.to_lowercase()).is_some_and(|columns| columns.contains(&column.to_lowercase()))
    };
    !(created.tables.is_empty() && created.columns.is_empty())
        && created.tables.iter().all(has_table)
        && created.columns.iter().all(has_column)
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

/// Compiles everything that would ever run on a database, from the first migration on, without asking it.
///
/// # Errors
/// [`Error::File`] for the first operation that makes no sense where it stands, that this kind of database cannot do, or
/// that calls a function which no app has.
pub fn replay_all(work: Work<'_>, backend: &BackendRef) -> Result<()> {
    let is_here = |app: &str| work.router.allow_migrate(backend.alias(), app);
    let site = Site { backend: &**backend, is_here: &is_here };
    let mut state = ProjectState::default();
    for migration in work.graph.migrations() {
        if is_here(&migration.key.app) {
            let program = program::forwards(migration, &mut state, site)?;
            check_functions(&program, work.functions)?;
        } else {
            program::replay(migration, &mut state)?;
        }
    }
    Ok(())
}

/// Everything about which the databases and the files disagree; files that are missing, unless that is allowed.
///
/// # Errors
/// [`Error::History`], with all of it.
pub fn verify(graph: &Graph, sessions: &[Session], allow_missing: bool) -> Result<()> {
    let mut problems: Vec<HistoryProblem> =
        sessions.iter().flat_map(|session| session.history.problems(session.backend(), graph)).collect();
    problems
        .retain(|problem| !(allow_missing && matches!(problem.kind, HistoryProblemKind::MissingFile { .. })));
    if problems.is_empty() { Ok(()) } else { Err(Error::History(problems)) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::backends;
    use crate::files::Folder;
    use crate::migrations::functions::{Rows, Running};
    use crate::migrations::load;
    use crate::migrations::plan::{PlanSite, Target};
    use crate::params;
    use crate::settings::DatabaseSettings;

    const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Person"
fields = [{ name = "name", type = "Text" }, { name = "shout", type = "Text", null = true }]

[[operation]]
op = "RunSql"
forwards = "INSERT INTO shop_person (name) VALUES ('ann')"
backwards = ""

[[operation]]
op = "RunRust"
forwards = "shop.shout"
backwards = "noop"

[[operation]]
op = "RemoveField"
model = "Person"
name = "name"
"#;

    fn shout<'a>(rows: &'a mut Rows<'_>, state: &'a ProjectState) -> Running<'a> {
        Box::pin(async move {
            let person = state.get("shop", "person").map(|model| model.table()).unwrap_or_default();
            let names: Vec<(i64, String)> =
                rows.query(&format!("SELECT id, name FROM {person}"), params![]).await?;
            for (id, name) in names {
                let sql = format!("UPDATE {person} SET shout = ? WHERE id = ?");
                rows.execute(&sql, params![name.to_uppercase(), id]).await?;
            }
            Ok(())
        })
    }

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("manage-executor-{}", std::process::id()));
        fs::create_dir_all(folder.join("migrations/shop")).unwrap();
        fs::write(folder.join("migrations/shop/0001_initial.toml"), INITIAL).unwrap();
        folder
    }

    #[test]
    fn a_function_sees_the_models_of_its_moment_inside_the_transaction() {
        let folder = folder();
        let graph = load(&Folder::new(&folder), &["shop".to_owned()], &["sqlite"]).unwrap();
        let settings = DatabaseSettings::from_url("sqlite:///db.sqlite3").unwrap();
        let backend = backends::create("default", &settings, &folder).unwrap();
        let router = Router::default();
        let mut functions = Functions::default();
        #[expect(clippy::disallowed_methods, reason = "the test needs a runtime")]
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shouts = runtime.block_on(async {
            let mut session = Session::open_locked(&backend, &mut |_| ()).await.unwrap();
            let applied = session.history.keys();
            let site = PlanSite { alias: "default", applied: &applied, is_behind_elsewhere: false };
            let plan = Plan::new(&graph, &router, site, &Target::All, false).unwrap();
            let work = Work { graph: &graph, router: &router, functions: &functions };
            let refused = session.prepare(work, &plan, Fake::No).err().unwrap().to_string();
            assert_eq!(
                refused,
                "migrations/shop/0001_initial.toml:12: no app has the function `shop.shout`; known: none"
            );
            functions.register("shop", "shout", shout);
            let work = Work { graph: &graph, router: &router, functions: &functions };
            let prepared = session.prepare(work, &plan, Fake::No).unwrap();
            session.run(work, &prepared, Fake::No, &mut |_| ()).await.unwrap();
            session.release().await.unwrap();
            let mut connection = backend.connect().await.unwrap();
            let sql = "SELECT shout FROM shop_person";
            let mut rows =
                connection.query(crate::backends::base::Statement { sql, params: &[] }).await.unwrap();
            rows[0].take::<String>(0).unwrap()
        });
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(shouts, "ANN");
    }
}
