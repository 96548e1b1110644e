//! A session, for people.

/// Who a row `a` of `pg_stat_activity` is: an expression of SQL.
pub(super) const WHO: &str = "'process ' || a.pid || coalesce(' of ' || a.usename, '') \
    || coalesce(' at ' || host(a.client_addr), '')";
