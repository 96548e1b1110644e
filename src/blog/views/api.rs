//! Answers for programs.

use std::sync::Arc;

use axum::extract::State;

use super::paging::Page;
use crate::blog::BlogSettings;
use crate::blog::models::{Listing, Profile, Sort};
use crate::blog::serializers;
use manage::http::{HttpError, ViewResult};
use manage::urls::Site;
use manage::views::{Context, json};

/// Articles, newest first; of one author with `?author=`. `GET /api/v1/articles/`
pub(in crate::blog) async fn article_list(State(site): State<Arc<Site>>, context: Context) -> ViewResult {
    let query = context.query()?;
    let wanted = Page::of(&query, site.project.settings.app::<BlogSettings>().api_page_size)?;
    let database = site.project.database_of("blog")?;
    let listing = match query.text("author") {
        "" => Listing::all(database, Sort::Newest, wanted.size, wanted.offset()).await?,
        slug => {
            let author = Profile::by_slug(database, slug).await?.ok_or(HttpError::NotFound)?;
            Listing::of_author(database, &author, Sort::Newest, wanted.size, wanted.offset()).await?
        }
    };
    wanted.check(listing.total)?;
    let Listing { cards, total } = &listing;
    let text = serializers::article_list(&site, cards, *total, wanted.number, wanted.pages(*total));
    Ok(json(text.map_err(|error| HttpError::Internal(error.into()))?))
}
