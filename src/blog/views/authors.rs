//! Authors.

use std::sync::Arc;

use axum::extract::State;
use minijinja::{Value, context};

use super::article_page::share_url;
use super::paging::Page;
use crate::blog::BlogSettings;
use crate::blog::cards::{self, Addresses};
use crate::blog::models::{Listing, Profile, Sort, author_list as authors_from};
use manage::contrib::auth::CurrentUser;
use manage::http::{HttpError, ViewResult, redirect};
use manage::text;
use manage::urls::Site;
use manage::views::{Context, Path, page};

/// Authors on a page of their list.
const AUTHORS: i64 = 25;

/// Everybody who has published something. `GET /authors/`
pub(in crate::blog) async fn author_list(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let wanted = Page::of(&context.query()?, AUTHORS)?;
    let database = site.project.database_of("blog")?;
    let mut authors = authors_from(database, AUTHORS + 1, wanted.offset()).await?;
    if authors.is_empty() && wanted.number > 1 {
        return Err(HttpError::NotFound);
    }
    let has_next = authors.len() as i64 > AUTHORS;
    authors.truncate(AUTHORS as usize);
    let addresses = Addresses::of(&site);
    let shown: Value = authors
        .iter()
        .map(|author| {
            context! {
                url => addresses.author(&author.slug),
                name => author.name.as_str(),
                bio => text::truncate(&author.bio, 200),
                article_count => author.article_count,
            }
        })
        .collect();
    let page_value = wanted.to_value(None, has_next, context.uri.path(), &[]);
    page(&site, &context, "blog/author_list.html", context! { authors => shown, page => page_value })
}

/// An author and the articles. `GET /authors/{slug}/`
pub(in crate::blog) async fn author_detail(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    context: Context,
) -> ViewResult {
    let settings = site.project.settings.app::<BlogSettings>();
    let wanted = Page::of(&context.query()?, settings.page_size)?;
    let database = site.project.database_of("blog")?;
    let author = Profile::by_slug(database, &slug).await?.ok_or(HttpError::NotFound)?;
    let listing = Listing::of_author(database, &author, Sort::Newest, wanted.size, wanted.offset()).await?;
    wanted.check(listing.total)?;
    let pages = wanted.pages(listing.total);
    let addresses = Addresses::of(&site);
    let url = addresses.author(&author.slug);
    let share = share_url(&author.name, &format!("{}{url}", context.info.origin()));
    let names = context! {
        author => context! {
            name => author.name.as_str(),
            bio => author.bio.as_str(),
            url => url,
            share_url => share,
            article_count => author.article_count,
        },
        articles => cards::cards(&addresses, &listing.cards),
        page => wanted.to_value(Some(pages), wanted.number < pages, context.uri.path(), &[]),
    };
    page(&site, &context, "blog/author_detail.html", names)
}

/// One's own profile. `GET /profile/`
pub(in crate::blog) async fn profile(State(site): State<Arc<Site>>, user: CurrentUser) -> ViewResult {
    let user = user.or_login(None)?;
    let profile = Profile::get_or_create(&site.project, user.id, &user.username).await?;
    Ok(redirect(&site.url("blog:author_detail", &[&profile.slug])))
}
