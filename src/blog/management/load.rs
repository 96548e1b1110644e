//! Puts content into the databases: many rows in each statement, one transaction for each database.

use indicatif::ProgressBar;
use jiff::Timestamp;

use super::content::Content;
use crate::blog::markup;
use crate::blog::models::PUBLISHED_ARTICLES;
use crate::blog::models::score;
use manage::contrib::auth::{NewPerson, create_many};
use manage::db::backends::base::Dialects;
use manage::db::models::rows::insert_many;
use manage::db::{Database, Result, Transaction, params};
use manage::setup::Project;

/// Lets the databases count on from the highest number, and learn what is in the tables.
const AFTERWARDS: [Dialects; 4] = [
    Dialects {
        postgresql: "SELECT setval(pg_get_serial_sequence('blog_profile', 'id'), (SELECT MAX(id) FROM blog_profile))",
        mysql: "ANALYZE TABLE blog_profile",
        sqlite: "INSERT INTO blog_article_fts (blog_article_fts) VALUES ('optimize')",
    },
    Dialects {
        postgresql: "SELECT setval(pg_get_serial_sequence('blog_article', 'id'), (SELECT MAX(id) FROM blog_article))",
        mysql: "ANALYZE TABLE blog_article",
        sqlite: "ANALYZE",
    },
    Dialects {
        postgresql: "SELECT setval(pg_get_serial_sequence('blog_comment', 'id'), (SELECT MAX(id) FROM blog_comment))",
        mysql: "ANALYZE TABLE blog_comment",
        sqlite: "PRAGMA optimize",
    },
    Dialects {
        postgresql: "ANALYZE",
        mysql: "ANALYZE TABLE blog_rating",
        sqlite: "PRAGMA wal_checkpoint(TRUNCATE)",
    },
];

/// Fills both databases.
///
/// # Errors
/// Those of the databases; a unique violation when somebody else has one of the names already.
pub(super) async fn load(
    project: &Project,
    content: &Content,
    password: &str,
    bar: &ProgressBar,
) -> Result<()> {
    let first_user = people(project.database_of("auth")?, content, password, bar).await?;
    let database = project.database_of("blog")?;
    database.atomic(async |tx| blog(tx, content, first_user, bar).await).await?;
    for statement in AFTERWARDS {
        database.query::<manage::db::Row>(statement.get(database.dialect()), &[]).await?;
    }
    Ok(())
}

/// Makes the accounts; gives the number of the first.
async fn people(database: &Database, content: &Content, password: &str, bar: &ProgressBar) -> Result<i64> {
    let joined =
        content.articles.iter().map(|article| article.published_at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let emails: Vec<String> =
        content.people.iter().map(|person| format!("{}@example.test", person.username)).collect();
    let people: Vec<NewPerson<'_>> = content
        .people
        .iter()
        .zip(&emails)
        .map(|(person, email)| NewPerson {
            username: &person.username,
            email,
            group: if person.is_writer { "writer" } else { "traveller" },
        })
        .collect();
    create_many(database, &people, password, joined, &|count| bar.inc(count)).await
}

/// What lists show of an article, counted beforehand.
#[derive(Clone, Copy, Default)]
struct Counts {
    comments: i64,
    ratings: i64,
    stars: i64,
}

async fn blog(tx: &mut Transaction, content: &Content, first_user: i64, bar: &ProgressBar) -> Result<()> {
    let first_profile = next_id(tx, "SELECT MAX(id) FROM blog_profile").await?;
    let profile = |position: usize| first_profile + position as i64;
    let mut written = vec![0_i64; content.people.len()];
    content.articles.iter().for_each(|article| written[article.author] += 1);
    let joined =
        content.articles.iter().map(|article| article.published_at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let rows = content.people.iter().enumerate().map(|(position, person)| {
        let (id, user) = (profile(position), first_user + position as i64);
        params![id, user, person.name, person.username, person.bio, "", written[position], joined].to_vec()
    });
    insert_many(
        tx,
        "blog_profile",
        "id, user_id, name, slug, bio, website, article_count, created_at",
        rows,
        &|count| bar.inc(count),
    )
    .await?;
    articles(tx, content, &profile, bar).await?;
    let rows = content.comments.iter().zip(1_i64..).map(|(comment, id)| {
        let parent = comment.parent.map(|parent| parent as i64 + 1);
        let (article, author) = (comment.article as i64 + 1, profile(comment.author));
        params![id, article, author, parent, comment.body, comment.created_at].to_vec()
    });
    insert_many(
        tx,
        "blog_comment",
        "id, article_id, author_id, parent_id, body, created_at",
        rows,
        &|count| bar.inc(count),
    )
    .await?;
    let rows = content
        .ratings
        .iter()
        .map(|rating| params![rating.article as i64 + 1, profile(rating.person), rating.value].to_vec());
    insert_many(tx, "blog_rating", "article_id, profile_id, value", rows, &|count| bar.inc(count)).await?;
    const COUNT: &str = "UPDATE blog_counter SET value = ? WHERE name = ?";
    tx.execute(COUNT, params![content.articles.len() as i64, PUBLISHED_ARTICLES]).await?;
    Ok(())
}

/// The tables of articles and comments are empty, so their numbers begin with 1.
async fn articles(
    tx: &mut Transaction,
    content: &Content,
    profile: &impl Fn(usize) -> i64,
    bar: &ProgressBar,
) -> Result<()> {
    let mut counts = vec![Counts::default(); content.articles.len()];
    content.comments.iter().for_each(|comment| counts[comment.article].comments += 1);
    for rating in &content.ratings {
        counts[rating.article].ratings += 1;
        counts[rating.article].stars += rating.value;
    }
    let columns = "id, author_id, title, slug, excerpt, reading_minutes, created_at, updated_at, published_at, \
                   comment_count, rating_count, rating_sum, rating_score, body";
    let rows = content.articles.iter().zip(counts).zip(1_i64..).map(|((article, counts), id)| {
        let (at, minutes) = (article.published_at, markup::reading_minutes(&article.body));
        let Counts { comments, ratings, stars } = counts;
        let score = score(ratings, stars);
        let (author, body) = (profile(article.author), &article.body);
        params![
            id,
            author,
            article.title,
            article.slug,
            article.excerpt,
            minutes,
            at,
            at,
            at,
            comments,
            ratings,
            stars,
            score,
            body
        ]
        .to_vec()
    });
    insert_many(tx, "blog_article", columns, rows, &|count| bar.inc(count)).await
}

async fn next_id(tx: &mut Transaction, sql: &str) -> Result<i64> {
    let highest: Option<(Option<i64>,)> = tx.query_optional(sql, &[]).await?;
    Ok(highest.and_then(|(highest,)| highest).unwrap_or(0) + 1)
}
