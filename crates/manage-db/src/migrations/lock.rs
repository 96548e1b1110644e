//! Waits for the lock of a database by asking for it again and again.

use std::time::{Duration, Instant};

use super::pause::Pauses;
use crate::backends::base::{Attempt, Connection, MigrationLock};

const PAUSES: Pauses = Pauses { shortest: Duration::from_millis(5), longest: Duration::from_millis(250) };

/// How long a run waits for another one where the settings say nothing: long enough for most migrations, short enough
/// for whoever waits for a deployment.
pub(crate) const LONGEST: Duration = Duration::from_mins(10);

/// Takes the lock, or says who still has it after `limit`. `waiting` is called with the holder when that becomes known.
///
/// # Errors
/// Those of asking.
pub(super) async fn acquire(
    lock: &mut dyn MigrationLock,
    connection: &mut dyn Connection,
    limit: Duration,
    waiting: &mut impl FnMut(Option<&str>),
) -> crate::Result<Attempt> {
    let start = Instant::now();
    let mut is_told = false;
    let mut attempts = 0_u32;
    loop {
        let left = limit.saturating_sub(start.elapsed());
        let attempt = lock.try_acquire(connection, !is_told || left.is_zero()).await?;
        match &attempt {
            Attempt::Held { .. } if left.is_zero() => return Ok(attempt),
            Attempt::Held { holder } if !is_told => {
                is_told = true;
                waiting(holder.as_deref());
            }
            Attempt::Held { .. } => {}
            Attempt::Taken => return Ok(attempt),
        }
        tokio::time::sleep(PAUSES.behind(attempts).min(left)).await;
        attempts = attempts.saturating_add(1);
    }
}
