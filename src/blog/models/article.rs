//! Articles, as lists show them and as their own page does.

use jiff::Timestamp;

use super::comment::Comment;
use manage::db::backends::base::Statement;
use manage::db::{Database, FromRow, Result, Row, params};
use manage::timezone;

/// The columns of a [`Card`], of `blog_article a` and its author `blog_profile p`.
macro_rules! card_columns {
    () => {
        "a.id, a.slug, a.title, a.excerpt, a.reading_minutes, a.published_at, a.comment_count, a.rating_count, \
         a.rating_sum, p.name, p.slug"
    };
}
pub(super) use card_columns;

/// An article as a list shows it.
#[derive(Debug, Clone)]
pub struct Card {
    /// Its number.
    pub id: i64,
    /// Last part of its address.
    pub slug: String,
    /// Title.
    pub title: String,
    /// A few sentences.
    pub excerpt: String,
    /// Minutes that reading takes.
    pub reading_minutes: i64,
    /// When it was published.
    pub published_at: Timestamp,
    /// Comments.
    pub comment_count: i64,
    /// Ratings.
    pub rating_count: i64,
    /// Stars of all ratings together.
    pub rating_sum: i64,
    /// The author's name.
    pub author_name: String,
    /// Last part of the author's address.
    pub author_slug: String,
}

impl Card {
    fn read(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take(0)?,
            slug: row.take(1)?,
            title: row.take(2)?,
            excerpt: row.take(3)?,
            reading_minutes: row.take(4)?,
            published_at: row.take(5)?,
            comment_count: row.take(6)?,
            rating_count: row.take(7)?,
            rating_sum: row.take(8)?,
            author_name: row.take(9)?,
            author_slug: row.take(10)?,
        })
    }

    /// Average rating, from 1 to 5; none when nobody has rated it.
    pub fn rating(&self) -> Option<f64> {
        (self.rating_count > 0).then(|| self.rating_sum as f64 / self.rating_count as f64)
    }
}

impl FromRow for Card {
    fn from_row(mut row: Row) -> Result<Self> {
        Self::read(&mut row)
    }
}

/// An article with its text.
#[derive(Debug, Clone)]
pub struct Article {
    /// What lists show.
    pub card: Card,
    /// Its text, HTML that was sanitised when it was saved.
    pub body: String,
    /// What its author says about himself or herself.
    pub author_bio: String,
}

impl FromRow for Article {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self { card: Card::read(&mut row)?, author_bio: row.take(11)?, body: row.take(12)? })
    }
}

/// The article before or after another one.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// Last part of its address.
    pub slug: String,
    /// Title.
    pub title: String,
}

impl FromRow for Neighbour {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self { slug: row.take(0)?, title: row.take(1)? })
    }
}

/// Everything that an article's page shows.
#[derive(Debug)]
pub struct ArticlePage {
    /// The article.
    pub article: Article,
    /// Its comments, oldest first.
    pub comments: Vec<Comment>,
    /// The one published before it.
    pub previous: Option<Neighbour>,
    /// The one published after it.
    pub next: Option<Neighbour>,
}

const ARTICLE: &str = concat!(
    "SELECT ",
    card_columns!(),
    ", p.bio, a.body FROM blog_article a JOIN blog_profile p ON p.id = a.author_id \
     WHERE a.slug = ? AND a.published_at <= ?"
);
const COMMENTS: &str = "SELECT c.id, c.parent_id, c.author_id, c.created_at, c.body, p.name, p.slug \
                        FROM blog_comment c JOIN blog_profile p ON p.id = c.author_id \
                        WHERE c.article_id = (SELECT id FROM blog_article WHERE slug = ?) ORDER BY c.id";
const PREVIOUS: &str = "SELECT n.slug, n.title FROM blog_article n JOIN blog_article a ON a.slug = ? \
                        WHERE n.published_at <= a.published_at \
                        AND (n.published_at < a.published_at OR n.id < a.id) \
                        ORDER BY n.published_at DESC, n.id DESC LIMIT 1";
const NEXT: &str = "SELECT n.slug, n.title FROM blog_article n JOIN blog_article a ON a.slug = ? \
                    WHERE n.published_at >= a.published_at AND n.published_at <= ? \
                    AND (n.published_at > a.published_at OR n.id > a.id) \
                    ORDER BY n.published_at, n.id LIMIT 1";

impl ArticlePage {
    /// The page of the published article of this address. One trip to the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_slug(database: &Database, slug: &str) -> Result<Option<Self>> {
        let now = timezone::now();
        let answers = database
            .query_all(&[
                Statement { sql: ARTICLE, params: params![slug, now] },
                Statement { sql: COMMENTS, params: params![slug] },
                Statement { sql: PREVIOUS, params: params![slug] },
                Statement { sql: NEXT, params: params![slug, now] },
            ])
            .await?;
        let mut answers = answers.into_iter();
        let mut rows = || answers.next().unwrap_or_default().into_iter();
        let article = rows().next().map(Article::from_row).transpose()?;
        // Some databases compare without regard to case; a page has one address.
        let Some(article) = article.filter(|article| article.card.slug == slug) else { return Ok(None) };
        Ok(Some(Self {
            article,
            comments: rows().map(Comment::from_row).collect::<Result<_>>()?,
            previous: rows().next().map(Neighbour::from_row).transpose()?,
            next: rows().next().map(Neighbour::from_row).transpose()?,
        }))
    }
}

impl Article {
    /// The number of the published article of this address.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn id_by_slug(database: &Database, slug: &str) -> Result<Option<i64>> {
        const SQL: &str = "SELECT id FROM blog_article WHERE slug = ? AND published_at <= ?";
        let row: Option<(i64,)> = database.query_optional(SQL, params![slug, timezone::now()]).await?;
        Ok(row.map(|(id,)| id))
    }
}
