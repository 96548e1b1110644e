//! One run over the databases of a project: what `migrate`, tests and a site that starts have in common.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Error, Result};
use super::events::{Event, Site};
use super::executor::{Fake, Prepared, Session, Work, verify};
use super::migration::Key;
use super::plan::{Plan, PlanSite, Target, database_order};
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
    /// How far it goes.
    pub mode: Mode,
    /// Goes on where applied migrations have no file.
    pub allow_missing: bool,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Migrations are applied or undone.
    Apply(Fake),
    /// It is only said what would be done. No lock is taken and nothing is touched.
    Plan,
}

/// Brings databases to a target and gives the number of migrations that were run, or would be. Every database is
/// compiled before the first statement runs on any.
///
/// A database of several aliases is locked and migrated once, with what is routed to any of them.
///
/// # Errors
/// [`Error::NotHere`] when the target's app lives on none of the databases, [`Error::Locked`] when somebody else migrates
/// for too long, and all that may go wrong with files, histories, statements and databases.
pub async fn run(request: &Request<'_>, tell: &mut impl FnMut(Event<'_>)) -> Result<usize> {
    let homes = match request.mode {
        // Those that are away are told of at the end; the others are looked at.
        Mode::Plan => Homes::look_at(request.connections, &request.aliases).await?,
        Mode::Apply(_) => Homes::ask(request.connections, &request.aliases).await?,
    };
    for (alias, as_alias) in homes.doubles() {
        tell(Event::Same { alias, as_alias });
    }
    let router = homes.router(request.work.router);
    let run = Run { request, work: Work { router: &router, ..request.work }, homes: &homes };
    run.check_target()?;
    match request.mode {
        Mode::Plan => run.look(tell).await,
        Mode::Apply(fake) => run.migrate(fake, tell).await,
    }
}

struct Run<'a> {
    request: &'a Request<'a>,
    /// With routes over databases instead of aliases.
    work: Work<'a>,
    homes: &'a Homes,
}

impl Run<'_> {
    fn check_target(&self) -> Result<()> {
        let Some(app) = self.request.target.app() else { return Ok(()) };
        let aliases = self.homes.chosen();
        if aliases.iter().any(|alias| self.work.router.allow_migrate(alias, app)) {
            return Ok(());
        }
        let homes = self.work.router.aliases(app).map(str::to_owned).collect();
        Err(Error::NotHere { app: app.to_owned(), aliases: aliases.to_vec(), homes })
    }

    async fn look(&self, tell: &mut impl FnMut(Event<'_>)) -> Result<usize> {
        let (mut sessions, mut away) = (Vec::new(), None);
        for alias in self.homes.chosen() {
            match Session::open(self.request.connections.backend(alias)?).await {
                Ok(session) => sessions.push(session),
                Err(Error::Database(error @ crate::Error::Connect { .. })) => {
                    tell(Event::Away { alias, error: &error });
                    away.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        let plans = self.plans(&sessions)?;
        self.check_elsewhere(self.elsewhere(&sessions, &plans), tell).await?;
        sessions.iter().for_each(|session| self.tell_unexplained(session, tell));
        (0..plans.len()).for_each(|position| tell(Event::Database(self.site(&sessions, &plans, position))));
        away.map_or_else(|| Ok(number_of_migrations(&plans)), |error| Err(error.into()))
    }

    async fn migrate(&self, fake: Fake, tell: &mut impl FnMut(Event<'_>)) -> Result<usize> {
        let mut sessions = Vec::new();
        for alias in self.homes.chosen() {
            sessions.push(Session::open_locked(self.request.connections.backend(alias)?, tell).await?);
        }
        tell(Event::Locked);
        let answer = self.migrate_all(&mut sessions, fake, tell).await;
        // Whatever happened, the next run shall not have to wait until the server notices that this one is gone.
        let mut released = Ok(());
        for session in &mut sessions {
            released = released.and(session.release().await);
        }
        let number = answer?;
        released.map(|()| number)
    }

    async fn migrate_all(
        &self,
        sessions: &mut [Session],
        fake: Fake,
        tell: &mut impl FnMut(Event<'_>),
    ) -> Result<usize> {
        let plans = self.plans(sessions)?;
        let needed = self.elsewhere(sessions, &plans);
        self.check_elsewhere(needed, tell).await?;
        for session in sessions.iter() {
            self.tell_left_behind(session, tell);
            self.tell_unexplained(session, tell);
        }
        let prepared: Vec<Prepared> = plans
            .iter()
            .map(|(number, plan)| sessions[*number].prepare(self.work, plan, fake))
            .collect::<Result<_>>()?;
        for (position, (number, _)) in plans.iter().enumerate() {
            tell(Event::Database(self.site(sessions, &plans, position)));
            let session = &mut sessions[*number];
            session.run(self.work, &prepared[position], fake, tell).await?;
            session.release().await?;
        }
        Ok(number_of_migrations(&plans))
    }

    /// What is to be done on which of `sessions`, in the order of the run.
    fn plans(&self, sessions: &[Session]) -> Result<Vec<(usize, Plan)>> {
        let (work, target) = (self.work, &self.request.target);
        verify(work.graph, sessions, self.request.allow_missing)?;
        let is_faked = self.request.mode == Mode::Apply(Fake::Yes);
        let is_behind_elsewhere = match target {
            Target::Migration(key) => sessions
                .iter()
                .filter(|session| work.router.allow_migrate(session.alias(), &key.app))
                .all(|session| session.history.get(key).is_some()),
            _ => false,
        };
        let mut plans = Vec::new();
        for (number, session) in sessions.iter().enumerate() {
            let applied = session.history.keys();
            let site = PlanSite { alias: session.alias(), applied: &applied, is_behind_elsewhere };
            let plan = Plan::new(work.graph, work.router, site, target, is_faked)?;
            let unfinished = session.unfinished(work.graph, &plan);
            if !unfinished.is_empty() {
                return Err(Error::History(unfinished));
            }
            if self.is_concerned(session, &plan) {
                plans.push((number, plan));
            }
        }
        let aliases: Vec<&str> = sessions.iter().map(Session::alias).collect();
        let order = database_order(work.graph, work.router, &aliases);
        plans.sort_by_key(|(number, _)| order.iter().position(|alias| alias == aliases[*number]));
        // Dependants are undone before what they depend on.
        if plans.iter().any(|(_, plan)| plan.is_backwards) {
            plans.reverse();
        }
        Ok(plans)
    }

    /// What chosen databases depend on and others hold, where only some are chosen: the database, the migration and its
    /// dependant.
    fn elsewhere(&self, sessions: &[Session], plans: &[(usize, Plan)]) -> Vec<(String, Key, Key)> {
        let (graph, router) = (self.work.graph, self.work.router);
        if self.request.aliases.is_empty() {
            return Vec::new();
        }
        let is_chosen = |alias: &&str| sessions.iter().any(|session| session.alias() == *alias);
        let forwards = plans.iter().filter(|(_, plan)| !plan.is_backwards);
        let mut needed = Vec::new();
        for child in forwards.flat_map(|(_, plan)| &plan.migrations) {
            for parent in graph.parents(&child.key) {
                let homes: Vec<&str> = router.aliases(&parent.key.app).collect();
                if !homes.iter().any(is_chosen) {
                    let homes = homes.into_iter().map(str::to_owned);
                    needed.extend(homes.map(|alias| (alias, parent.key.clone(), child.key.clone())));
                }
            }
        }
        needed
    }

    /// All of it must be applied. Of a database that is away nobody knows.
    async fn check_elsewhere(
        &self,
        needed: Vec<(String, Key, Key)>,
        tell: &mut impl FnMut(Event<'_>),
    ) -> Result<()> {
        let mut histories: BTreeMap<String, Option<BTreeSet<Key>>> = BTreeMap::new();
        for (alias, parent, child) in needed {
            if !histories.contains_key(&alias) {
                let session = Session::open(self.request.connections.backend(&alias)?).await;
                if let Err(error) = &session {
                    tell(Event::Unasked { alias: &alias, parent: &parent, child: &child, error });
                }
                histories.insert(alias.clone(), session.ok().map(|session| session.history.keys()));
            }
            if histories[&alias].as_ref().is_some_and(|applied| !applied.contains(&parent)) {
                let (child, parent) = (child.to_string(), parent.to_string());
                return Err(Error::PendingElsewhere { child, parent, alias });
            }
        }
        Ok(())
    }

    /// Says what is applied and no file of this release explains.
    fn tell_unexplained(&self, session: &Session, tell: &mut impl FnMut(Event<'_>)) {
        let (graph, alias) = (self.work.graph, session.alias());
        let newer: Vec<String> = session.history.newer(graph).iter().map(ToString::to_string).collect();
        if !newer.is_empty() {
            tell(Event::Newer { migrations: &newer, alias });
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
    fn tell_left_behind(&self, session: &Session, tell: &mut impl FnMut(Event<'_>)) {
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
    fn site<'a>(&'a self, sessions: &'a [Session], plans: &'a [(usize, Plan)], position: usize) -> Site<'a> {
        let (number, plan) = &plans[position];
        let alias = sessions[*number].alias();
        let graph = self.work.graph;
        let mut apps: Vec<&str> = graph.apps().iter().map(String::as_str).collect();
        apps.retain(|app| graph.of_app(app).next().is_some() && self.work.router.allow_migrate(alias, app));
        apps.sort_unstable();
        let behind = plans[position + 1..].iter().filter(|(_, plan)| !plan.migrations.is_empty());
        Site {
            alias,
            dialect: sessions[*number].backend().features().dialect,
            databases: sessions.len(),
            apps,
            plan,
            waiting: behind.map(|(number, _)| sessions[*number].alias()).collect(),
        }
    }
}

fn number_of_migrations(plans: &[(usize, Plan)]) -> usize {
    plans.iter().map(|(_, plan)| plan.migrations.len()).sum()
}
