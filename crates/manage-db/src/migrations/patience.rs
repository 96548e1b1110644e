//! What a migration does when somebody else holds what it needs: it waits for short, gives way, and tries again.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use manage_leaves::crypto;
use tokio::sync::watch;

use super::pause::Pauses;
use super::progress::Done;
use crate::backends::base::{BackendRef, Connection, Statement, Value, shown};
use crate::error::{Result, StatementKind};

/// Longest wait of one attempt: whoever comes behind a waiting `ALTER TABLE` waits as well.
pub(super) const ATTEMPT: Duration = Duration::from_secs(2);

const PAUSES: Pauses = Pauses { shortest: Duration::from_millis(100), longest: Duration::from_secs(3) };

/// When it is asked first who holds the lock, and then again and again.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const NEXT_LOOK: Duration = Duration::from_secs(5);

/// How long a migration goes on trying.
#[derive(Debug)]
pub(super) struct Patience {
    end: Instant,
    /// How often it gave way.
    attempts: AtomicU32,
}

impl Patience {
    /// From now on for so long.
    pub(super) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self { end: now.checked_add(limit).unwrap_or(now), attempts: AtomicU32::new(0) }
    }

    /// Whether it gave way to somebody.
    fn has_waited(&self) -> bool {
        self.attempts.load(Ordering::Relaxed) > 0
    }

    /// Whether what failed so may succeed the next time; if so, after a pause that no two runs make alike.
    pub(super) async fn may_try_again(&self, error: &crate::Error) -> bool {
        let may_pass = error.is_retryable() || error.statement_kind() == Some(StatementKind::Locked);
        let left = self.end.saturating_duration_since(Instant::now());
        if !may_pass || left.is_zero() {
            return false;
        }
        let attempts = self.attempts.fetch_add(1, Ordering::Relaxed);
        let [byte] = crypto::random_bytes::<1>();
        let pause = PAUSES.behind(attempts).mul_f64(0.5 + f64::from(byte) / 256.0);
        tokio::time::sleep(pause.min(left)).await;
        true
    }
}

/// What is seen of work while it goes on.
pub(super) enum Seen<'a> {
    /// Those for whom it waits, told whenever they change; nobody where it waits and the server tells of nobody.
    Blocked(&'a [String]),
    /// How far it came.
    Progress(Done),
}

/// Does the work, and calls `tell` with what is seen of it.
pub(super) async fn watched<T>(
    backend: &BackendRef,
    session: Option<i64>,
    patience: &Patience,
    (work, mut progress): (impl Future<Output = T>, watch::Receiver<Done>),
    tell: &mut (impl FnMut(Seen<'_>) + Send),
) -> T {
    let mut work = pin!(work);
    let mut watch = Watch { backend, session, patience, connection: None, told: None };
    // A connection that keeps this thread until it is done takes time off the pause.
    let mut next = tokio::time::Instant::now() + FIRST_LOOK;
    loop {
        tokio::select! {
            biased;
            answer = &mut work => return answer,
            Ok(()) = progress.changed() => {
                tell(Seen::Progress(*progress.borrow_and_update()));
                continue;
            }
            found = watch.look(next) => {
                if let Some(blockers) = found {
                    tell(Seen::Blocked(&blockers));
                }
            }
        }
        next = tokio::time::Instant::now() + NEXT_LOOK;
    }
}

/// Asks again and again who holds what a session waits for.
struct Watch<'a> {
    backend: &'a BackendRef,
    session: Option<i64>,
    patience: &'a Patience,
    connection: Option<Box<dyn Connection>>,
    /// Who was told of.
    told: Option<Vec<String>>,
}

impl Watch<'_> {
    /// Those who were not told of yet, at that moment.
    async fn look(&mut self, at: tokio::time::Instant) -> Option<Vec<String>> {
        tokio::time::sleep_until(at).await;
        let found = self.ask().await.unwrap_or_else(|error| {
            tracing::debug!(%error, "nobody knows who holds the lock");
            self.connection = None;
            Vec::new()
        });
        let is_news = match &self.told {
            None => !found.is_empty() || self.patience.has_waited(),
            Some(told) => !found.is_empty() && who(&found) != who(told),
        };
        if !is_news {
            return None;
        }
        self.told = Some(found.clone());
        Some(found)
    }

    async fn ask(&mut self) -> Result<Vec<String>> {
        let (Some(sql), Some(session)) = (self.backend.blockers(), self.session) else {
            return Ok(Vec::new());
        };
        if self.connection.is_none() {
            self.connection = Some(self.backend.connect().await?);
        }
        let Some(connection) = &mut self.connection else { return Ok(Vec::new()) };
        let rows = connection.query(Statement { sql, params: &[Value::Int(session)] }).await?;
        let syntax = self.backend.script_rules().syntax;
        let told = rows.into_iter().map(|mut row| {
            let (who, query) = (row.take::<String>(0)?, row.take::<String>(1)?);
            let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
            Ok(if query.is_empty() { who } else { format!("{who}: {}", shown(&query, syntax)) })
        });
        told.collect()
    }
}

/// Those that are named, without how long they have been at it.
fn who(blockers: &[String]) -> Vec<&str> {
    blockers.iter().map(|blocker| blocker.split(',').next().unwrap_or_default()).collect()
}
