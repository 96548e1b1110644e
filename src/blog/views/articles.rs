//! The front page and an article's page.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use minijinja::{Value, context};

use super::article_page::{Shown, show};
use super::paging::{Page, address};
use crate::blog::BlogSettings;
use crate::blog::cards::{self, Addresses};
use crate::blog::models::{ArticlePage, Listing, Profile, Sort};
use manage::contrib::auth::CurrentUser;
use manage::http::{HttpError, ViewResult, redirect};
use manage::urls::Site;
use manage::views::{Context, Path, page};

/// The articles, page by page. `GET /`
pub(in crate::blog) async fn index(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let query = context.query()?;
    let search = query.text("q");
    if !search.is_empty() {
        let path = site.url("blog:search", &[]);
        return Ok(redirect(&address(&path, &[("q", search)], None)));
    }
    let settings = site.project.settings.app::<BlogSettings>();
    let wanted = Page::of(&query, settings.page_size)?;
    let sort = query.get("sort").filter(|word| !word.is_empty());
    let sort = sort.map_or(Some(Sort::default()), Sort::named).ok_or(HttpError::NotFound)?;
    let database = site.project.database_of("blog")?;
    let author = match query.text("author") {
        "" => None,
        slug => Some(Profile::by_slug(database, slug).await?.ok_or(HttpError::NotFound)?),
    };
    let listing = match &author {
        Some(author) => Listing::of_author(database, author, sort, wanted.size, wanted.offset()).await?,
        None => Listing::all(database, sort, wanted.size, wanted.offset()).await?,
    };
    wanted.check(listing.total)?;
    let path = context.uri.path();
    let author_slug = author.as_ref().map_or("", |author| author.slug.as_str());
    let kept = [("sort", sort_word(sort)), ("author", author_slug)];
    let addresses = Addresses::of(&site);
    let pages = wanted.pages(listing.total);
    let names = context! {
        heading => "Latest articles",
        articles => cards::cards(&addresses, &listing.cards),
        page => wanted.to_value(Some(pages), wanted.number < pages, path, &kept),
        sorts => sorts(path, sort, author_slug),
        author => author.as_ref().map(|author| context! {
            name => author.name.as_str(),
            url => addresses.author(&author.slug),
            clear_url => address(path, &[("sort", sort_word(sort))], None),
        }),
    };
    page(&site, &context, "blog/index.html", names)
}

/// The word of an order in addresses; the usual one needs none.
fn sort_word(sort: Sort) -> &'static str {
    let word = Sort::ALL.iter().find(|(other, ..)| *other == sort && sort != Sort::default());
    word.map_or("", |(_, word, _)| word)
}

fn sorts(path: &str, current: Sort, author: &str) -> Value {
    let of_one = |sort: &Sort| author.is_empty() || !matches!(sort, Sort::Author | Sort::AuthorBackwards);
    let link = |(sort, _, label): &(Sort, &str, &str)| {
        let url = address(path, &[("sort", sort_word(*sort)), ("author", author)], None);
        context! { label => *label, url => url, current => *sort == current }
    };
    Sort::ALL.iter().filter(|(sort, ..)| of_one(sort)).map(link).collect()
}

/// An article with its comments. `GET /articles/{slug}/`
pub(in crate::blog) async fn article_detail(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    context: Context,
    user: CurrentUser,
) -> ViewResult {
    let database = site.project.database_of("blog")?;
    let found = ArticlePage::by_slug(database, &slug).await?.ok_or(HttpError::NotFound)?;
    show(&site, &context, found, user, Shown { status: StatusCode::OK, form: None }).await
}
