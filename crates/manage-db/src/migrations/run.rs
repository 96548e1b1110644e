//! One run over the databases of a project: what `migrate`, tests and a site that starts have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::arrival;
use super::elsewhere::{self, reached, with_parents};
use super::error::{Error, Result};
use super::events::{Event, Site};
use super::foreign::tables_of_others;
use super::jobs::{Job, run_all};
use super::lint::Finding;
use super::linter::{refused_steps, refused_steps_now};
use super::migration::Key;
use super::plan::{Plan, PlanSite, Target, database_order, needs};
use super::prepare::Prepared;
use super::reversal::Gone;
use super::session::{Session, verify};
use super::work::{Fake, Frame, How, Work};
use crate::connections::Connections;
use crate::homes::Homes;

/// What a run is asked for.
pub struct Request<'a> {
    /// The project's databases.
    pub connections: &'a Connections,
    /// Migrations, routes and functions.
    pub work: Work<'a>,
    /// What the run shall come to.
    pub target: Target,
    /// Only these databases; an empty list is all but copies.
    pub aliases: Vec<String>,
    /// Also what these databases have to do with on others.
    pub with_dependencies: bool,
    /// How far it goes.
    pub mode: Mode,
    /// Goes on where applied migrations have no file.
    pub allow_missing: bool,
    /// How many databases at once.
    pub jobs: usize,
    /// How long it waits for a database that does not answer yet, and for another run. None: not at all, and as long as
    /// the settings say.
    pub wait: Option<Duration>,
    /// Also what waits until no program of before runs any more.
    pub contract: bool,
    /// Runs what is unsafe on large tables as well.
    pub allow_unsafe: bool,
    /// What was agreed to, for each database; none: whatever there is to be done.
    pub agreed: Option<Agreed>,
}

/// The migrations that would run on each database.
pub type Agreed = Vec<(String, Vec<Key>)>;

impl<'a> Request<'a> {
    /// A run that applies everything on all databases, one after the other.
    pub fn new(connections: &'a Connections, work: Work<'a>) -> Self {
        Self {
            connections,
            work,
            target: Target::All,
            aliases: Vec::new(),
            with_dependencies: false,
            mode: Mode::Apply(How::default()),
            allow_missing: false,
            jobs: 1,
            wait: None,
            contract: false,
            allow_unsafe: false,
            agreed: None,
        }
    }
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Migrations are applied or undone.
    Apply(How),
    /// It is only said what would be done. No lock is taken and nothing is touched.
    Plan(Fake),
}

/// Brings databases to a target and gives the number of migrations that were run, or would be. Every database is
/// compiled before the first statement runs on any.
///
/// A database of several aliases is locked and migrated once, with what is routed to any of them.
///
/// # Errors
/// [`Error::NotHere`] when the target's app lives on none of the databases, [`Error::Locked`] when somebody else migrates
/// for too long, and all that may go wrong with files, histories, statements and databases.
pub async fn run(request: &Request<'_>, tell: &mut (impl FnMut(Event<'_>) + Send)) -> Result<usize> {
    let connections = request.connections;
    let mut aliases = request.aliases.clone();
    let (graph, router) = (request.work.graph, request.work.router);
    match request.target.app() {
        // An app has nothing to do with databases that hold neither it nor what it depends on, or what depends on it.
        Some(app) if aliases.is_empty() => {
            let homes: Vec<String> = router.aliases(app).map(str::to_owned).collect();
            aliases = reached(graph, router, &request.target, &homes);
        }
        _ if request.with_dependencies && !aliases.is_empty() => {
            aliases = reached(graph, router, &request.target, &aliases);
        }
        _ => {}
    }
    if let Some(limit) = request.wait {
        let named: Vec<&str> = aliases.iter().map(String::as_str).collect();
        let waited_for = if named.is_empty() { connections.primaries() } else { named };
        arrival::wait(connections, &waited_for, limit, tell).await?;
    }
    let homes = match request.mode {
        // Those that are away are told of at the end; the others are looked at.
        Mode::Plan(_) => Homes::look_at(connections, &aliases).await?,
        Mode::Apply(_) => Homes::ask(connections, &aliases).await?,
    };
    for (alias, as_alias) in homes.doubles() {
        tell(Event::Same { alias, as_alias });
    }
    let router = homes.router(request.work.router);
    let named = request.aliases.iter().map(|alias| homes.of(alias).to_owned()).collect();
    let run = Run { request, work: Work { router: &router, ..request.work }, homes: &homes, named };
    run.check_target()?;
    match request.mode {
        Mode::Plan(fake) => run.look(fake, tell).await,
        Mode::Apply(how) => run.migrate(how, tell).await,
    }
}

struct Run<'a> {
    request: &'a Request<'a>,
    /// With routes over databases instead of aliases.
    work: Work<'a>,
    homes: &'a Homes,
    /// The databases that were asked for; none: all.
    named: Vec<String>,
}

/// What is to be done on one of several databases.
struct Planned {
    /// Which.
    number: usize,
    alias: String,
    plan: Plan,
    prepared: Prepared,
    /// What a run would refuse, where it is only said what would be done.
    refused: Vec<Finding>,
}

impl Planned {
    fn keys(&self) -> Vec<Key> {
        self.plan.migrations.iter().map(|migration| migration.key.clone()).collect()
    }
}

impl Run<'_> {
    fn check_target(&self) -> Result<()> {
        let Some(app) = self.request.target.app() else { return Ok(()) };
        let aliases = self.homes.chosen();
        let is_named = |alias: &&String| self.named.is_empty() || self.named.contains(alias);
        if aliases.iter().filter(is_named).any(|alias| self.work.router.allow_migrate(alias, app)) {
            return Ok(());
        }
        let homes = self.work.router.aliases(app).map(str::to_owned).collect();
        Err(Error::NotHere { app: app.to_owned(), aliases: aliases.to_vec(), homes })
    }

    async fn look(&self, fake: Fake, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<usize> {
        let (mut sessions, mut away) = (Vec::new(), None);
        for alias in self.homes.chosen() {
            match Session::open(self.request.connections.backend(alias)?).await {
                Ok(mut session) => {
                    self.read_gone(&mut session).await?;
                    sessions.push(session);
                }
                Err(Error::Database(error @ crate::Error::Connect { .. })) => {
                    tell(Event::Away { alias, error: &error });
                    away.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        let mut plans = self.plans(&sessions, fake)?;
        self.check_elsewhere(&aliases(&sessions), &plans, tell).await?;
        if !self.request.allow_unsafe && fake != Fake::Yes {
            for planned in &mut plans {
                let session = &mut sessions[planned.number];
                planned.refused = refused_steps_now(session, self.work.graph, &planned.prepared).await?;
            }
        }
        sessions.iter().for_each(|session| self.tell_unexplained(session, tell));
        tell_held(&plans, tell);
        let sites = (0..plans.len()).map(|position| self.site(&sessions, &plans, position));
        sites.for_each(|site| tell(Event::Database(site)));
        away.map_or_else(|| Ok(number_of_migrations(&plans)), |error| Err(error.into()))
    }

    async fn migrate(&self, how: How, tell: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<usize> {
        let mut sessions = Vec::new();
        let answer = match self.lock_all(&mut sessions, tell).await {
            Ok(()) => self.migrate_all(&mut sessions, how, tell).await,
            Err(error) => Err(error),
        };
        // Whatever happened, the next run shall not have to wait until the server notices that this one is gone.
        let mut released = Ok(());
        for session in &mut sessions {
            released = released.and(session.release().await);
        }
        let number = answer?;
        released.map(|()| number)
    }

    /// Locks every database, one after the other, in the order in which everybody does.
    async fn lock_all(
        &self,
        sessions: &mut Vec<Session>,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<()> {
        for alias in self.homes.chosen() {
            let backend = self.request.connections.backend(alias)?;
            let mut waiting = |holder: Option<&str>, limit| tell(Event::Waiting { alias, holder, limit });
            sessions.push(Session::open_locked(backend, self.request.wait, &mut waiting).await?);
        }
        for session in sessions {
            self.read_gone(session).await?;
        }
        tell(Event::Locked);
        Ok(())
    }

    /// What has no file here is of interest where something may be undone.
    async fn read_gone(&self, session: &mut Session) -> Result<()> {
        match self.request.target {
            Target::Zero(_) | Target::Migration(_) => session.read_gone(self.work.graph).await,
            _ => Ok(()),
        }
    }

    async fn migrate_all(
        &self,
        sessions: &mut [Session],
        how: How,
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<usize> {
        let plans = self.plans(sessions, how.fake)?;
        self.check_elsewhere(&aliases(sessions), &plans, tell).await?;
        self.check_agreed(&plans)?;
        for planned in &plans {
            planned.prepared.check_frame(&sessions[planned.number], how.frame)?;
        }
        if !self.request.allow_unsafe && how.fake != Fake::Yes {
            self.check_safe(sessions, &plans, tell).await?;
        }
        tell_held(&plans, tell);
        for session in sessions.iter() {
            self.tell_left_behind(session, tell);
            self.tell_unexplained(session, tell);
        }
        let sites: Vec<Site<'_>> =
            (0..plans.len()).map(|position| self.site(sessions, &plans, position)).collect();
        let aliases: Vec<&str> = plans.iter().map(|planned| planned.alias.as_str()).collect();
        let needs = needs(self.work.graph, self.work.router, &aliases);
        let mut by_number: Vec<Option<&mut Session>> = sessions.iter_mut().map(Some).collect();
        let mut jobs = Vec::with_capacity(sites.len());
        for (planned, site) in plans.iter().zip(sites) {
            let Some(session) = by_number[planned.number].take() else { continue };
            let alias = planned.alias.as_str();
            let needed = needs.get(alias).into_iter().flatten().copied();
            let needing = needs.iter().filter(|(_, needed)| needed.contains(alias)).map(|(child, _)| *child);
            let related = needed.chain(needing).map(str::to_owned).collect();
            jobs.push(Job { session, site, related });
        }
        run_all(jobs, self.request.jobs, self.work, how, tell).await?;
        Ok(number_of_migrations(&plans))
    }

    /// What is to be done on which of `sessions`, in the order of the run, compiled.
    fn plans(&self, sessions: &[Session], fake: Fake) -> Result<Vec<Planned>> {
        let (work, target) = (self.work, &self.request.target);
        verify(work.graph, sessions, self.request.allow_missing)?;
        let is_behind_elsewhere = match target {
            Target::Migration(key) => sessions
                .iter()
                .filter(|session| work.router.allow_migrate(session.alias(), &key.app))
                .all(|session| session.history.keys_in(work.graph).contains(key)),
            _ => false,
        };
        let is_kept = matches!(self.request.mode, Mode::Apply(how) if how.frame != Frame::DryRun);
        let gone: Vec<Gone> = sessions.iter().flat_map(Session::gone).cloned().collect();
        let needed = Target::These(with_parents(work.graph, work.router, &self.named));
        let mut plans = Vec::new();
        for (number, session) in sessions.iter().enumerate() {
            let alias = session.alias();
            let is_named = self.named.is_empty() || self.named.iter().any(|named| named == alias);
            let target = if *target == Target::All && !is_named { &needed } else { target };
            let graph = session.graph(work.graph)?;
            let work = Work { graph: &graph, ..work };
            let (applied, unrecorded) = (session.history.keys_in(&graph), session.history.unrecorded(&graph));
            let (applied, unrecorded) = (&applied, &unrecorded);
            let site = PlanSite { alias, applied, unrecorded, gone: &gone, is_behind_elsewhere };
            let plan = Plan::new(&graph, work.router, site, target, fake == Fake::Yes)?;
            let is_asked_for = self.request.contract || matches!(target, Target::Migration(_));
            let plan = if is_asked_for { plan } else { plan.without_waiting(&graph, site)? };
            let plan = plan.with_finished(self.work.graph, applied);
            let unfinished = session.unfinished(&graph, &plan);
            if !unfinished.is_empty() {
                return Err(Error::History(unfinished));
            }
            if self.is_concerned(session, &plan) {
                let prepared = session.prepare(work, &plan, fake, is_kept)?;
                plans.push(Planned { number, alias: alias.to_owned(), plan, prepared, refused: Vec::new() });
            }
        }
        let aliases: Vec<&str> = sessions.iter().map(Session::alias).collect();
        let order = database_order(&needs(work.graph, work.router, &aliases), &aliases);
        plans.sort_by_key(|planned| order.iter().position(|alias| *alias == planned.alias));
        // Dependants are undone before what they depend on.
        if plans.iter().any(|planned| planned.plan.is_backwards) {
            plans.reverse();
        }
        Ok(plans)
    }

    async fn check_elsewhere(
        &self,
        chosen: &[String],
        plans: &[Planned],
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<()> {
        if self.request.aliases.is_empty() {
            return Ok(());
        }
        let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
        let plans: Vec<(bool, BTreeSet<Key>)> = plans
            .iter()
            .map(|planned| (planned.plan.is_backwards, planned.keys().into_iter().collect()))
            .collect();
        elsewhere::check(self.request.connections, self.work, &chosen, &plans, tell).await
    }

    /// Refuses what is unsafe on large tables, before anything runs on any database.
    async fn check_safe(
        &self,
        sessions: &mut [Session],
        plans: &[Planned],
        tell: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<()> {
        let mut refused = Vec::new();
        for planned in plans {
            let session = &mut sessions[planned.number];
            refused.extend(refused_steps(session, self.work.graph, &planned.prepared, tell).await?);
        }
        if refused.is_empty() { Ok(()) } else { Err(Error::Unsafe(refused)) }
    }

    /// What another run changed meanwhile was not agreed to.
    fn check_agreed(&self, plans: &[Planned]) -> Result<()> {
        let Some(agreed) = &self.request.agreed else { return Ok(()) };
        for planned in plans.iter().filter(|planned| !planned.plan.migrations.is_empty()) {
            if !agreed.contains(&(planned.alias.clone(), planned.keys())) {
                return Err(Error::ChangedMeanwhile { alias: planned.alias.clone() });
            }
        }
        Ok(())
    }

    /// Says what is applied and no file of this release explains.
    fn tell_unexplained(&self, session: &Session, tell: &mut (dyn FnMut(Event<'_>) + Send)) {
        let (graph, alias) = (self.work.graph, session.alias());
        let newer: Vec<String> = session.history.newer(graph).iter().map(ToString::to_string).collect();
        if !newer.is_empty() {
            tell(Event::Newer { migrations: &newer, alias });
        }
        if session.history.applied.is_empty() {
            for table in tables_of_others(&session.history.tables) {
                tell(Event::Foreign { table, alias });
            }
        }
        for (app, number) in session.history.strangers(graph) {
            tell(Event::Stranger { app, number, alias });
        }
    }

    /// A database where the named app neither lives nor has anything to do with the run is left out.
    fn is_concerned(&self, session: &Session, plan: &Plan) -> bool {
        let app = self.request.target.app();
        app.is_none_or(|app| self.work.router.allow_migrate(session.alias(), app))
            || !plan.migrations.is_empty()
    }

    /// Says which apps were moved to another database and left their tables here. Where one of their databases could not
    /// be asked, it may be this very one.
    fn tell_left_behind(&self, session: &Session, tell: &mut (dyn FnMut(Event<'_>) + Send)) {
        let mut apps: Vec<String> = session.history.keys().into_iter().map(|key| key.app).collect();
        apps.dedup();
        for app in apps.iter().filter(|app| self.work.graph.apps().contains(app)) {
            let homes: Vec<&str> = self.work.router.aliases(app).collect();
            let is_elsewhere = |home: &&str| *home != session.alias() && !self.homes.is_unknown(home);
            if homes.iter().all(is_elsewhere) {
                tell(Event::LeftBehind { app, homes, alias: session.alias() });
            }
        }
    }

    /// The database of the plan at `position`.
    fn site<'a>(&'a self, sessions: &[Session], plans: &'a [Planned], position: usize) -> Site<'a> {
        let Planned { number, alias, plan, prepared, refused } = &plans[position];
        let graph = self.work.graph;
        let mut apps: Vec<&str> = graph.apps().iter().map(String::as_str).collect();
        apps.retain(|app| graph.of_app(app).next().is_some() && self.work.router.allow_migrate(alias, app));
        apps.sort_unstable();
        let behind = plans[position + 1..].iter().filter(|planned| !planned.plan.migrations.is_empty());
        Site {
            alias,
            dialect: sessions[*number].backend().features().dialect,
            databases: sessions.len(),
            apps,
            plan,
            prepared,
            refused,
            waiting: behind.map(|planned| planned.alias.as_str()).collect(),
        }
    }
}

fn aliases(sessions: &[Session]) -> Vec<String> {
    sessions.iter().map(|session| session.alias().to_owned()).collect()
}

/// Says what waits until no program of before runs any more, and where.
fn tell_held(plans: &[Planned], tell: &mut (dyn FnMut(Event<'_>) + Send)) {
    let mut by_keys: BTreeMap<&BTreeSet<Key>, Vec<&str>> = BTreeMap::new();
    for planned in plans.iter().filter(|planned| !planned.plan.held.is_empty()) {
        by_keys.entry(&planned.plan.held).or_default().push(&planned.alias);
    }
    for (keys, aliases) in by_keys {
        let migrations: Vec<String> = keys.iter().map(ToString::to_string).collect();
        tell(Event::Held { migrations: &migrations, aliases: &aliases });
    }
}

fn number_of_migrations(plans: &[Planned]) -> usize {
    plans.iter().map(|planned| planned.plan.migrations.len()).sum()
}
