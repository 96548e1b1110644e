//! Several databases at once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::error::{Error, Result};
use super::events::{Event, Site};
use super::session::Session;
use super::work::{How, Work};

/// The work on one database.
pub(super) struct Job<'a> {
    /// The database, locked.
    pub session: &'a mut Session,
    /// What is to be done on it.
    pub site: Site<'a>,
    /// Aliases of those that it has to do with: not before they are done, where they come first.
    pub related: BTreeSet<String>,
}

/// Does all of it, at most `most` at once and in this order where they have to do with each other. When one fails, those that
/// are running finish their migration and stop.
///
/// # Errors
/// The first of them; others are told.
pub(super) async fn run_all(
    jobs: Vec<Job<'_>>,
    most: usize,
    work: Work<'_>,
    how: How,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<()> {
    let (tell, stop) = (Mutex::new(tell), AtomicBool::new(false));
    let mut waiting: Vec<Job<'_>> = jobs;
    let mut open: Vec<String> = waiting.iter().map(|job| job.site.alias.to_owned()).collect();
    let mut running = FuturesUnordered::new();
    let mut failed: Option<Error> = None;
    loop {
        while running.len() < most.max(1) && !stop.load(Ordering::Relaxed) {
            let Some(next) = waiting.iter().position(|job| is_free(job, &open)) else { break };
            let job = waiting.remove(next);
            running.push(one(job, work, how, &stop, &tell));
        }
        let Some((alias, done)) = running.next().await else { break };
        open.retain(|other| *other != alias);
        if let Err(error) = done {
            stop.store(true, Ordering::Relaxed);
            match failed {
                None => failed = Some(error),
                Some(_) => say(&tell, Event::AlsoFailed { alias: &alias, error: &error }),
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Whether nothing that comes before it and is still open has to do with it.
fn is_free(job: &Job<'_>, open: &[String]) -> bool {
    let before = open.iter().take_while(|alias| *alias != job.site.alias);
    !before.into_iter().any(|alias| job.related.contains(alias))
}

/// Whoever is told, by one database at a time.
type Tell<'a> = Mutex<&'a mut (dyn FnMut(Event<'_>) + Send)>;

fn say(tell: &Tell<'_>, event: Event<'_>) {
    (tell.lock().unwrap_or_else(PoisonError::into_inner))(event);
}

async fn one<'a>(
    job: Job<'a>,
    work: Work<'_>,
    how: How,
    stop: &AtomicBool,
    tell: &Tell<'_>,
) -> (String, Result<()>) {
    let Job { session, site, .. } = job;
    let mut tell = |event: Event<'_>| say(tell, event);
    let (alias, prepared) = (site.alias.to_owned(), site.prepared);
    tell(Event::Database(site));
    let done = session.run(work, prepared, how, stop, &mut tell).await;
    // Whatever happened, the next run shall not have to wait until the server notices that this one is gone.
    let released = session.release().await;
    tell(Event::Left { alias: &alias });
    (alias, done.and(released))
}
