//! Articles and comments as templates see them.

use std::collections::HashMap;

use minijinja::Value;

use super::markup;
use super::models::{Card, Comment, Found, tree};
use manage::template_object;
use manage::timezone;
use manage::urls::Site;

/// Deepest level that pages indent.
const MAX_LEVEL: usize = 6;

/// How addresses of articles and authors begin. Their last parts are made of safe characters only, so that they are
/// put together here faster than by name.
pub(super) struct Addresses {
    articles: String,
    authors: String,
}

impl Addresses {
    pub(super) fn of(site: &Site) -> Self {
        let base = |name: &str| site.url(name, &["_"]).trim_end_matches("_/").to_owned();
        Self { articles: base("blog:article_detail"), authors: base("blog:author_detail") }
    }

    pub(super) fn article(&self, slug: &str) -> Value {
        Value::from_safe_string(joined(&self.articles, slug))
    }

    pub(super) fn author(&self, slug: &str) -> Value {
        Value::from_safe_string(joined(&self.authors, slug))
    }
}

fn joined(base: &str, slug: &str) -> String {
    let mut address = String::with_capacity(base.len() + slug.len() + 1);
    address.push_str(base);
    address.push_str(slug);
    address.push('/');
    address
}

/// An article as templates see it.
#[derive(Debug)]
struct CardView {
    url: Value,
    slug: Value,
    title: Value,
    excerpt: Value,
    author_name: Value,
    author_url: Value,
    published_iso: Value,
    published: Value,
    rating: Value,
    rating_percent: i64,
    rating_count: i64,
    comment_count: i64,
    reading_minutes: i64,
    body: Value,
    author_bio: Value,
    share_url: Value,
    canonical_url: Value,
}

template_object!(CardView {
    url,
    slug,
    title,
    excerpt,
    author_name,
    author_url,
    published_iso,
    published,
    rating,
    rating_percent,
    rating_count,
    comment_count,
    reading_minutes,
    body,
    author_bio,
    share_url,
    canonical_url,
});

fn card_view(addresses: &Addresses, card: &Card) -> CardView {
    let rating = card.rating();
    CardView {
        url: addresses.article(&card.slug),
        slug: Value::from(card.slug.as_str()),
        title: Value::from(card.title.as_str()),
        excerpt: Value::from(card.excerpt.as_str()),
        author_name: Value::from(card.author_name.as_str()),
        author_url: addresses.author(&card.author_slug),
        published_iso: Value::from(timezone::iso(card.published_at)),
        published: Value::from(timezone::long_date(card.published_at)),
        rating: rating.map_or(Value::from(()), |average| Value::from(format!("{average:.1}"))),
        // Stars are drawn in steps of a quarter.
        rating_percent: rating.map_or(0, |average| (average * 4.0).round() as i64 * 5),
        rating_count: card.rating_count,
        comment_count: card.comment_count,
        reading_minutes: card.reading_minutes,
        body: Value::from(()),
        author_bio: Value::from(()),
        share_url: Value::from(()),
        canonical_url: Value::from(()),
    }
}

/// A list's articles.
pub(super) fn cards(addresses: &Addresses, cards: &[Card]) -> Value {
    cards.iter().map(|card| Value::from_object(card_view(addresses, card))).collect()
}

/// What a search found, with the words marked.
pub(super) fn found(addresses: &Addresses, found: &[Found], words: &[String]) -> Value {
    let view = |found: &Found| {
        let html = markup::highlighted(&markup::plain_text(&found.body), words);
        Value::from_object(CardView {
            excerpt: Value::from_safe_string(html),
            ..card_view(addresses, &found.card)
        })
    };
    found.iter().map(view).collect()
}

/// An article's page needs more of it.
pub(super) struct Details {
    pub(super) body: String,
    pub(super) author_bio: String,
    pub(super) share_url: String,
    pub(super) canonical_url: String,
}

/// The article of its own page.
pub(super) fn article(addresses: &Addresses, card: &Card, details: Details) -> Value {
    Value::from_object(CardView {
        body: Value::from_safe_string(details.body),
        author_bio: Value::from(details.author_bio),
        share_url: Value::from(details.share_url),
        canonical_url: Value::from(details.canonical_url),
        ..card_view(addresses, card)
    })
}

/// A comment as templates see it.
#[derive(Debug)]
struct CommentView {
    id: i64,
    level: usize,
    parent_id: Option<i64>,
    parent_name: Value,
    author_name: Value,
    author_url: Value,
    created_iso: Value,
    created: Value,
    body: Value,
}

template_object!(CommentView {
    id,
    level,
    parent_id,
    parent_name,
    author_name,
    author_url,
    created_iso,
    created,
    body,
});

/// An article's comments in the order of reading.
pub(super) fn comments(addresses: &Addresses, comments: &[Comment]) -> Value {
    let mut authors: HashMap<i64, (Value, Value)> = HashMap::new();
    for comment in comments {
        authors.entry(comment.author_id).or_insert_with(|| {
            (Value::from(comment.author_name.as_str()), addresses.author(&comment.author_slug))
        });
    }
    let author_of: HashMap<i64, i64> =
        comments.iter().map(|comment| (comment.id, comment.author_id)).collect();
    let name = |author: &i64| authors.get(author).map(|(name, _)| name.clone()).unwrap_or_default();
    let view = |(position, level): (usize, usize)| {
        let comment = &comments[position];
        let answered = comment.parent_id.and_then(|parent| author_of.get(&parent));
        Value::from_object(CommentView {
            id: comment.id,
            level: level.min(MAX_LEVEL),
            parent_id: answered.and(comment.parent_id),
            parent_name: answered.map(name).unwrap_or_default(),
            author_name: name(&comment.author_id),
            author_url: authors.get(&comment.author_id).map(|(_, url)| url.clone()).unwrap_or_default(),
            created_iso: Value::from(timezone::iso(comment.created_at)),
            created: Value::from(timezone::long_moment(comment.created_at)),
            body: Value::from_safe_string(markup::comment_html(&comment.body)),
        })
    };
    tree(comments).into_iter().map(view).collect()
}
