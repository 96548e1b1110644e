//! Puts content into the databases: many rows in each statement, one transaction for each database.

use indicatif::ProgressBar;
use jiff::Timestamp;

use super::content::Content;
use crate::blog::markup;
use crate::blog::models::PUBLISHED_ARTICLES;
use crate::blog::models::score;
use manage::db::backends::base::Dialects;
use manage::db::{Database, Executor, Result, Transaction, Value, params};
use manage::setup::Project;

/// Most rows in one statement.
const ROWS: usize = 200;

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
    const SEQUENCE: Dialects = Dialects {
        postgresql: "SELECT setval(pg_get_serial_sequence('auth_user', 'id'), (SELECT MAX(id) FROM auth_user))",
        mysql: "SELECT 1",
        sqlite: "SELECT 1",
    };
    let joined =
        content.articles.iter().map(|article| article.published_at).min().unwrap_or(Timestamp::UNIX_EPOCH);
    let first = database
        .atomic(async |tx: &mut Transaction| {
            // A run that was killed between the two databases has left the people already, all or none.
            const FOUND: &str = "SELECT id FROM auth_user WHERE username = ?";
            let names = [content.people.first(), content.people.last()].map(|person| person.map(|person| &person.username));
            let first: Option<(i64,)> = tx.query_optional(FOUND, params![names[0]]).await?;
            let last: Option<(i64,)> = tx.query_optional(FOUND, params![names[1]]).await?;
            if let (Some((first,)), Some((last,))) = (first, last)
                && last - first + 1 == content.people.len() as i64
            {
                return Ok(first);
            }
            let first = next_id(tx, "SELECT MAX(id) FROM auth_user").await?;
            let columns = "id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined";
            let rows = content.people.iter().zip(first..).map(|(person, id)| {
                let email = format!("{}@example.test", person.username);
                params![id, password, false, person.username, "", "", email, false, true, joined].to_vec()
            });
            insert(tx, "auth_user", columns, rows, bar).await?;
            let groups: Vec<(i64, String)> = tx.query("SELECT id, name FROM auth_group", &[]).await?;
            let group = |name: &str| groups.iter().find(|(_, found)| found == name).map(|(id, _)| *id);
            let (writer, traveller) = (group("writer"), group("traveller"));
            let member = |is_writer: bool| if is_writer { writer } else { traveller };
            let members = content.people.iter().zip(first..);
            let rows = members.filter_map(|(person, id)| Some(params![id, member(person.is_writer)?].to_vec()));
            insert(tx, "auth_user_groups", "user_id, group_id", rows, bar).await?;
            Ok::<_, manage::db::Error>(first)
        })
        .await?;
    database.query::<manage::db::Row>(SEQUENCE.get(database.dialect()), &[]).await?;
    Ok(first)
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
    insert(tx, "blog_profile", "id, user_id, name, slug, bio, website, article_count, created_at", rows, bar)
        .await?;
    articles(tx, content, &profile, bar).await?;
    let rows = content.comments.iter().zip(1_i64..).map(|(comment, id)| {
        let parent = comment.parent.map(|parent| parent as i64 + 1);
        let (article, author) = (comment.article as i64 + 1, profile(comment.author));
        params![id, article, author, parent, comment.body, comment.created_at].to_vec()
    });
    insert(tx, "blog_comment", "id, article_id, author_id, parent_id, body, created_at", rows, bar).await?;
    let rows = content
        .ratings
        .iter()
        .map(|rating| params![rating.article as i64 + 1, profile(rating.person), rating.value].to_vec());
    insert(tx, "blog_rating", "article_id, profile_id, value", rows, bar).await?;
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
    insert(tx, "blog_article", columns, rows, bar).await
}

async fn next_id(tx: &mut Transaction, sql: &str) -> Result<i64> {
    let highest: Option<(Option<i64>,)> = tx.query_optional(sql, &[]).await?;
    Ok(highest.and_then(|(highest,)| highest).unwrap_or(0) + 1)
}

/// Inserts rows, many at once.
async fn insert(
    tx: &mut Transaction,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = Vec<Value>>,
    bar: &ProgressBar,
) -> Result<()> {
    let width = columns.split(',').count();
    let most = ROWS.min(Executor::backend(&&mut *tx).features().max_params / width);
    let mut rows = rows.peekable();
    let marks = format!("({})", vec!["?"; width].join(", "));
    while rows.peek().is_some() {
        let values: Vec<Value> = rows.by_ref().take(most).flatten().collect();
        let count = values.len() / width;
        let sql =
            format!("INSERT INTO {table} ({columns}) VALUES {}", vec![marks.as_str(); count].join(", "));
        tx.execute(&sql, &values).await?;
        bar.inc(count as u64);
    }
    Ok(())
}
