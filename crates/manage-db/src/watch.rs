//! The log of slow statements.

use std::time::{Duration, Instant};

/// Logs statements that take longer than a limit. The line stands in the span of the request that asked.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    alias: String,
    /// None: nothing is logged.
    limit: Option<Duration>,
}

impl Watch {
    /// A log of what takes longer than `limit` on the database `alias`.
    pub(super) fn new(alias: &str, limit: Option<Duration>) -> Self {
        Self { alias: alias.to_owned(), limit }
    }

    /// Waits for `work`, which runs `sql`.
    pub(super) async fn over<T>(&self, sql: &str, work: impl Future<Output = T>) -> T {
        let Some(limit) = self.limit else { return work.await };
        let start = Instant::now();
        let answer = work.await;
        let took = start.elapsed();
        if took > limit {
            let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(database = self.alias, duration_ms, sql, "slow statement");
        }
        answer
    }
}
