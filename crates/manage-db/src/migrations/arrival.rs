//! Databases that are not up yet.

use std::time::{Duration, Instant};

use super::error::Result;
use super::events::Event;
use super::pause::Pauses;
use crate::connections::Connections;

const PAUSES: Pauses = Pauses { shortest: Duration::from_millis(100), longest: Duration::from_secs(1) };

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
        let mut attempts = 0;
        while let Err(error) = backend.connect_to_look().await {
            let left = limit.saturating_sub(start.elapsed());
            if !matches!(error, crate::Error::Connect { may_pass: true, .. }) || left.is_zero() {
                return Err(error.into());
            }
            if attempts == 0 {
                tell(Event::Absent { alias, error: &error, limit });
            }
            tokio::time::sleep(PAUSES.behind(attempts).min(left)).await;
            attempts += 1;
        }
    }
    Ok(())
}
