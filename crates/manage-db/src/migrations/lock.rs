//! Waits for the lock of a database by asking for it again and again.

use std::time::Duration;

use crate::backends::base::{Attempt, Connection, MigrationLock};

const SHORTEST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Takes the lock, however long somebody else has it. `waiting` is called with the holder when that becomes known.
///
/// # Errors
/// Those of asking.
pub async fn acquire(
    lock: &mut dyn MigrationLock,
    connection: &mut dyn Connection,
    waiting: &mut dyn FnMut(Option<&str>),
) -> crate::Result<()> {
    let mut wait = SHORTEST_WAIT;
    let mut is_told = false;
    loop {
        match lock.try_acquire(connection, !is_told).await? {
            Attempt::Taken => return Ok(()),
            Attempt::Held { holder } if !is_told => {
                is_told = true;
                waiting(holder.as_deref());
            }
            Attempt::Held { .. } => {}
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
