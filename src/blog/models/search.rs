//! Full-text search by each database's own means.

use super::article::{Card, card_columns};
use manage::db::backends::base::Dialects;
use manage::db::{Database, FromRow, Result, Row, params};
use manage::timezone;

/// An article that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// What lists show.
    pub card: Card,
    /// Its text, to find the words in.
    pub body: String,
}

impl FromRow for Found {
    fn from_row(mut row: Row) -> Result<Self> {
        let body = row.take(11)?;
        Ok(Self { card: Card::from_row(row)?, body })
    }
}

/// Most words of a query: more would only cost time.
const MAX_WORDS: usize = 10;

/// The best matches first. The rank decides, then the number, so that pages do not overlap. Every dialect takes the
/// words twice, the present moment, limit and offset.
const SEARCH: Dialects = Dialects {
    postgresql: concat!(
        "SELECT ",
        card_columns!(),
        ", a.body FROM (SELECT id, ts_rank(search, plainto_tsquery('english', ?)) AS score FROM blog_article \
         WHERE search @@ plainto_tsquery('english', ?) AND published_at <= ? \
         ORDER BY score DESC, id DESC LIMIT ? OFFSET ?) AS page \
         JOIN blog_article a ON a.id = page.id JOIN blog_profile p ON p.id = a.author_id \
         ORDER BY page.score DESC, a.id DESC"
    ),
    mysql: concat!(
        "SELECT ",
        card_columns!(),
        ", a.body FROM (SELECT id, MATCH (title, body) AGAINST (CONCAT('+', REPLACE(?, ' ', ' +')) IN BOOLEAN MODE) \
         AS score FROM blog_article \
         WHERE MATCH (title, body) AGAINST (CONCAT('+', REPLACE(?, ' ', ' +')) IN BOOLEAN MODE) AND published_at <= ? \
         ORDER BY score DESC, id DESC LIMIT ? OFFSET ?) AS page \
         JOIN blog_article a ON a.id = page.id JOIN blog_profile p ON p.id = a.author_id \
         ORDER BY page.score DESC, a.id DESC"
    ),
    sqlite: concat!(
        "SELECT ",
        card_columns!(),
        ", a.body FROM (SELECT f.rowid AS id, f.rank AS score FROM blog_article_fts f \
         WHERE ? <> '' AND blog_article_fts MATCH ? \
         AND f.rowid IN (SELECT id FROM blog_article WHERE published_at <= ? AND id = f.rowid) \
         ORDER BY f.rank LIMIT ? OFFSET ?) AS page \
         JOIN blog_article a ON a.id = page.id JOIN blog_profile p ON p.id = a.author_id \
         ORDER BY page.score, a.id DESC"
    ),
};

/// The words that a search looks for: letters and digits only, so that no database takes one for an operator.
pub fn words(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(MAX_WORDS).map(str::to_lowercase).collect()
}

/// Words that full-text indexes leave out (those of InnoDB, which finds nothing when one of them is asked for).
const STOP_WORDS: [&str; 35] = [
    "a", "about", "an", "are", "as", "at", "be", "by", "com", "de", "en", "for", "from", "how", "i", "in",
    "is", "it", "la", "of", "on", "or", "that", "the", "this", "to", "was", "what", "when", "where", "who",
    "will", "with", "und", "www",
];

/// The words that decide: without those that are too common or too short to be in every index, unless all are.
fn telling(words: &[String]) -> Vec<&str> {
    let is_telling = |word: &&str| word.chars().count() >= 3 && !STOP_WORDS.contains(word);
    let all = || words.iter().map(String::as_str);
    let telling: Vec<&str> = all().filter(is_telling).collect();
    if telling.is_empty() { all().collect() } else { telling }
}

/// The articles that hold all `words`, best first: `limit` of them after the first `offset`.
///
/// # Errors
/// Those of the database.
pub async fn search(database: &Database, words: &[String], limit: i64, offset: i64) -> Result<Vec<Found>> {
    let (text, now) = (telling(words).join(" "), timezone::now());
    database.query(SEARCH.get(database.dialect()), params![text, text, now, limit, offset]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_do_not_decide() {
        assert_eq!(telling(&words("the soup of it")), ["soup"]);
        assert_eq!(telling(&words("to be")), ["to", "be"]);
    }

    #[test]
    fn operators_are_no_words() {
        assert_eq!(words("\"Lyon\" OR (a* NEAR/2 b) -c"), ["lyon", "or", "a", "near", "2", "b", "c"]);
        assert_eq!(words("*** --"), Vec::<String>::new());
        assert_eq!(words(&"a ".repeat(50)).len(), MAX_WORDS);
    }
}
