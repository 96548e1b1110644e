//! What readers say: comments and ratings.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use super::article_page::{Shown, show};
use crate::blog::forms::{CommentForm, GONE, stars};
use crate::blog::models::{self, Article, ArticlePage, CommentError, NewComment, Profile};
use manage::contrib::auth::{CurrentUser, User, permissions};
use manage::crypto;
use manage::http::{FormData, HttpError, ViewResult, redirect};
use manage::urls::Site;
use manage::views::{Context, Form, Path};

/// Posts a comment or a reply. `POST /articles/{slug}/comments/`
pub(in crate::blog) async fn comment_create(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    context: Context,
    user: CurrentUser,
    Form(data): Form,
) -> ViewResult {
    let url = site.url("blog:article_detail", &[&slug]);
    let (user, article_id, author) = allowed(&site, &slug, user, "blog.add_comment").await?;
    let database = site.project.database_of("blog")?;
    let mut form = CommentForm::bind(&data);
    if form.errors.is_empty() {
        let submission = submission(&data, &author, article_id, &form);
        let new = NewComment {
            article_id,
            author_id: author.id,
            parent_id: form.parent,
            body: &form.body,
            submission: submission.as_deref(),
        };
        match new.post(database).await {
            Ok(id) => return Ok(redirect(&format!("{url}#c{id}"))),
            Err(CommentError::NoParent) => form.errors.add("parent", GONE),
            Err(CommentError::Database(error)) => return Err(error.into()),
        }
        // A reply form cannot be opened at a comment that is not there.
        form.parent = None;
    }
    let found = ArticlePage::by_slug(database, &slug).await?.ok_or(HttpError::NotFound)?;
    let shown = Shown { status: StatusCode::BAD_REQUEST, form: Some(form) };
    show(&site, &context, found, CurrentUser(Some(user)), shown).await
}

/// Rates an article, or changes one's rating. `POST /articles/{slug}/rating/`
pub(in crate::blog) async fn rate(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    user: CurrentUser,
    Form(data): Form,
) -> ViewResult {
    let url = site.url("blog:article_detail", &[&slug]);
    let (_, article_id, profile) = allowed(&site, &slug, user, "blog.add_rating").await?;
    let value = stars(&data).ok_or(HttpError::BadRequest("a rating that is not from 1 to 5"))?;
    models::rate(site.project.database_of("blog")?, article_id, profile.id, value).await?;
    Ok(redirect(&format!("{url}#rating")))
}

/// The person, the number of the article and the person's profile, when the person may do what is asked for.
async fn allowed(
    site: &Site,
    slug: &str,
    user: CurrentUser,
    permission: &str,
) -> Result<(Arc<User>, i64, Profile), HttpError> {
    let user = user.or_login(Some(site.url("blog:article_detail", &[slug])))?;
    let database = site.project.database_of("blog")?;
    let article_id = Article::id_by_slug(database, slug).await?.ok_or(HttpError::NotFound)?;
    if !permissions(&site.project, &user).await?.has(permission) {
        return Err(HttpError::PermissionDenied);
    }
    let profile = Profile::get_or_create(&site.project, user.id, &user.username).await?;
    Ok((user, article_id, profile))
}

/// Names what was typed into one form: its token is different every time a page is made.
fn submission(data: &FormData, author: &Profile, article_id: i64, form: &CommentForm) -> Option<String> {
    let token = data.get("csrfmiddlewaretoken")?;
    let text = format!("{token} {} {article_id} {:?} {}", author.id, form.parent, form.body);
    Some(crypto::sha256_hex(text.as_bytes()))
}
