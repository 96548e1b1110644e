//! Search.

use std::sync::Arc;

use axum::extract::State;
use minijinja::context;

use super::paging::Page;
use crate::blog::BlogSettings;
use crate::blog::cards::{self, Addresses};
use crate::blog::models::{search as find, words};
use manage::http::{HttpError, ViewResult};
use manage::urls::Site;
use manage::views::{Context, page};

/// Longest query, in characters.
const MAX_QUERY: usize = 200;

/// Last page of results: nobody reads further, and each one costs more than the one before.
const MAX_PAGE: i64 = 100;

/// Articles that hold all the words. `GET /search/?q=`
pub(in crate::blog) async fn search(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let query = context.query()?;
    let text = query.text("q").trim();
    if text.chars().count() > MAX_QUERY {
        return Err(HttpError::BadRequest("a search of too many characters"));
    }
    let size = site.project.settings.app::<BlogSettings>().page_size;
    let wanted = Page::of(&query, size)?;
    if wanted.number > MAX_PAGE {
        return Err(HttpError::NotFound);
    }
    let words = words(text);
    let database = site.project.database_of("blog")?;
    let mut found = match words.as_slice() {
        [] => Vec::new(),
        words => find(database, words, size + 1, wanted.offset()).await?,
    };
    if found.is_empty() && wanted.number > 1 {
        return Err(HttpError::NotFound);
    }
    let has_next = found.len() as i64 > size && wanted.number < MAX_PAGE;
    found.truncate(size as usize);
    // Without further pages the number is known; otherwise it would have to be counted.
    let count = (!has_next).then(|| wanted.offset() + found.len() as i64);
    let names = context! {
        query => text,
        results => cards::found(&Addresses::of(&site), &found, &words),
        count => count,
        page => wanted.to_value(None, has_next, context.uri.path(), &[("q", text)]),
    };
    page(&site, &context, "blog/search.html", names)
}
