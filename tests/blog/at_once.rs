//! Many readers at the same moment, on every database: nothing is lost, nothing is counted twice.

use manage::db::Database;
use wayfarer::blog::models::{ArticlePage, NewComment, Profile, rate};

use crate::support::on_every_database;

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

on_every_database! {
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
