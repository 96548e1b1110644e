//! The blog's tables, whole. Pages read what they need of them; see the files beside this one.

use jiff::Timestamp;

use manage::db::models::{Model, Registry};

/// A person as the blog knows them. The account lives in another database, so `user_id` is a plain number.
#[derive(Debug, Clone, Model)]
#[model(app = "blog", index(name = "blog_profile_name", fields = "name, id, article_count"))]
pub(super) struct Profile {
    /// Its number.
    pub id: i64,
    /// Number of the account.
    #[field(unique)]
    pub user_id: i64,
    /// The public name.
    #[field(max_length = 150)]
    pub name: String,
    /// The public name in addresses.
    #[field(max_length = 160, unique)]
    pub slug: String,
    /// What the person says of themselves.
    #[field(default = "")]
    pub bio: String,
    /// The person's own site.
    #[field(type = "Url", default = "")]
    pub website: String,
    /// How many articles of theirs are published.
    #[field(type = "PositiveInteger", default = 0)]
    pub article_count: i64,
    /// When the blog first met them.
    pub created_at: Timestamp,
}

/// An article. `body` is the last column: lists read the others without touching its pages.
#[derive(Debug, Clone, Model)]
#[model(app = "blog", ordering = "-published_at, -id")]
#[model(index(name = "blog_article_newest", fields = "-published_at, -id"))]
#[model(index(name = "blog_article_author", fields = "author, -published_at, -id"))]
#[model(index(name = "blog_article_best", fields = "-rating_score, -published_at, -id"))]
pub(super) struct Article {
    /// Its number.
    pub id: i64,
    /// Who wrote it.
    #[field(references = "blog.Profile", on_delete = "PROTECT", db_index = false)]
    pub author_id: i64,
    /// Shown in lists and in the page's title.
    #[field(max_length = 200)]
    pub title: String,
    /// Last part of its address.
    #[field(max_length = 220, unique)]
    pub slug: String,
    /// Shown in lists.
    #[field(max_length = 300, default = "")]
    pub excerpt: String,
    /// How long reading takes.
    #[field(type = "PositiveSmallInteger", default = 1)]
    pub reading_minutes: i64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// From when readers see it; none: a draft.
    pub published_at: Option<Timestamp>,
    /// How many comments it has.
    #[field(type = "PositiveInteger", default = 0)]
    pub comment_count: i64,
    /// How many ratings it has.
    #[field(type = "PositiveInteger", default = 0)]
    pub rating_count: i64,
    /// Their sum.
    #[field(type = "PositiveInteger", default = 0)]
    pub rating_sum: i64,
    /// Their mean in thousandths, to sort by.
    #[field(type = "PositiveInteger", default = 0)]
    pub rating_score: i64,
    /// Clean HTML.
    pub body: String,
}

/// A comment or a reply to one.
#[derive(Debug, Clone, Model)]
#[model(app = "blog", index(name = "blog_comment_article", fields = "article, id"))]
pub(super) struct Comment {
    /// Its number; comments are read in this order.
    pub id: i64,
    /// What it is about.
    #[field(references = "blog.Article", on_delete = "CASCADE", db_index = false)]
    pub article_id: i64,
    /// Who wrote it.
    #[field(references = "blog.Profile", on_delete = "PROTECT")]
    pub author_id: i64,
    /// What it answers.
    #[field(references = "self", on_delete = "CASCADE")]
    pub parent_id: Option<i64>,
    /// Plain text.
    pub body: String,
    /// When it was posted.
    pub created_at: Timestamp,
    /// A digest of the form it came from, so that a double click posts one comment.
    #[field(max_length = 64, unique)]
    pub submission: Option<String>,
}

/// Somebody's stars for an article.
#[derive(Debug, Clone, Model)]
#[model(app = "blog", unique(name = "blog_rating_once", fields = "article, profile"))]
#[model(check(name = "blog_rating_value", sql = "value BETWEEN 1 AND 5"))]
pub(super) struct Rating {
    /// Its number.
    pub id: i64,
    /// What is rated.
    #[field(references = "blog.Article", on_delete = "CASCADE", db_index = false)]
    pub article_id: i64,
    /// Who rates.
    #[field(references = "blog.Profile", on_delete = "CASCADE")]
    pub profile_id: i64,
    /// 1 to 5.
    #[field(type = "PositiveSmallInteger")]
    pub value: i64,
}

/// A number that pages show and that would be slow to count.
#[derive(Debug, Clone, Model)]
#[model(app = "blog")]
pub(super) struct Counter {
    /// What is counted.
    #[field(max_length = 40, primary_key)]
    pub name: String,
    /// The number.
    #[field(default = 0)]
    pub value: i64,
}

/// Registers all of them.
pub(crate) fn register(models: &mut Registry) {
    for model in [Profile::state(), Article::state(), Comment::state(), Rating::state(), Counter::state()] {
        models.register(model);
    }
}
