//! Databases that are not up yet.

use std::time::{Duration, Instant};

use super::error::Result;
use super::events::Event;
use crate::connections::Connections;

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Waits until each of them answers, all in all for at most `limit`.
///
/// # Errors
/// [`crate::Error::Connect`] of one that does not, at once where waiting makes no sense: a wrong password stays wrong.
pub(super) async fn wait(
    connections: &Connections,
    aliases: &[&str],
    limit: Duration,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<()> {
    let start = Instant::now();
    for alias in aliases {
        let backend = connections.backend(alias)?;
        let mut pause = SHORTEST_PAUSE;
        let mut is_told = false;
        while let Err(error) = backend.connect_to_look().await {
            let left = limit.saturating_sub(start.elapsed());
            if !matches!(error, crate::Error::Connect { may_pass: true, .. }) || left.is_zero() {
                return Err(error.into());
            }
            if !is_told {
                is_told = true;
                tell(Event::Absent { alias, error: &error, limit });
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
    Ok(())
}
