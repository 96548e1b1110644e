//! For whom a session waits.

use std::sync::LazyLock;

use super::who::WHO;

/// Those that hold what a session wants, each with its last statement.
pub(super) static BLOCKERS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {WHO} || coalesce(', ' || a.state, '') || coalesce(' for ' \
         || greatest(0, floor(extract(epoch FROM clock_timestamp() - a.state_change))) || ' s', ''), \
         coalesce(a.query, '') FROM pg_catalog.pg_stat_activity a \
         WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(?::int)) ORDER BY a.pid"
    )
});
