//! An article's page, as it is read and as a failed comment shows it again.

use http::StatusCode;
use minijinja::{Value, context};

use crate::blog::cards::{self, Addresses, Details};
use crate::blog::forms::CommentForm;
use crate::blog::models::{ArticlePage, Neighbour};
use manage::contrib::auth::{self, CurrentUser};
use manage::db::{Database, Result, params};
use manage::http::ViewResult;
use manage::urls::Site;
use manage::views::{Context, encoded, page};

/// How the page is shown.
pub(super) struct Shown {
    pub(super) status: StatusCode,
    /// A comment that could not be posted.
    pub(super) form: Option<CommentForm>,
}

/// The page.
///
/// # Errors
/// Those of the databases.
pub(super) async fn show(
    site: &Site,
    context: &Context,
    found: ArticlePage,
    user: CurrentUser,
    shown: Shown,
) -> ViewResult {
    let ArticlePage { article, comments, previous, next } = found;
    let mut rights = (false, false, None);
    if let Some(user) = &user.0 {
        let granted = auth::permissions(&site.project, user).await?;
        let rating = my_rating(site.project.database_of("blog")?, article.card.id, user.id).await?;
        rights = (granted.has("blog.add_comment"), granted.has("blog.add_rating"), rating);
    }
    let (can_comment, can_rate, my_rating) = rights;
    let addresses = Addresses::of(site);
    let canonical_url = format!("{}{}", context.info.origin(), addresses.article(&article.card.slug));
    let details = Details {
        share_url: share_url(&article.card.title, &canonical_url),
        body: article.body,
        author_bio: article.author_bio,
        canonical_url,
    };
    let neighbour = |other: Option<Neighbour>| {
        other.map(|other| context! { url => addresses.article(&other.slug), title => other.title })
    };
    let names = context! {
        article => cards::article(&addresses, &article.card, details),
        comments => cards::comments(&addresses, &comments),
        previous => neighbour(previous),
        next => neighbour(next),
        can_comment => can_comment,
        can_rate => can_rate,
        my_rating => my_rating,
        reply_to => shown.form.as_ref().and_then(|form| form.parent),
        comment_form => shown.form.as_ref().map(form_value),
    };
    let mut response = page(site, context, "blog/article_detail.html", names)?;
    *response.status_mut() = shown.status;
    Ok(response)
}

fn form_value(form: &CommentForm) -> Value {
    context! { body => form.body.as_str(), parent => form.parent, errors => form.errors.to_value() }
}

async fn my_rating(database: &Database, article_id: i64, user_id: i64) -> Result<Option<i64>> {
    const SQL: &str = "SELECT r.value FROM blog_profile p JOIN blog_rating r ON r.profile_id = p.id \
                       WHERE p.user_id = ? AND r.article_id = ?";
    let row: Option<(i64,)> = database.query_optional(SQL, params![user_id, article_id]).await?;
    Ok(row.map(|(value,)| value))
}

/// X's web intent: no key, no script.
pub(super) fn share_url(text: &str, url: &str) -> String {
    format!("https://x.com/intent/post?text={}&url={}", encoded(text), encoded(url).replace('/', "%2F"))
}
