//! Data migrations of the blog, which call functions in Rust.

use crate::support::{TestDatabase, on_every_database};

const SETTINGS: &str =
    "apps = [\"sessions\", \"auth\", \"accounts\", \"blog\"]\n[databases.default]\nurl = \"{url}\"\n";

async fn minutes(db: &TestDatabase) -> Vec<i64> {
    let rows: Vec<(i64,)> =
        db.database.query("SELECT reading_minutes FROM blog_article ORDER BY id", &[]).await.unwrap();
    rows.into_iter().map(|(minutes,)| minutes).collect()
}

on_every_database! {
    async fn articles_that_came_by_sql_take_as_long_to_read_as_they_do(db in TestDatabase) {
        db.workspace.write("settings/base.toml", &SETTINGS.replace("{url}", &db.url));
        db.workspace.manage(["migrate", "blog", "0002", "-v", "0"]).succeeds_with("");
        let profile = "INSERT INTO blog_profile (user_id, name, slug, bio, website, article_count, created_at) \
                       VALUES (1, 'Ann', 'ann', '', '', 0, '2026-01-01 00:00:00')";
        db.database.execute(profile, &[]).await.unwrap();
        for number in 1..=450 {
            let body = "word ".repeat(if number % 3 == 0 { 441 } else { 2 });
            let article = format!(
                "INSERT INTO blog_article (author_id, title, slug, excerpt, reading_minutes, created_at, updated_at, \
                 comment_count, rating_count, rating_sum, rating_score, body) VALUES ((SELECT id FROM blog_profile), 'T', \
                 's{number}', '', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 0, 0, 0, 0, '<p>{body}</p>')"
            );
            db.database.execute(&article, &[]).await.unwrap();
        }
        let told = db.workspace.manage(["migrate", "blog", "--format", "jsonl"]).succeeds();
        assert!(told.contains(r#""of":450"#) && told.contains(r#""rows":450"#), "{told}");
        let wanted: Vec<i64> = (1..=450).map(|number| if number % 3 == 0 { 3 } else { 1 }).collect();
        assert_eq!(minutes(&db).await, wanted);
        // There is nothing to undo, and nothing that a second time would do otherwise.
        db.workspace.manage(["migrate", "blog", "0002", "-v", "0"]).succeeds_with("");
        db.workspace.manage(["migrate", "blog", "-v", "0"]).succeeds_with("");
        assert_eq!(minutes(&db).await, wanted);
    }
}
