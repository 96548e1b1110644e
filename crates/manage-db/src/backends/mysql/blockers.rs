//! For whom a session waits.

/// Others with a transaction open, if a session waits for a lock. Who holds the lock of a table the server tells only where
/// a plugin is loaded; they are those who may.
pub(super) const BLOCKERS: &str = "SELECT CONCAT('connection ', p.ID, ' of ', p.USER, ' at ', p.HOST, \
    ', transaction open for ', TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), ' s'), COALESCE(p.INFO, '') \
    FROM (SELECT ? AS session) me JOIN information_schema.PROCESSLIST w ON w.ID = me.session \
    JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id <> w.ID \
    JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id \
    LEFT JOIN information_schema.INNODB_TRX o ON o.trx_mysql_thread_id = w.ID \
    WHERE w.STATE LIKE 'Waiting for%lock%' OR o.trx_state = 'LOCK WAIT' ORDER BY p.ID";
