//! What a run over some databases has to do with the others.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Error, Result};
use super::events::Event;
use super::graph::Graph;
use super::migration::Key;
use super::plan::Target;
use super::session::Session;
use super::work::Work;
use crate::connections::Connections;
use crate::router::Router;

/// Aliases of all databases that a target may have to do with, when it is asked for on those that are `named`.
pub(super) fn reached(graph: &Graph, router: &Router, target: &Target, named: &[String]) -> Vec<String> {
    let is_named = |app: &str| named.iter().any(|alias| router.allow_migrate(alias, app));
    let keys: BTreeSet<Key> = match target {
        Target::All => with_parents(graph, router, named),
        Target::App(app) => graph.with_ancestors(graph.of_app(app).map(|migration| &migration.key)),
        Target::Zero(app) => graph.with_descendants(graph.of_app(app).map(|migration| &migration.key)),
        Target::These(keys) => graph.with_ancestors(keys),
        Target::Migration(key) => {
            let mut keys = graph.with_ancestors([key]);
            keys.extend(graph.with_descendants(graph.next_in_app(key)));
            keys
        }
    };
    let mut aliases = named.to_vec();
    for key in keys.iter().filter(|key| !is_named(&key.app)) {
        for alias in router.aliases(&key.app).filter(|alias| !named.iter().any(|one| one == alias)) {
            if !aliases.iter().any(|one| one == alias) {
                aliases.push(alias.to_owned());
            }
        }
    }
    aliases
}

/// The migrations that live on one of `aliases`, and all that they depend on.
pub(super) fn with_parents(graph: &Graph, router: &Router, aliases: &[String]) -> BTreeSet<Key> {
    let lives = |app: &str| aliases.iter().any(|alias| router.allow_migrate(alias, app));
    let keys = graph.migrations().map(|migration| &migration.key).filter(|key| lives(&key.app));
    graph.with_ancestors(keys.collect::<Vec<_>>())
}

/// Two migrations on two databases, of which only one is chosen.
struct Bond {
    /// The database that is not.
    alias: String,
    parent: Key,
    child: Key,
}

/// What another database remembers.
struct Known {
    applied: BTreeSet<Key>,
    /// Applied, or half done.
    begun: BTreeSet<Key>,
}

/// Looks whether what a run would do on the chosen databases can stand beside what the others hold.
///
/// # Errors
/// [`Error::PendingElsewhere`] when something would be applied before what it depends on, [`Error::NeededElsewhere`] when
/// something would be undone before what depends on it. Of a database that is away nobody knows.
pub(super) async fn check(
    connections: &Connections,
    work: Work<'_>,
    chosen: &[&str],
    plans: &[(bool, BTreeSet<Key>)],
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<()> {
    let mut histories: BTreeMap<String, Option<Known>> = BTreeMap::new();
    for (is_backwards, keys) in plans {
        for bond in bonds(work, chosen, *is_backwards, keys) {
            let Bond { alias, parent, child } = &bond;
            if !histories.contains_key(alias) {
                let session = Session::open(connections.backend(alias)?).await;
                if let Err(error) = &session {
                    tell(Event::Unasked { alias, parent, child, is_backwards: *is_backwards, error });
                }
                let history = session.ok().map(|session| Known {
                    applied: session.history.keys_in(work.graph),
                    begun: begun(work.graph, &session),
                });
                histories.insert(alias.clone(), history);
            }
            let Some(Known { applied, begun }) = &histories[alias] else { continue };
            let (child, parent, alias) = (child.to_string(), parent.to_string(), alias.clone());
            if *is_backwards && begun.contains(&bond.child) {
                return Err(Error::NeededElsewhere { child, parent, alias });
            }
            if !is_backwards && !applied.contains(&bond.parent) {
                return Err(Error::PendingElsewhere { child, parent, alias });
            }
        }
    }
    Ok(())
}

/// What is applied on a database, or half done.
fn begun(graph: &Graph, session: &Session) -> BTreeSet<Key> {
    let mut keys = session.history.keys_in(graph);
    let half_done: BTreeSet<i64> = session.history.journal.keys().map(|key| key.version).collect();
    if !half_done.is_empty() {
        let begun = graph.migrations().filter(|migration| half_done.contains(&migration.version()));
        keys.extend(begun.map(|migration| migration.key.clone()));
    }
    keys
}

/// What those migrations have to do with databases that are not chosen.
fn bonds(work: Work<'_>, chosen: &[&str], is_backwards: bool, keys: &BTreeSet<Key>) -> Vec<Bond> {
    let (graph, router) = (work.graph, work.router);
    let is_chosen = |alias: &str| chosen.contains(&alias);
    let mut bonds = Vec::new();
    for child in graph.migrations() {
        for parent in graph.parents(&child.key) {
            let (here, there) = if is_backwards { (parent, child) } else { (child, parent) };
            let homes: Vec<&str> = router.aliases(&there.key.app).collect();
            let is_near = !is_backwards && homes.iter().any(|alias| is_chosen(alias));
            if keys.contains(&here.key) && !is_near {
                let others = homes.into_iter().filter(|alias| !is_chosen(alias));
                // A database with an app of its own kind goes its own way.
                let others = others.filter(|alias| !router.allow_migrate(alias, &here.key.app));
                bonds.extend(others.map(|alias| Bond {
                    alias: alias.to_owned(),
                    parent: parent.key.clone(),
                    child: child.key.clone(),
                }));
            }
        }
    }
    bonds
}
