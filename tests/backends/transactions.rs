//! Transactions, savepoints and what happens after the commit.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use manage::db::{Database, Error, Row, params};
use tokio::sync::Barrier;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::on_every_database;

async fn table(database: &Database) {
    database.execute("CREATE TABLE tally (id integer PRIMARY KEY, n integer NOT NULL)", &[]).await.unwrap();
    database.execute("INSERT INTO tally VALUES (1, 0)", &[]).await.unwrap();
}

async fn total(database: &Database) -> i64 {
    let row: Option<(i64,)> = database.query_optional("SELECT n FROM tally WHERE id = 1", &[]).await.unwrap();
    row.unwrap().0
}

const ADD: &str = "UPDATE tally SET n = n + ? WHERE id = 1";

on_every_database! {
    async fn an_error_undoes_everything_and_success_keeps_it(db in TestDatabase) {
        let database = &db.database;
        table(database).await;
        let failed = database.atomic(async |tx| {
            tx.execute(ADD, params![5]).await?;
            tx.execute("INSERT INTO tally VALUES (1, 0)", &[]).await
        }).await;
        assert!(failed.unwrap_err().is_unique_violation());
        assert_eq!(total(database).await, 0);
        database.atomic(async |tx| tx.execute(ADD, params![5]).await).await.unwrap();
        assert_eq!(total(database).await, 5);
    }

    async fn a_savepoint_undoes_its_own_statements_alone(db in TestDatabase) {
        let database = &db.database;
        table(database).await;
        database.atomic(async |tx| {
            tx.execute(ADD, params![1]).await?;
            let inner = tx.atomic(async |tx| {
                tx.execute(ADD, params![10]).await?;
                tx.execute("INSERT INTO tally VALUES (1, 0)", &[]).await
            }).await;
            assert!(inner.is_err());
            tx.execute(ADD, params![100]).await
        }).await.unwrap();
        assert_eq!(total(database).await, 101);
    }

    async fn hooks_run_after_the_commit_and_never_without_one(db in TestDatabase) {
        let database = &db.database;
        table(database).await;
        let ran = Arc::new(AtomicU32::new(0));
        let hook = |ran: &Arc<AtomicU32>| { let ran = Arc::clone(ran); async move { ran.fetch_add(1, Ordering::SeqCst); } };
        let counted = Arc::clone(&ran);
        database.atomic::<_, Error>(async |tx| {
            tx.on_commit(hook(&counted));
            let undone = tx.atomic(async |tx| {
                tx.on_commit(hook(&counted));
                tx.execute("INSERT INTO tally VALUES (1, 0)", &[]).await
            }).await;
            assert!(undone.is_err());
            assert_eq!(counted.load(Ordering::SeqCst), 0);
            Ok(())
        }).await.unwrap();
        assert_eq!(ran.load(Ordering::SeqCst), 1);
        let failed = database.atomic(async |tx| {
            tx.on_commit(hook(&ran));
            tx.execute("INSERT INTO tally VALUES (1, 0)", &[]).await
        }).await;
        assert!(failed.is_err());
        assert_eq!(ran.load(Ordering::SeqCst), 1);
    }

    async fn what_runs_after_the_commit_may_ask_the_same_database(db in TestDatabase) {
        let database = db.reopen(|settings| settings.pool_size = 1);
        table(&database).await;
        let (asking, heard) = (database.clone(), Arc::new(AtomicU32::new(0)));
        let said = Arc::clone(&heard);
        let work = database.atomic(async |tx| {
            tx.on_commit(async move { said.store(u32::try_from(total(&asking).await).unwrap(), Ordering::SeqCst) });
            tx.execute(ADD, params![5]).await
        });
        tokio::time::timeout(PATIENCE, work).await.expect("the only connection is free again").unwrap();
        assert_eq!(heard.load(Ordering::SeqCst), 5);
    }

    async fn many_writers_at_once_lose_no_update(db in TestDatabase) {
        table(&db.database).await;
        let tasks: Vec<_> = (0..8).map(|_| {
            let database = db.database.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    database.atomic_retrying(Error::is_retryable, || async |tx| tx.execute(ADD, params![1]).await).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(total(&db.database).await, 80);
    }

    async fn a_dropped_transaction_leaves_nothing_behind_on_the_server(db in TestDatabase) {
        let (database, other) = (&db.database, db.reopen(|settings| settings.lock_timeout = Some(Duration::from_secs(1))));
        table(database).await;
        let stopped = tokio::time::timeout(PATIENCE, database.atomic::<(), Error>(async |tx| {
            tx.execute(ADD, params![7]).await?;
            std::future::pending().await
        })).await;
        assert!(stopped.is_err());
        // Another connection alone looks and writes; the pool of the dropped one is not asked for anything.
        nothing_is_left(&other).await;
        other.execute(ADD, params![1]).await.unwrap();
        assert_eq!(total(&other).await, 1);
        database.execute(ADD, params![1]).await.unwrap();
        assert_eq!(total(database).await, 2);
    }

    async fn the_victim_of_a_deadlock_is_run_once_more(db in TestDatabase) {
        // The third kind has one writer, and no deadlocks.
        if sleep(&db.database).is_none() {
            return;
        }
        let database = &db.database;
        table(database).await;
        database.execute("INSERT INTO tally VALUES (2, 0)", &[]).await.unwrap();
        let (both_hold_one, attempts) = (Barrier::new(2), AtomicU32::new(0));
        let (both_hold_one, attempts) = (&both_hold_one, &attempts);
        let cross = |first: i64, second: i64| database.atomic_retrying(Error::is_retryable, move || async move |tx| {
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            tx.execute("UPDATE tally SET n = n + 1 WHERE id = ?", params![first]).await?;
            if attempt < 2 {
                both_hold_one.wait().await;
            }
            tx.execute("UPDATE tally SET n = n + 1 WHERE id = ?", params![second]).await
        });
        let (one, other) = tokio::join!(cross(1, 2), cross(2, 1));
        assert_eq!((one.unwrap(), other.unwrap(), attempts.load(Ordering::SeqCst)), (1, 1, 3));
        assert_eq!(total(database).await, 2);
    }

    async fn slow_statements_inside_a_transaction_are_logged_as_others(db in TestDatabase) {
        let log = Arc::new(Mutex::new(Vec::new()));
        let _guard = tracing_subscriber::fmt().with_ansi(false).with_writer(Written(Arc::clone(&log))).set_default();
        let watched = db.reopen(|settings| settings.slow_query = Some(Duration::from_nanos(1)));
        table(&watched).await;
        watched.atomic(async |tx| {
            tx.execute(ADD, params![1]).await?;
            tx.query::<(i64,)>("SELECT n FROM tally", &[]).await
        }).await.unwrap();
        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        for sql in ["INSERT INTO tally", ADD, "SELECT n FROM tally", "COMMIT"] {
            let line = log.lines().find(|line| line.contains(sql)).unwrap_or_else(|| panic!("{sql} is not in\n{log}"));
            assert!(line.contains("slow statement") && line.contains("database=\"default\""), "{line}");
        }
    }

    async fn work_is_done_once_more_when_its_error_says_that_this_may_help(db in TestDatabase) {
        #[derive(Debug)]
        enum Refused { Again, Never, Database }
        impl From<Error> for Refused {
            fn from(_: Error) -> Self { Self::Database }
        }
        let database = &db.database;
        table(database).await;
        for (error, attempts) in [(Refused::Again, 2), (Refused::Never, 1)] {
            let attempt = AtomicU32::new(0);
            let (attempt, error) = (&attempt, &error);
            let answer = database.atomic_retrying(|error| matches!(error, Refused::Again), || async move |tx| {
                tx.execute(ADD, params![1]).await?;
                match (attempt.fetch_add(1, Ordering::SeqCst), error) {
                    (1, _) => Ok(()),
                    (_, Refused::Again) => Err(Refused::Again),
                    _ => Err(Refused::Never),
                }
            }).await;
            assert_eq!((attempt.load(Ordering::SeqCst), answer.is_ok()), (attempts, attempts == 2));
        }
        assert_eq!(total(database).await, 1);
    }

    async fn a_panic_inside_a_transaction_leaves_nothing_behind_on_the_server(db in TestDatabase) {
        let other = db.reopen(|settings| settings.lock_timeout = Some(Duration::from_secs(1)));
        table(&db.database).await;
        let database = db.database.clone();
        let panicked = tokio::spawn(async move {
            database.atomic::<(), Error>(async |tx| {
                tx.execute(ADD, params![7]).await?;
                panic!("the work failed")
            }).await
        }).await;
        assert!(panicked.is_err());
        nothing_is_left(&other).await;
        other.execute(ADD, params![1]).await.unwrap();
        assert_eq!(total(&other).await, 1);
    }

    async fn a_statement_in_flight_is_stopped_when_its_caller_goes_away(db in TestDatabase) {
        // The third kind answers before anybody can go away.
        let Some(sleep) = sleep(&db.database) else { return };
        let (database, other) = (&db.database, db.reopen(|settings| settings.lock_timeout = Some(Duration::from_secs(1))));
        table(database).await;
        let stopped = tokio::time::timeout(PATIENCE, database.query::<Row>(sleep, &[])).await;
        assert!(stopped.is_err());
        nothing_is_left(&other).await;
        let stopped = tokio::time::timeout(PATIENCE, database.atomic(async |tx| {
            tx.execute(ADD, params![7]).await?;
            tx.query::<Row>(sleep, &[]).await
        })).await;
        assert!(stopped.is_err());
        nothing_is_left(&other).await;
        other.execute(ADD, params![1]).await.unwrap();
        assert_eq!(total(&other).await, 1);
    }

    async fn a_savepoint_that_is_dropped_takes_its_transaction_along(db in TestDatabase) {
        let database = &db.database;
        table(database).await;
        let kept = database.atomic(async |tx| {
            let inner = tx.atomic::<(), Error>(async |tx| {
                tx.execute(ADD, params![7]).await?;
                std::future::pending().await
            });
            assert!(tokio::time::timeout(PATIENCE, inner).await.is_err());
            tx.execute(ADD, params![1]).await
        }).await;
        assert!(kept.unwrap_err().to_string().starts_with("a savepoint was given up before its end"));
        assert_eq!(total(database).await, 0);
    }

    async fn a_statement_that_is_dropped_takes_its_transaction_along(db in TestDatabase) {
        let Some(sleep) = sleep(&db.database) else { return };
        let (database, other) = (&db.database, db.reopen(|_| ()));
        table(database).await;
        let kept = database.atomic(async |tx| {
            tx.execute(ADD, params![7]).await?;
            assert!(tokio::time::timeout(PATIENCE, tx.query::<Row>(sleep, &[])).await.is_err());
            tx.execute(ADD, params![1]).await
        }).await;
        assert!(kept.unwrap_err().is_connection_lost());
        nothing_is_left(&other).await;
        assert_eq!(total(&other).await, 0);
    }

    async fn a_transaction_that_waits_for_a_lock_when_it_is_dropped_does_not_get_it_later(db in TestDatabase) {
        if sleep(&db.database).is_none() {
            return;
        }
        let (database, other) = (&db.database, db.reopen(|_| ()));
        table(database).await;
        other.atomic::<(), Error>(async |holder| {
            holder.execute(ADD, params![1]).await?;
            let waiter = database.atomic(async |tx| tx.execute(ADD, params![7]).await);
            assert!(tokio::time::timeout(PATIENCE, waiter).await.is_err());
            Ok(())
        }).await.unwrap();
        nothing_is_left(&other).await;
        assert_eq!(total(&other).await, 1);
    }
}

/// Where a test's log goes.
#[derive(Clone)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// How long a caller waits before it goes away.
const PATIENCE: Duration = Duration::from_millis(200);

/// A statement that takes long and can be waited for.
fn sleep(database: &Database) -> Option<&'static str> {
    match database.dialect() {
        "postgresql" => Some("SELECT pg_sleep(30)"),
        "mysql" => Some("SELECT SLEEP(30) FROM (SELECT 1) AS once"),
        _ => None,
    }
}

/// Asserts that within about a second no other connection to the database runs anything or is inside a transaction.
async fn nothing_is_left(database: &Database) {
    let look = match database.dialect() {
        "postgresql" => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND state <> 'idle'"
        }
        "mysql" => {
            "SELECT count(*) FROM information_schema.processlist p LEFT JOIN information_schema.innodb_trx t \
             ON t.trx_mysql_thread_id = p.id WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID() \
             AND (p.command <> 'Sleep' OR t.trx_id IS NOT NULL)"
        }
        _ => return,
    };
    let start = Instant::now();
    loop {
        let left: Vec<(i64,)> = database.query(look, &[]).await.unwrap();
        if left == [(0,)] {
            return;
        }
        assert!(start.elapsed() < Duration::from_millis(1_500), "{left:?} connections are still at work");
        // MariaDB shows the same list of transactions again to who asks more often than ten times a second.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}
