//! Transactions, savepoints and what happens after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use manage::db::{Database, Error, params};

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
        let hook = |ran: &Arc<AtomicU32>| { let ran = Arc::clone(ran); move || { ran.fetch_add(1, Ordering::SeqCst); } };
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

    async fn many_writers_at_once_lose_no_update(db in TestDatabase) {
        table(&db.database).await;
        let tasks: Vec<_> = (0..8).map(|_| {
            let database = db.database.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    database.atomic_retrying(async |tx| tx.execute(ADD, params![1]).await).await.unwrap();
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(total(&db.database).await, 80);
    }

    async fn a_dropped_transaction_is_rolled_back_and_its_connection_not_lent_again(db in TestDatabase) {
        let database = &db.database;
        table(database).await;
        let stopped = tokio::time::timeout(std::time::Duration::from_millis(200), database.atomic::<(), Error>(async |tx| {
            tx.execute(ADD, params![7]).await?;
            std::future::pending().await
        })).await;
        assert!(stopped.is_err());
        database.execute(ADD, params![1]).await.unwrap();
        assert_eq!(total(database).await, 1);
    }
}
