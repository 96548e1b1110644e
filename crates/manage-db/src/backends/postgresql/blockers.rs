//! For whom a session waits.

/// Those that hold what a session wants, each with its last statement.
pub(super) const BLOCKERS: &str = "SELECT 'process ' || a.pid || coalesce(' of ' || a.usename, '') \
    || coalesce(' at ' || host(a.client_addr), '') || coalesce(', ' || a.state, '') \
    || coalesce(' for ' || greatest(0, floor(extract(epoch FROM clock_timestamp() - a.state_change))) || ' s', ''), \
    coalesce(a.query, '') FROM pg_catalog.pg_stat_activity a \
    WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(?::int)) ORDER BY a.pid";
