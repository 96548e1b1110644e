//! Which migrations a run applies or undoes on one database, and in which order databases come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Error, Result};
use super::graph::Graph;
use super::migration::{Key, Migration};
use super::program::Program;
use super::release::waiting;
use super::reversal::{self, Gone};
use crate::router::Router;

/// What a run shall come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything is applied.
    All,
    /// All migrations of an app are applied.
    App(String),
    /// This migration is the last of its app that is applied.
    Migration(Key),
    /// No migration of an app is applied.
    Zero(String),
    /// These are applied, and what they depend on.
    These(BTreeSet<Key>),
}

impl Target {
    /// The target that a label of an app and a migration's name, a prefix of it, or `zero` stand for.
    ///
    /// # Errors
    /// [`Error::NoMigrations`], and as [`Graph::find`].
    pub fn named(graph: &Graph, app: Option<&str>, migration: Option<&str>) -> Result<Self> {
        let Some(app) = app else { return Ok(Self::All) };
        graph.check_app(app)?;
        if graph.of_app(app).next().is_none() {
            return Err(Error::NoMigrations { app: app.to_owned() });
        }
        Ok(match migration {
            None => Self::App(app.to_owned()),
            Some("zero") => Self::Zero(app.to_owned()),
            Some(name) => Self::Migration(graph.find(app, name)?.key.clone()),
        })
    }

    /// The app that it names.
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::All | Self::These(_) => None,
            Self::App(app) | Self::Zero(app) => Some(app),
            Self::Migration(key) => Some(&key.app),
        }
    }
}

/// What a run does on one database.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The migrations in the order in which they run.
    pub migrations: Vec<Arc<Migration>>,
    /// Whether they are undone.
    pub is_backwards: bool,
    /// Those of them that are squashes all of whose migrations are applied: they get their row, and nothing runs.
    pub(super) complete: BTreeSet<Key>,
    /// Those that are left for a later run: no program of before may run any more.
    pub held: BTreeSet<Key>,
    /// What undoes those of them that have no file here.
    pub(super) kept: BTreeMap<Key, Option<Arc<Program>>>,
}

/// The database that a plan is for.
#[derive(Debug, Clone, Copy)]
pub struct PlanSite<'a> {
    /// Its alias.
    pub alias: &'a str,
    /// What is applied on it.
    pub applied: &'a BTreeSet<Key>,
    /// Those of it that are squashes without a row.
    pub unrecorded: &'a BTreeSet<Key>,
    /// What is applied on any database of the run and has no file here, the last applied first.
    pub gone: &'a [Gone],
    /// Whether the target is applied on all the databases where its app lives; asked where it does not.
    pub is_behind_elsewhere: bool,
}

impl Plan {
    /// What gets a database to `target`.
    ///
    /// # Errors
    /// [`Error::Irreversible`] when something would have to be undone that cannot be, unless that `is_faked`.
    pub fn new(
        graph: &Graph,
        router: &Router,
        site: PlanSite<'_>,
        target: &Target,
        is_faked: bool,
    ) -> Result<Self> {
        let PlanSite { alias, applied, unrecorded, .. } = site;
        let is_here = |migration: &&Arc<Migration>| router.allow_migrate(alias, &migration.key.app);
        if let Some(victims) = victims(graph, router, site, target) {
            return Self::back(graph, site, target, &victims, is_here, is_faked);
        }
        let wanted: BTreeSet<Key> = match target {
            Target::All | Target::Zero(_) => {
                graph.migrations().map(|migration| migration.key.clone()).collect()
            }
            Target::App(app) => graph.with_ancestors(graph.leaves(app).iter().map(|leaf| &leaf.key)),
            Target::Migration(key) => graph.with_ancestors([key]),
            Target::These(keys) => graph.with_ancestors(keys),
        };
        let missing = |migration: &&Arc<Migration>| {
            let key = &migration.key;
            wanted.contains(key) && (!applied.contains(key) || unrecorded.contains(key))
        };
        let migrations = graph.migrations().filter(is_here).filter(missing).cloned().collect();
        Ok(Self { migrations, complete: unrecorded.clone(), ..Self::default() })
    }

    /// Without what waits until no program of before runs any more.
    ///
    /// # Errors
    /// [`Error::Waits`] when something depends on that which the programs of now need.
    pub(super) fn without_waiting(mut self, graph: &Graph, site: PlanSite<'_>) -> Result<Self> {
        if self.is_backwards {
            return Ok(self);
        }
        let waiting = waiting(graph, site.applied);
        let is_planned = |key: &Key| self.migrations.iter().any(|migration| migration.key == *key);
        if let Some((migration, parent)) = waiting.blocked.filter(|(key, _)| is_planned(key)) {
            let alias = site.alias.to_owned();
            return Err(Error::Waits { alias, migration: migration.to_string(), parent: parent.to_string() });
        }
        let (held, rest) =
            self.migrations.into_iter().partition(|migration| waiting.keys.contains(&migration.key));
        let held: Vec<Arc<Migration>> = held;
        self.held = held.into_iter().map(|migration| migration.key.clone()).collect();
        self.migrations = rest;
        Ok(self)
    }

    /// With the squashes that are complete once the rest of the plan has run.
    #[must_use]
    pub(super) fn with_finished(mut self, graph: &Graph, applied: &BTreeSet<Key>) -> Self {
        if self.is_backwards {
            return self;
        }
        let mut then = applied.clone();
        then.extend(self.migrations.iter().map(|migration| migration.key.clone()));
        for key in graph.completed(then.clone()).difference(&then) {
            if let Some(squash) = graph.get(key) {
                self.migrations.push(Arc::clone(squash));
                self.complete.insert(key.clone());
            }
        }
        self
    }

    /// What undoes `victims` and what depends on them, those without a file first.
    fn back(
        graph: &Graph,
        site: PlanSite<'_>,
        target: &Target,
        victims: &BTreeSet<Key>,
        is_here: impl Fn(&&Arc<Migration>) -> bool,
        is_faked: bool,
    ) -> Result<Self> {
        let number = match target {
            Target::Migration(key) => graph.get(key).map(|migration| migration.number),
            _ => None,
        };
        let mut gone = reversal::victims(site.gone, target.app().unwrap_or_default(), number, victims);
        gone.retain(|one| one.alias == site.alias);
        let is_victim = |key: &Key| victims.contains(key) && site.applied.contains(key);
        let migrations = graph.migrations().rev().filter(|migration| is_victim(&migration.key));
        let migrations: Vec<_> = migrations.filter(is_here).cloned().collect();
        if !is_faked {
            check_reversible(&migrations)?;
            if let Some(one) = gone.iter().find(|one| one.program.is_none()) {
                let (alias, migration) = (site.alias.to_owned(), one.migration.key.to_string());
                return Err(Error::NothingKept { alias, migration });
            }
        }
        let kept = gone.iter().map(|one| (one.migration.key.clone(), one.program.clone())).collect();
        let mut all: Vec<_> = gone.iter().map(|one| Arc::clone(&one.migration)).collect();
        all.extend(migrations);
        Ok(Self { migrations: all, is_backwards: true, kept, ..Self::default() })
    }
}

/// What has to be undone, if the target lies behind.
fn victims(graph: &Graph, router: &Router, site: PlanSite<'_>, target: &Target) -> Option<BTreeSet<Key>> {
    match target {
        Target::All | Target::App(_) | Target::These(_) => None,
        Target::Zero(app) => Some(graph.with_descendants(graph.of_app(app).map(|migration| &migration.key))),
        Target::Migration(key) => {
            let holds = router.allow_migrate(site.alias, &key.app);
            let is_behind = if holds { site.applied.contains(key) } else { site.is_behind_elsewhere };
            let victims = graph.with_descendants(graph.next_in_app(key));
            // A squash that has no row yet gets it, unless something behind it has to be undone.
            let is_to_be_recorded =
                site.unrecorded.contains(key) && !victims.iter().any(|victim| site.applied.contains(victim));
            (is_behind && !is_to_be_recorded).then_some(victims)
        }
    }
}

fn check_reversible(migrations: &[Arc<Migration>]) -> Result<()> {
    for migration in migrations {
        if let Some(located) = migration.irreversible() {
            return Err(Error::Irreversible {
                place: migration.place(located.line).to_string(),
                migration: migration.key.to_string(),
                operation: located.operation.change().describe(),
            });
        }
    }
    Ok(())
}

/// For each database those whose migrations its own depend on.
pub(super) fn needs<'a>(
    graph: &Graph,
    router: &Router,
    aliases: &[&'a str],
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut needs = BTreeMap::<&str, BTreeSet<&str>>::new();
    let homes = |app: &str| -> BTreeSet<&'a str> {
        aliases.iter().copied().filter(|alias| router.allow_migrate(alias, app)).collect()
    };
    for migration in graph.migrations() {
        for parent in graph.parents(&migration.key) {
            let parents = homes(&parent.key.app);
            // A database that holds the parent itself waits for no other copy of it.
            for child in homes(&migration.key.app).into_iter().filter(|child| !parents.contains(child)) {
                needs.entry(child).or_default().extend(&parents);
            }
        }
    }
    needs
}

/// The databases in the order in which a run applies: those that others' apps depend on come first.
///
/// Where two databases depend on each other the one of the earlier migration comes first.
pub(super) fn database_order<'a>(
    needs: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    aliases: &[&'a str],
) -> Vec<&'a str> {
    let mut waiting: Vec<&str> = aliases.to_vec();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_free = |alias: &&str| {
            let parents = needs.get(*alias);
            parents.is_none_or(|parents| !parents.iter().any(|parent| waiting.contains(parent)))
        };
        let next = waiting.iter().position(is_free).unwrap_or_default();
        order.push(waiting.remove(next));
    }
    order
}
