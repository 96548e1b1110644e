//! How statements that keep their thread are brought to an end.

use std::sync::atomic::{AtomicBool, Ordering};

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Lets this process's statements on SQLite end where they are, also those that come, until what this gives is dropped.
///
/// Whoever waits for one of them gets no answer any more and is to be dropped, which rolls back. Those of other databases
/// run on a server, which stops them when the wait is dropped.
#[must_use]
pub fn stop_statements() -> Stopping {
    IS_WANTED.store(true, Ordering::Relaxed);
    Stopping(())
}

/// As long as it is there, no statement gets far on SQLite.
#[derive(Debug)]
pub struct Stopping(());

impl Drop for Stopping {
    fn drop(&mut self) {
        IS_WANTED.store(false, Ordering::Relaxed);
    }
}

/// Whether statements are to end where they are.
pub(super) fn is_wanted() -> bool {
    IS_WANTED.load(Ordering::Relaxed)
}
