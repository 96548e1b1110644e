//! Ratings.

use manage::db::{Database, Error, Result, Transaction, params};

/// Keeps a person's rating of an article, from 1 to 5; a second one replaces the first.
///
/// # Errors
/// Those of the database.
pub async fn rate(database: &Database, article_id: i64, profile_id: i64, value: i64) -> Result<()> {
    // Chosen as the victim of a deadlock, or the first two ratings of one person met.
    let is_retryable = |error: &Error| error.is_retryable() || error.is_unique_violation();
    database
        .atomic_retrying(is_retryable, || async move |tx| replace(tx, article_id, profile_id, value).await)
        .await
}

async fn replace(tx: &mut Transaction, article_id: i64, profile_id: i64, value: i64) -> Result<()> {
    const LOCK: &str = "UPDATE blog_article SET rating_count = rating_count WHERE id = ?";
    const OLD: &str = "SELECT value FROM blog_rating WHERE article_id = ? AND profile_id = ?";
    const INSERT: &str = "INSERT INTO blog_rating (value, article_id, profile_id) VALUES (?, ?, ?)";
    const UPDATE: &str = "UPDATE blog_rating SET value = ? WHERE article_id = ? AND profile_id = ?";
    const COUNT: &str =
        "UPDATE blog_article SET rating_count = rating_count + ?, rating_sum = rating_sum + ? WHERE id = ?";
    const SUMS: &str = "SELECT rating_count, rating_sum FROM blog_article WHERE id = ?";
    const SCORE: &str = "UPDATE blog_article SET rating_score = ? WHERE id = ?";
    // Every rating of an article waits for the one before it, so what is read below stays true.
    tx.execute(LOCK, params![article_id]).await?;
    let old: Option<(i64,)> = tx.query_optional(OLD, params![article_id, profile_id]).await?;
    let (sql, more, stars) = old.map_or((INSERT, 1, value), |(old,)| (UPDATE, 0, value - old));
    tx.execute(sql, params![value, article_id, profile_id]).await?;
    tx.execute(COUNT, params![more, stars, article_id]).await?;
    let sums: Option<(i64, i64)> = tx.query_optional(SUMS, params![article_id]).await?;
    let (count, sum) = sums.unwrap_or_default();
    tx.execute(SCORE, params![score(count, sum), article_id]).await?;
    Ok(())
}

/// What articles are sorted by: the average in thousandths.
pub(in crate::blog) fn score(count: i64, sum: i64) -> i64 {
    if count > 0 { sum * 1_000 / count } else { 0 }
}
