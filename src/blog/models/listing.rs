//! Lists of articles, page by page.
//!
//! A page's ids come from an index that holds everything the order needs; only then are the rows read. How many
//! articles there are is kept in a row, so nothing is counted.

use super::article::{Card, card_columns};
use super::profile::Profile;
use manage::db::backends::base::Statement;
use manage::db::{Database, FromRow as _, Result, params};
use manage::timezone;

/// The row of `blog_counter` that holds the number of published articles.
pub const PUBLISHED_ARTICLES: &str = "published_articles";

/// In which order articles come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The last published first.
    #[default]
    Newest,
    /// The first published first.
    Oldest,
    /// By the author's name.
    Author,
    /// By the author's name, from the end of the alphabet.
    AuthorBackwards,
    /// The best rated first.
    Rating,
}

impl Sort {
    /// All of them with the words of the address and of the page.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Newest, "newest", "Newest"),
        (Self::Oldest, "oldest", "Oldest"),
        (Self::Author, "author", "Author A–Z"),
        (Self::AuthorBackwards, "-author", "Author Z–A"),
        (Self::Rating, "rating", "Best rated"),
    ];

    /// The order that the address names.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word, _)| *word == name).map(|(sort, ..)| *sort)
    }

    /// The order within one author's articles, as SQL.
    fn within_author(self) -> Self {
        match self {
            Self::Author | Self::AuthorBackwards => Self::Newest,
            other => other,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Its articles.
    pub cards: Vec<Card>,
    /// Articles on all pages together.
    pub total: i64,
}

/// The statement for one order: ids from the index, then their rows in the same order.
macro_rules! ordered {
    ($where:literal, $inner:literal, $outer:literal) => {
        concat!(
            "SELECT ",
            card_columns!(),
            " FROM (SELECT id FROM blog_article WHERE ",
            $where,
            "published_at <= ? ORDER BY ",
            $inner,
            " LIMIT ? OFFSET ?) AS page JOIN blog_article a ON a.id = page.id \
             JOIN blog_profile p ON p.id = a.author_id ORDER BY ",
            $outer
        )
    };
}

const NEWEST: &str = ordered!("", "published_at DESC, id DESC", "a.published_at DESC, a.id DESC");
const OLDEST: &str = ordered!("", "published_at, id", "a.published_at, a.id");
const RATING: &str = ordered!(
    "",
    "rating_score DESC, published_at DESC, id DESC",
    "a.rating_score DESC, a.published_at DESC, a.id DESC"
);
const OF_AUTHOR_NEWEST: &str =
    ordered!("author_id = ? AND ", "published_at DESC, id DESC", "a.published_at DESC, a.id DESC");
const OF_AUTHOR_OLDEST: &str = ordered!("author_id = ? AND ", "published_at, id", "a.published_at, a.id");
const OF_AUTHOR_RATING: &str = ordered!(
    "author_id = ? AND ",
    "rating_score DESC, published_at DESC, id DESC",
    "a.rating_score DESC, a.published_at DESC, a.id DESC"
);
const TOTAL: &str = "SELECT value FROM blog_counter WHERE name = ?";

/// How many articles are published.
///
/// # Errors
/// Those of the database.
pub async fn published_count(database: &Database) -> Result<i64> {
    let row: Option<(i64,)> = database.query_optional(TOTAL, params![PUBLISHED_ARTICLES]).await?;
    Ok(row.map_or(0, |(count,)| count))
}

impl Listing {
    /// All articles: `limit` of them after the first `offset`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(database: &Database, sort: Sort, limit: i64, offset: i64) -> Result<Self> {
        let sql = match sort {
            Sort::Newest => NEWEST,
            Sort::Oldest => OLDEST,
            Sort::Rating => RATING,
            Sort::Author | Sort::AuthorBackwards => return by_author(database, sort, limit, offset).await,
        };
        let answers = database
            .query_all(&[
                Statement { sql, params: params![timezone::now(), limit, offset] },
                Statement { sql: TOTAL, params: params![PUBLISHED_ARTICLES] },
            ])
            .await?;
        let mut answers = answers.into_iter();
        let rows = answers.next().unwrap_or_default();
        let total = answers.next().and_then(|rows| rows.into_iter().next());
        let total = total.map(|mut row| row.take(0)).transpose()?.unwrap_or_default();
        Ok(Self { cards: rows.into_iter().map(Card::from_row).collect::<Result<_>>()?, total })
    }

    /// One author's articles.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of_author(
        database: &Database,
        author: &Profile,
        sort: Sort,
        limit: i64,
        offset: i64,
    ) -> Result<Self> {
        let cards = cards_of(database, author.id, sort, limit, offset).await?;
        Ok(Self { cards, total: author.article_count })
    }
}

async fn cards_of(
    database: &Database,
    author: i64,
    sort: Sort,
    limit: i64,
    offset: i64,
) -> Result<Vec<Card>> {
    let sql = match sort.within_author() {
        Sort::Oldest => OF_AUTHOR_OLDEST,
        Sort::Rating => OF_AUTHOR_RATING,
        _ => OF_AUTHOR_NEWEST,
    };
    database.query(sql, params![author, timezone::now(), limit, offset]).await
}

/// Finds by the authors' own counts where the page begins, and reads the articles of those authors alone.
async fn by_author(database: &Database, sort: Sort, limit: i64, offset: i64) -> Result<Listing> {
    const AUTHORS: &str =
        "SELECT id, article_count FROM blog_profile WHERE article_count > 0 ORDER BY name, id";
    let mut authors: Vec<(i64, i64)> = database.query(AUTHORS, &[]).await?;
    if sort == Sort::AuthorBackwards {
        authors.reverse();
    }
    let mut listing = Listing { cards: Vec::new(), total: authors.iter().map(|(_, count)| count).sum() };
    let mut skip = offset;
    for (author, count) in authors {
        let missing = limit - listing.cards.len() as i64;
        if missing == 0 {
            break;
        }
        if skip >= count {
            skip -= count;
            continue;
        }
        listing.cards.extend(cards_of(database, author, Sort::Newest, missing, skip).await?);
        skip = 0;
    }
    Ok(listing)
}

/// The people who have published something, by name: `limit` of them after the first `offset`.
///
/// # Errors
/// Those of the database.
pub async fn author_list(database: &Database, limit: i64, offset: i64) -> Result<Vec<Profile>> {
    const SQL: &str = "SELECT p.id, p.user_id, p.name, p.slug, p.bio, p.article_count FROM (SELECT id FROM blog_profile \
                       WHERE article_count > 0 ORDER BY name, id LIMIT ? OFFSET ?) AS page \
                       JOIN blog_profile p ON p.id = page.id ORDER BY p.name, p.id";
    database.query(SQL, params![limit, offset]).await
}
