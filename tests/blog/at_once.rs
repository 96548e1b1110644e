//! Many readers at the same moment, on every database: nothing is lost, nothing is counted twice.

use std::io::Write as _;
use std::time::{Duration, Instant};

use manage::db::Database;
use wayfarer::blog::models::{ArticlePage, NewComment, Profile, rate};

use crate::support::{Kind, Server, on_every_database};

const ARTICLE: &str = "/articles/the-last-bread-in-matera/";

/// The blog's tables and demo content, people included, in the one database of a test.
fn fill(db: &mut crate::support::TestDatabase) {
    let url = db.url.clone();
    db.workspace.set("MANAGE__DATABASES__DEFAULT__URL", &url);
    for app in ["AUTH", "SESSIONS", "ACCOUNTS"] {
        db.workspace.set(&format!("MANAGE__ROUTES__{app}"), "default");
    }
    db.workspace.manage(["migrate", "-v", "0", "--database", "default"]).succeeds();
    db.workspace.manage(["seed", "-v", "0"]).succeeds();
}

async fn numbers(database: &Database) -> [i64; 4] {
    const SQL: &str = "SELECT comment_count, (SELECT COUNT(*) FROM blog_comment c WHERE c.article_id = a.id), \
                       rating_count, (SELECT COUNT(*) FROM blog_rating r WHERE r.article_id = a.id) \
                       FROM blog_article a WHERE id = 1";
    let row: Option<(i64, i64, i64, i64)> = database.query_optional(SQL, &[]).await.unwrap();
    let (comments, counted, ratings, rated) = row.unwrap();
    [comments, counted, ratings, rated]
}

/// Whether somebody waits for a row of another, seen over a connection that does not.
async fn somebody_waits(database: &Database) -> bool {
    let sql = match database.dialect() {
        "postgresql" => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        }
        _ => {
            "SELECT count(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
             ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'"
        }
    };
    database.query::<(i64,)>(sql, &[]).await.unwrap() != [(0,)]
}

async fn within(limit: Duration, what: &str, database: &Database, waits: bool) {
    let start = Instant::now();
    while somebody_waits(database).await != waits {
        assert!(start.elapsed() < limit, "{what}");
        // MariaDB shows the same list of transactions again to who asks more often than ten times a second.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

on_every_database! {
    async fn a_reader_who_leaves_while_the_comment_waits_takes_it_along(mut db in TestDatabase) {
        if db.kind == Kind::Sqlite {
            // A statement waits on the spot there, and nobody can leave before it ends.
            return;
        }
        fill(&mut db);
        let (server, database) = (Server::of(db.workspace), db.database);
        let mut browser = server.signed_in("hannah");
        let form = format!("csrfmiddlewaretoken={}&body=Gone", browser.get(ARTICLE).token());
        let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let post = format!(
            "POST {ARTICLE}comments/ HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            cookies.join("; "),
            form.len()
        );
        let before = numbers(&database).await;
        database.atomic::<(), manage::db::Error>(async |tx| {
            tx.execute("UPDATE blog_article SET comment_count = comment_count", &[]).await?;
            let mut reader = server.connect();
            reader.write_all(post.as_bytes()).unwrap();
            within(Duration::from_secs(10), "the comment does not wait", &database, true).await;
            drop(reader);
            within(Duration::from_millis(1_500), "the comment waits for a reader who left", &database, false).await;
            Ok(())
        }).await.unwrap();
        assert_eq!(numbers(&database).await, before);
        assert!(!browser.get(ARTICLE).body.contains("Gone"));
    }

    async fn comments_are_all_kept_and_all_counted(mut db in TestDatabase) {
        fill(&mut db);
        let [before, ..] = numbers(&db.database).await;
        let readers: Vec<_> = (0..8_i64).map(|reader| {
            let database = db.database.clone();
            tokio::spawn(async move {
                for _ in 0..6 {
                    let comment = NewComment {
                        article_id: 1, author_id: reader % 4 + 1, parent_id: None, body: "Well said", submission: None,
                    };
                    comment.post(&database).await.unwrap();
                }
            })
        }).collect();
        for reader in readers {
            reader.await.unwrap();
        }
        let [comments, counted, ..] = numbers(&db.database).await;
        assert_eq!((comments, counted), (before + 48, before + 48));
    }

    async fn a_page_has_one_address(mut db in TestDatabase) {
        fill(&mut db);
        let row: Option<(String, String)> = db.database.query_optional(
            "SELECT a.slug, p.slug FROM blog_article a JOIN blog_profile p ON p.id = a.author_id WHERE a.id = 1", &[],
        ).await.unwrap();
        let (article, author) = row.unwrap();
        assert!(ArticlePage::by_slug(&db.database, &article).await.unwrap().is_some());
        assert!(ArticlePage::by_slug(&db.database, &article.to_uppercase()).await.unwrap().is_none());
        assert!(Profile::by_slug(&db.database, &author).await.unwrap().is_some());
        assert!(Profile::by_slug(&db.database, &author.to_uppercase()).await.unwrap().is_none());
    }

    async fn two_ratings_of_one_reader_are_one_row(mut db in TestDatabase) {
        fill(&mut db);
        let [.., before] = numbers(&db.database).await;
        db.database.execute("DELETE FROM blog_rating WHERE article_id = 1 AND profile_id = 1", &[]).await.unwrap();
        db.database.execute("UPDATE blog_article SET rating_count = (SELECT COUNT(*) FROM blog_rating WHERE article_id = 1) WHERE id = 1", &[]).await.unwrap();
        let [.., left] = numbers(&db.database).await;
        let clicks: Vec<_> = (1..=6).map(|value| {
            let database = db.database.clone();
            tokio::spawn(async move { rate(&database, 1, 1, value.min(5)).await.unwrap() })
        }).collect();
        for click in clicks {
            click.await.unwrap();
        }
        let [_, _, counted, rated] = numbers(&db.database).await;
        assert_eq!((counted, rated), (left + 1, left + 1), "{before} before");
    }
}
