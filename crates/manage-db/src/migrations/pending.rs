//! What databases lack, asked through their pools.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::error::Result;
use super::graph::Graph;
use super::loader::load;
use super::migration::Key;
use super::recorder::History;
use super::release::waiting;
use crate::connections::{Connections, Database};
use crate::files::Files;
use crate::homes::Homes;
use crate::router::Router;

/// What databases lack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Migrations by app and name, each once for every database that lacks it.
    pub migrations: Vec<String>,
    /// Whether nothing was ever applied anywhere.
    pub is_new: bool,
}

/// The migrations that some database has not applied. Copies are not asked, and a database of several aliases once.
///
/// # Errors
/// When a database is away.
pub async fn pending(connections: &Connections, graph: &Graph, router: &Router) -> Result<Pending> {
    let homes = Homes::ask(connections, &[]).await?;
    of_homes(connections, graph, router, &homes).await
}

async fn of_homes(
    connections: &Connections,
    graph: &Graph,
    router: &Router,
    homes: &Homes,
) -> Result<Pending> {
    let router = homes.router(router);
    let mut pending = Pending { migrations: Vec::new(), is_new: true };
    for alias in homes.chosen() {
        let history = history(connections.database(alias)?).await?;
        let graph = history.graph(alias, graph)?;
        let applied = history.keys_in(&graph);
        pending.is_new &= applied.is_empty();
        let lives = |app: &str| router.allow_migrate(alias, app);
        let missing = graph.migrations().filter(|migration| lives(&migration.key.app));
        let waiting = waiting(&graph, &applied).keys;
        let is_missing = |key: &Key| !applied.contains(key) && !waiting.contains(key);
        let missing = missing.filter(|migration| is_missing(&migration.key));
        pending.migrations.extend(missing.map(|migration| migration.key.to_string()));
    }
    Ok(pending)
}

/// What a database remembers; asked once more when the connection that was kept had been closed meanwhile.
async fn history(database: &Database) -> crate::Result<History> {
    let backend = database.backend();
    match History::read(backend, &mut *database.reader().await?).await {
        Err(error) if error.is_connection_lost() => {
            database.forget_idle();
            History::read(backend, &mut *database.reader().await?).await
        }
        answer => answer,
    }
}

/// How long it is remembered that nothing is missing: a migration may be undone, a database brought back from a copy.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Answers again and again whether a running site's databases have their migrations: the files are read once, and that
/// nothing is missing is remembered for some seconds.
#[derive(Default)]
pub struct Watcher {
    /// One look at a time: anybody may ask.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    graph: Option<Graph>,
    homes: Option<Homes>,
    /// When it was seen that nothing is missing.
    complete: Option<Instant>,
}

impl Watcher {
    /// How many migrations are missing.
    ///
    /// # Errors
    /// When the files are broken or a database is away.
    pub async fn missing(
        &self,
        files: &(dyn Files + Sync),
        apps: &[String],
        connections: &Connections,
        router: &Router,
    ) -> Result<usize> {
        let mut known = self.known.lock().await;
        if known.complete.is_some_and(|seen| seen.elapsed() < REMEMBERED) {
            return Ok(0);
        }
        if known.graph.is_none() {
            known.graph = Some(load(files, apps, &connections.dialects())?);
        }
        if known.homes.is_none() {
            known.homes = Some(Homes::ask(connections, &[]).await?);
        }
        let Known { graph: Some(graph), homes: Some(homes), .. } = &*known else { return Ok(0) };
        let missing = of_homes(connections, graph, router, homes).await?.migrations.len();
        known.complete = (missing == 0).then(Instant::now);
        Ok(missing)
    }
}
