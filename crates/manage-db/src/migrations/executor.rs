//! Applies and undoes migrations on one database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use refinery::{Runner, Target as RefineryTarget};

use super::apart::take_apart;
use super::driver::Driver;
use super::error::{ApplyError, Error, HistoryProblem, HistoryProblemKind, Outcome, Result, RowsError};
use super::events::Event;
use super::file_name::number_of;
use super::graph::Graph;
use super::lock;
use super::migration::{Migration, version};
use super::orphans::Orphans;
use super::patience::{ATTEMPT, Patience, Seen, watched};
use super::place::Place;
use super::preflight;
use super::prepare::{Prepared, PreparedStep};
use super::program::Program;
use super::progress::Progress;
use super::recorder::{Home, JournalKey, JournalRow, recorded};
use super::reversal::keep;
use super::schema::Created;
use super::session::Session;
use super::touched::touched;
use super::unit::{Failure, Unit, Workplace};
use super::work::{Fake, Frame, How, Work};
use crate::backends::base::{BackendRef, Connection, LockWait, shown};
use crate::models::document::Mistake;

impl Session {
    /// Runs a compiled plan, one migration after the other, each with its row of the history, until somebody sets `stop`.
    ///
    /// # Errors
    /// [`Error::Apply`] for the first statement that fails; [`Error::History`] when a half-done migration was
    /// changed; [`Error::Database`].
    pub async fn run(
        &mut self,
        work: Work<'_>,
        prepared: &Prepared,
        how: How,
        stop: &AtomicBool,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<()> {
        if prepared.is_empty() {
            return Ok(());
        }
        let backend = BackendRef::clone(self.backend());
        self.run_all(work, prepared, how, (stop, tell)).await.map_err(|error| error.at(&*backend))
    }

    async fn run_all(
        &mut self,
        work: Work<'_>,
        prepared: &Prepared,
        how: How,
        (stop, tell): (&AtomicBool, &mut (dyn FnMut(Event<'_>) + Send)),
    ) -> Result<()> {
        let home = self.home().await?;
        let existing = self.existing(prepared).await?;
        let applied = self.applied(work.graph);
        let limit = self.backend().lock_timeout().unwrap_or(lock::LONGEST);
        let is_framed = how.frame != Frame::Each;
        let attempt = if is_framed { limit } else { ATTEMPT.min(limit) };
        let lock_wait = self.backend().lock_wait(attempt);
        let execution =
            Execution { session: self, work, prepared, how, stop, home, existing, applied, limit, lock_wait };
        if is_framed { execution.in_one_transaction(tell).await } else { execution.one_by_one(tell).await }
    }

    /// The applied migrations as refinery compares them with the files. Their texts are not needed for that.
    fn applied(&self, graph: &Graph) -> Vec<refinery::Migration> {
        let known = self.history.applied.iter().filter_map(|applied| graph.get(applied.key.as_ref()?));
        known.filter_map(|migration| without_text(&recorded(migration, self.dialect())?)).collect()
    }

    /// Tables and columns of the database in lower case, read only if some step has to know.
    async fn existing(&mut self, prepared: &Prepared) -> Result<BTreeMap<String, BTreeSet<String>>> {
        if prepared.steps().all(|step| step.creates.is_none()) {
            return Ok(BTreeMap::new());
        }
        let introspection = self.backend().introspection();
        let found = introspection.column_names(self.connection()).await?;
        let lower = |names: BTreeSet<String>| names.iter().map(|name| name.to_lowercase()).collect();
        Ok(found.into_iter().map(|(table, columns)| (table.to_lowercase(), lower(columns))).collect())
    }
}

/// A plan that runs.
struct Execution<'a> {
    session: &'a mut Session,
    work: Work<'a>,
    prepared: &'a Prepared,
    how: How,
    stop: &'a AtomicBool,
    home: Home,
    /// Tables and columns that were there before, if some step has to know.
    existing: BTreeMap<String, BTreeSet<String>>,
    /// What is applied, as refinery knows it.
    applied: Vec<refinery::Migration>,
    /// How long a migration tries to get a lock.
    limit: Duration,
    lock_wait: LockWait,
}

impl Execution<'_> {
    /// Each migration in a transaction of its own.
    async fn one_by_one(mut self, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<()> {
        self.make_ready(tell).await?;
        self.steps(tell).await.map(drop)
    }

    /// Makes the tables and rows that have to be there before the first migration. Somebody may hold them.
    async fn make_ready(&mut self, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<()> {
        let (backend, session) = (BackendRef::clone(self.session.backend()), self.home.session);
        let (alias, limit) = (self.session.alias().to_owned(), self.limit);
        let patience = Patience::new(limit);
        let work = async {
            loop {
                let done = match self.make_history().await {
                    Ok(()) => self.keep_reversals().await,
                    Err(error) => Err(error),
                };
                let done = match done {
                    Ok(()) => take_apart(self.session, &self.home, self.work.graph, self.prepared).await,
                    Err(error) => Err(error),
                };
                match done {
                    Err(Error::Database(error)) if patience.may_try_again(&error).await => {}
                    done => return done,
                }
            }
        };
        let mut seen = |seen: Seen<'_>| match seen {
            Seen::Blocked(blockers) => tell(Event::Blocked { alias: &alias, blockers, limit }),
            Seen::Progress(_) => {}
        };
        watched(&backend, session, &patience, (work, Progress::new().1), &mut seen).await
    }

    /// All migrations in one transaction.
    async fn in_one_transaction(mut self, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<()> {
        let guard = self.prepared.guard();
        for sql in guard.map_or(&[][..], |guard| guard.before) {
            self.batch(sql).await?;
        }
        if let LockWait::Session(sql) = self.lock_wait.clone() {
            self.batch(&sql).await?;
        }
        self.session.connection().begin().await?;
        let done = self.framed(tell).await;
        let is_kept = matches!(done, Ok(true)) && self.how.frame == Frame::Run;
        let connection = self.session.connection();
        let ended = if is_kept { connection.commit().await } else { connection.rollback().await };
        for sql in guard.map_or(&[][..], |guard| guard.after) {
            drop(self.batch(sql).await);
        }
        if !is_kept || ended.is_err() {
            tell(Event::RolledBack { alias: self.session.alias() });
        }
        done?;
        ended.map_err(|error| self.whole_failed("COMMIT", error))
    }

    /// What failed behind the last migration, and took all of them with it.
    fn whole_failed(&self, what: &str, error: crate::Error) -> Error {
        let Some(step) = self.prepared.steps().last() else { return error.into() };
        let failure = Failure::Failed {
            place: Place::default(),
            what: what.to_owned(),
            outcome: Outcome::RolledBack,
            error,
        };
        self.explain(failure, &step.migration, Vec::new())
    }

    /// Whether all of it was done.
    async fn framed(&mut self, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<bool> {
        let guard = self.prepared.guard();
        let before = Orphans::of(guard, self.session.connection()).await?;
        self.make_history().await?;
        self.keep_reversals().await?;
        take_apart(self.session, &self.home, self.work.graph, self.prepared).await?;
        if !self.steps(tell).await? {
            return Ok(false);
        }
        let after = Orphans::of(guard, self.session.connection()).await?;
        if let Some(error) = after.new_since(&before) {
            return Err(self.whole_failed("PRAGMA foreign_key_check", error));
        }
        if self.how.frame == Frame::DryRun {
            let backend = BackendRef::clone(self.session.backend());
            let known = self.session.history.tables.clone();
            let touched = touched(&backend, self.session.connection(), &known).await?;
            tell(Event::DryRun { alias: self.session.alias(), touched: &touched });
        }
        Ok(true)
    }

    async fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.session.connection().batch(&[sql]).await.map_err(|failure| failure.error)?)
    }

    async fn make_history(&mut self) -> Result<()> {
        if let Some(sql) = self.home.missing_history() {
            self.batch(&sql).await?;
            self.home.has_history = true;
        }
        Ok(())
    }

    /// Keeps what undoes the migrations that are about to be applied. It is there before they are, so that no kill comes
    /// between.
    async fn keep_reversals(&mut self) -> Result<()> {
        let dialect = self.session.dialect();
        let mut rows = Vec::new();
        for step in self.prepared.steps().filter(|step| !self.is_faked(step)) {
            if let (Some(body), Some(recorded)) = (&step.reversal, recorded(&step.migration, dialect)) {
                rows.push((recorded.version(), recorded.checksum().to_string(), body.clone()));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(sql) = self.home.missing_reversals(self.session.backend().features()) {
            self.batch(&sql).await?;
            self.home.has_reversals = true;
        }
        Ok(keep(self.session.connection(), self.home.reversals(), &rows).await?)
    }

    /// One after the other, unless somebody sets `stop`; whether all of them were done.
    async fn steps(&mut self, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<bool> {
        let is_backwards = self.prepared.is_backwards();
        for step in self.prepared.steps() {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            // A connection that keeps this thread lets others in between: other databases, and a Ctrl-C.
            tokio::task::yield_now().await;
            let started = Instant::now();
            let alias = self.session.alias().to_owned();
            let is_faked = self.is_faked(step);
            let program = (!is_faked).then_some(&*step.program);
            tell(Event::Started { alias: &alias, migration: &step.migration, program, is_backwards });
            let done = self.step(step, is_faked, tell).await;
            let took = started.elapsed();
            if let Err(error) = done {
                tell(Event::Failed { alias: &alias, took, error: &error });
                return Err(error);
            }
            let notes = if is_faked { &[][..] } else { &step.program.notes };
            tell(Event::Finished { alias: &alias, is_faked, took, notes });
        }
        Ok(true)
    }

    fn is_faked(&self, step: &PreparedStep) -> bool {
        let creates = step.creates.as_ref();
        step.is_complete
            || self.how.fake == Fake::Yes
            || creates.is_some_and(|creates| exists(creates, &self.existing))
    }

    async fn step(
        &mut self,
        step: &PreparedStep,
        is_faked: bool,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<()> {
        let backend = BackendRef::clone(self.session.backend());
        let (alias, limit) = (self.session.alias().to_owned(), self.limit);
        let (nothing, patience) = (Program::empty(), Patience::new(limit));
        let program = if is_faked { &nothing } else { &step.program };
        let is_backwards = self.prepared.is_backwards();
        let journal = JournalKey { version: step.migration.version(), is_backwards };
        let done = self.session.history.journal.get(&journal).cloned();
        let mut own = own_connection(&backend, program, self.how.frame).await?;
        let session = own.as_ref().map_or(self.home.session, |own| own.session);
        let (progress, told) = Progress::new();
        let mut place = Workplace {
            backend: &backend,
            connection: match &mut own {
                Some(own) => &mut *own.connection,
                None => self.session.connection(),
            },
            functions: self.work.functions,
            home: &mut self.home,
            lock_wait: &self.lock_wait,
            patience: &patience,
            progress: &progress,
            has_loose_tables: None,
            is_in_transaction: self.how.frame != Frame::Each,
        };
        let (mut blockers, applied) = (Vec::new(), &mut self.applied);
        let versions = versions(self.work.graph, &step.migration);
        let is_new = !is_faked && done.is_none();
        let work = async {
            if is_new {
                look(&mut place, program).await?;
            }
            if is_backwards {
                undo(&mut place, program, (journal, done.as_ref()), &versions).await
            } else {
                apply(place, step, is_faked, (journal, done.as_ref()), applied).await
            }
        };
        let mut seen = |seen: Seen<'_>| match seen {
            Seen::Blocked(found) => {
                tell(Event::Blocked { alias: &alias, blockers: found, limit });
                blockers = found.to_vec();
            }
            Seen::Progress(done) => tell(Event::Progress { alias: &alias, done }),
        };
        let answer = watched(&backend, session, &patience, (work, told), &mut seen).await;
        answer.map_err(|failure| self.explain(failure, &step.migration, blockers))
    }

    fn explain(&self, failure: Failure, migration: &Migration, blockers: Vec<String>) -> Error {
        let backend = self.session.backend();
        let (alias, name) = (self.session.alias().to_owned(), migration.key.to_string());
        match failure {
            Failure::Failed { place, what, outcome, error } => {
                let place = if place == Place::default() { migration.place(1) } else { place };
                let outcome = match outcome {
                    Outcome::RolledBack if self.how.frame != Frame::Each => Outcome::RunRolledBack,
                    Outcome::RolledBack if !backend.features().can_rollback_ddl => Outcome::Kept(0),
                    outcome => outcome,
                };
                Box::new(ApplyError {
                    alias,
                    migration: name,
                    place: place.to_string(),
                    is_backwards: self.prepared.is_backwards(),
                    what: shown(&what, backend.script_rules().syntax),
                    outcome,
                    blockers,
                    source: error,
                })
                .into()
            }
            Failure::Refused(reason) => {
                let message = format!("refinery refuses it: {reason}");
                Mistake { path: migration.path.clone(), line: 1, message }.into()
            }
            Failure::Rows(rows) => {
                let is_backwards = self.prepared.is_backwards();
                Box::new(RowsError { alias, migration: name, is_backwards, rows }).into()
            }
            Failure::Reading { place, way_out } => {
                Error::Reading { place: place.to_string(), alias, way_out }
            }
            Failure::Unrepeatable(place) => {
                let kind = HistoryProblemKind::Unrepeatable { place: place.to_string() };
                Error::History(vec![HistoryProblem { alias, migration: name, kind }])
            }
            Failure::InDoubt(place) => {
                let kind = HistoryProblemKind::InDoubt { place: place.to_string() };
                Error::History(vec![HistoryProblem { alias, migration: name, kind }])
            }
            Failure::ChangedStep(step) => {
                let kind = HistoryProblemKind::ChangedStep { path: migration.path.clone(), step };
                Error::History(vec![HistoryProblem { alias, migration: name, kind }])
            }
        }
    }
}

/// A connection for one migration alone.
struct OwnConnection {
    connection: Box<dyn Connection>,
    session: Option<i64>,
}

/// A connection of its own for a program that may leave its session otherwise than it found it: what one migration sets
/// does not hold for the next, and not for the lock. In one transaction with others there is none.
async fn own_connection(
    backend: &BackendRef,
    program: &Program,
    frame: Frame,
) -> Result<Option<OwnConnection>> {
    if program.is_tame() || !backend.is_shared() || frame != Frame::Each {
        return Ok(None);
    }
    let mut connection = backend.connect().await?;
    let session = Home::session(backend, &mut *connection).await?;
    Ok(Some(OwnConnection { connection, session }))
}

/// Looks whether the database reads what is written, and at the rows that are about to be changed.
async fn look(place: &mut Workplace<'_>, program: &Program) -> Result<(), Failure> {
    if let (Some(written), Some(reading)) = (&program.assumed, &place.backend.script_rules().reading) {
        let what = reading.query.to_owned();
        let is_alike = preflight::is_read_alike(reading, place.connection).await.map_err(|error| {
            Failure::Failed { place: written.clone(), what, outcome: Outcome::RolledBack, error }
        })?;
        if !is_alike {
            return Err(Failure::Reading { place: written.clone(), way_out: reading.way_out });
        }
    }
    let rows = preflight::look(place, program).await;
    if rows.is_empty() { Ok(()) } else { Err(Failure::Rows(rows)) }
}

/// How far a half-done migration had come.
type Done<'a> = Option<&'a BTreeMap<usize, JournalRow>>;

/// Applies a migration through refinery's runner.
async fn apply(
    place: Workplace<'_>,
    step: &PreparedStep,
    is_faked: bool,
    (journal, done): (JournalKey, Done<'_>),
    applied: &mut Vec<refinery::Migration>,
) -> Result<(), Failure> {
    let dialect = place.backend.features().dialect;
    let refused = |reason: String| Failure::Refused(reason);
    let next = recorded(&step.migration, dialect).ok_or_else(|| refused("the name".to_owned()))?;
    let done_next = without_text(&next);
    let target = if is_faked { RefineryTarget::Fake } else { RefineryTarget::Latest };
    let mut all = applied.clone();
    all.push(next);
    let mut runner = Runner::new(&all).set_target(target);
    // The text of a dump is long, and the runner has its own.
    drop(all);
    runner.set_migration_table_name(place.home.history());
    let program = &*step.program;
    let mut driver = Driver { place, program, journal, done, applied: applied.clone(), failure: None };
    let answer = runner.run_async(&mut driver).await;
    if let Some(failure) = driver.failure.take() {
        return Err(failure);
    }
    answer.map_err(|error| refused(error.to_string()))?;
    applied.extend(done_next);
    Ok(())
}

/// The versions of a migration, of all that it stands for, and of all that stands for it.
fn versions(graph: &Graph, migration: &Migration) -> String {
    let mut others = graph.replaced(&migration.key);
    others.extend(graph.squashes_around(&migration.key));
    let others = others.iter().map(|key| version(key, number_of(&key.name).unwrap_or_default()));
    let versions = std::iter::once(migration.version()).chain(others);
    versions.map(|version| version.to_string()).collect::<Vec<_>>().join(", ")
}

/// Undoes a migration, which has rows of these `versions`. refinery knows no way back.
async fn undo(
    place: &mut Workplace<'_>,
    program: &Program,
    (journal, done): (JournalKey, Done<'_>),
    versions: &str,
) -> Result<(), Failure> {
    let record = format!("DELETE FROM {} WHERE version IN ({versions})", place.home.history());
    Unit { place, program, record: &record, journal, done }.run().await
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::backends;
    use crate::files::Folder;
    use crate::migrations::functions::{Batches, Functions, Rows, Running};
    use crate::migrations::load;
    use crate::migrations::plan::{Plan, PlanSite, Target};
    use crate::migrations::state::ProjectState;
    use crate::params;
    use crate::router::Router;
    use crate::settings::DatabaseSettings;

    const INITIAL: &str = r#"
[[operation]]
op = "CreateModel"
model = "Person"
fields = [{ name = "name", type = "Text" }, { name = "shout", type = "Text", null = true }]

[[operation]]
op = "RunSql"
forwards = "INSERT INTO shop_person (name) VALUES ('ann'), ('bob'), ('eve')"
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
            let Some(person) = state.get("shop", "person") else { return Ok(()) };
            let table = person.table();
            let mut batches = Batches::new(person, 2);
            while let Some(batch) = rows.next_batch(&mut batches).await? {
                let of_batch = format!("SELECT id, name FROM {table} WHERE id BETWEEN ? AND ?");
                let names: Vec<(i64, String)> = rows.query(&of_batch, &[batch.first, batch.last]).await?;
                for (id, name) in names {
                    let sql = format!("UPDATE {table} SET shout = ? WHERE id = ?");
                    rows.execute(&sql, params![name.to_uppercase(), id]).await?;
                }
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
            let mut session = Session::open_locked(&backend, None, &mut |_, _| ()).await.unwrap();
            let applied = session.history.keys();
            let unrecorded = BTreeSet::new();
            let site = PlanSite {
                alias: "default",
                applied: &applied,
                unrecorded: &unrecorded,
                gone: &[],
                is_behind_elsewhere: false,
            };
            let plan = Plan::new(&graph, &router, site, &Target::All, false).unwrap();
            let work = Work { graph: &graph, router: &router, functions: &functions };
            let refused = session.prepare(work, &plan, Fake::No, false).err().unwrap().to_string();
            assert_eq!(
                refused,
                "migrations/shop/0001_initial.toml:12: no app has the function `shop.shout`; known: none"
            );
            functions.register("shop", "shout", shout);
            let work = Work { graph: &graph, router: &router, functions: &functions };
            let prepared = session.prepare(work, &plan, Fake::No, false).unwrap();
            session.run(work, &prepared, How::default(), &AtomicBool::new(false), &mut |_| ()).await.unwrap();
            session.release().await.unwrap();
            let mut connection = backend.connect().await.unwrap();
            let sql = "SELECT group_concat(shout, ' ') FROM shop_person";
            let mut rows =
                connection.query(crate::backends::base::Statement { sql, params: &[] }).await.unwrap();
            rows[0].take::<String>(0).unwrap()
        });
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(shouts, "ANN BOB EVE");
    }
}
