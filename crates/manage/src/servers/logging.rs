//! Where the log goes: to stderr, as the settings ask.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::conf::LoggingSettings;

/// Starts the log of this process. A second call changes nothing.
///
/// # Errors
/// When `logging.level` cannot be understood.
pub fn start(settings: &LoggingSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(&settings.level)
        .map_err(|error| anyhow::anyhow!("logging.level: {error}"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // Somebody else's log, such as a test's, stays.
    drop(log.try_init());
    Ok(())
}
