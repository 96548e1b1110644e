//! Threads that are known by their names.

use std::io;

/// Starts a thread that nobody waits for.
///
/// # Errors
/// When the system has no room for it.
pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}
