//! What tells one server's database from every other.

/// MySQL: the server has a number of its own.
pub(super) const UUID: &str = "SELECT CONCAT_WS(' ', @@server_uuid, \
    IF(@@lower_case_table_names = 0, DATABASE(), LOWER(DATABASE())))";

/// MariaDB: what the server says of itself, and the second in which it was started (both clocks are that of the
/// statement, so the difference is the same whenever it is asked for).
pub(crate) const FACTS: &str = "SELECT CONCAT_WS(' ', \
    (SELECT GROUP_CONCAT(global_value ORDER BY variable_name SEPARATOR ' ') FROM information_schema.system_variables \
     WHERE variable_name IN ('HOSTNAME', 'PORT', 'DATADIR', 'SERVER_ID', 'SERVER_UID')), \
    (SELECT UNIX_TIMESTAMP() - CAST(variable_value AS signed) FROM information_schema.global_status \
     WHERE variable_name = 'UPTIME'), \
    IF(@@lower_case_table_names = 0, DATABASE(), LOWER(DATABASE())))";
