//! Where the log goes: to stderr, as the settings ask.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::conf::LoggingSettings;

/// Starts the log of this process. A second call changes nothing.
pub(crate) fn start(settings: &LoggingSettings) {
    let level = &settings.level;
    let filter = Targets::new().with_default(level.default).with_targets(level.modules.iter().cloned());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // Somebody else's log, such as a test's, stays.
    drop(tracing_subscriber::registry().with(filter).with(lines).try_init());
}
