//! Articles as programs get them.

use serde::Serialize;

use super::models::Card;
use manage::timezone;
use manage::urls::Site;

/// A page of `/api/v1/articles/`.
#[derive(Serialize)]
pub(super) struct ArticleList<'a> {
    count: i64,
    page: i64,
    pages: i64,
    results: Vec<Article<'a>>,
}

#[derive(Serialize)]
struct Article<'a> {
    id: i64,
    slug: &'a str,
    title: &'a str,
    summary: &'a str,
    url: String,
    published_at: String,
    author: Author<'a>,
    rating_avg: Option<f64>,
    comment_count: i64,
}

#[derive(Serialize)]
struct Author<'a> {
    username: &'a str,
    display_name: &'a str,
}

/// The JSON of a page.
///
/// # Errors
/// None that can occur: every value has a form in JSON.
pub(super) fn article_list(
    site: &Site,
    cards: &[Card],
    count: i64,
    page: i64,
    pages: i64,
) -> serde_json::Result<String> {
    let article = |card| {
        let Card { id, slug, title, excerpt, comment_count, author_name, author_slug, .. }: &Card = card;
        Article {
            id: *id,
            slug,
            title,
            summary: excerpt,
            url: site.url("blog:article_detail", &[slug]),
            published_at: timezone::iso(card.published_at),
            author: Author { username: author_slug, display_name: author_name },
            rating_avg: card.rating(),
            comment_count: *comment_count,
        }
    };
    serde_json::to_string(&ArticleList { count, page, pages, results: cards.iter().map(article).collect() })
}
