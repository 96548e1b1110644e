//! What an open transaction has touched.

use crate::backends::base::TouchedQueries;

/// The server counts rows until the transaction ends, and shows its locks.
pub(super) const TOUCHED: TouchedQueries = TouchedQueries {
    rows: Some(
        "SELECT relname::text, n_tup_ins, n_tup_upd, n_tup_del FROM pg_catalog.pg_stat_xact_user_tables \
         WHERE n_tup_ins + n_tup_upd + n_tup_del > 0",
    ),
    locks: Some(
        "SELECT c.relname::text, min(m.words) FROM pg_catalog.pg_locks l \
         JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p') \
         JOIN (VALUES ('AccessExclusiveLock', 'no reads, no writes'), ('ExclusiveLock', 'no writes'), \
         ('ShareRowExclusiveLock', 'no writes'), ('ShareLock', 'no writes')) AS m (mode, words) ON m.mode = l.mode \
         WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.locktype = 'relation' GROUP BY c.relname",
    ),
};
