//! The requests that are being answered: how many, since when, and which of them holds its thread.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Method, Uri};
use serde::{Deserialize, Serialize};

use crate::http::RequestInfo;

/// Most requests that a report names.
const NAMED: usize = 5;

/// The requests of one worker.
#[derive(Default)]
pub(super) struct InFlight {
    requests: Mutex<BTreeMap<u64, Arc<Asked>>>,
    begun: AtomicU64,
}

/// One request while it is answered.
struct Asked {
    method: Method,
    uri: Uri,
    info: Arc<RequestInfo>,
    since: Instant,
    /// Its view runs at this moment, rather than waiting for something.
    is_running: AtomicBool,
}

/// What is told of a request that is being answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Busy {
    /// `GET /articles/`, without the query, which may hold what is nobody's business.
    pub request: String,
    /// The id that its page and the log show.
    pub id: String,
    /// Since when, in seconds.
    pub seconds: f64,
    /// Whether its view holds a thread.
    pub is_running: bool,
}

impl InFlight {
    /// Answers a request; until then, or until its caller lets go of it, it is one of these.
    pub(super) fn watched<T>(
        self: &Arc<Self>,
        (method, uri): (Method, Uri),
        info: Arc<RequestInfo>,
        answer: impl Future<Output = T>,
    ) -> impl Future<Output = T> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let asked =
            Arc::new(Asked { method, uri, info, since: Instant::now(), is_running: AtomicBool::new(false) });
        self.requests().insert(number, Arc::clone(&asked));
        Watched { answer, place: Place { all: Arc::clone(self), number, asked } }
    }

    /// How many requests have come so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// How many are being answered, and the most telling of them: those that hold a thread, the oldest first.
    pub(super) fn busy(&self) -> (usize, Vec<Busy>) {
        let asked: Vec<Arc<Asked>> = self.requests().values().cloned().collect();
        let mut busy: Vec<Busy> = asked.iter().map(|asked| asked.told()).collect();
        busy.sort_by_key(|busy| !busy.is_running);
        busy.truncate(NAMED);
        (asked.len(), busy)
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Asked>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn told(&self) -> Busy {
        Busy {
            request: format!("{} {}", self.method, self.uri.path()),
            id: self.info.id.to_string(),
            seconds: self.since.elapsed().as_secs_f64(),
            is_running: self.is_running.load(Ordering::Relaxed),
        }
    }
}

/// A place among the requests, given back when it is dropped.
struct Place {
    all: Arc<InFlight>,
    number: u64,
    asked: Arc<Asked>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.requests().remove(&self.number);
    }
}

pin_project_lite::pin_project! {
    /// An answer on its way, which notes when it runs.
    struct Watched<F> {
        #[pin]
        answer: F,
        place: Place,
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.place.asked.is_running.store(true, Ordering::Relaxed);
        let answer = this.answer.poll(cx);
        this.place.asked.is_running.store(false, Ordering::Relaxed);
        answer
    }
}
