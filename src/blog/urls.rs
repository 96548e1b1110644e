//! Addresses.

use super::views::{api, articles, authors, search, talk};
use manage::urls::Route;

/// The app's addresses.
pub(super) fn urlpatterns() -> Vec<Route> {
    vec![
        Route::get("blog:index", "/", articles::index),
        Route::get("blog:article_detail", "/articles/{slug}/", articles::article_detail),
        Route::post("blog:comment_create", "/articles/{slug}/comments/", talk::comment_create),
        Route::post("blog:rate", "/articles/{slug}/rating/", talk::rate),
        Route::get("blog:author_list", "/authors/", authors::author_list),
        Route::get("blog:author_detail", "/authors/{slug}/", authors::author_detail),
        Route::get("blog:profile", "/profile/", authors::profile),
        Route::get("blog:search", "/search/", search::search),
        Route::get("blog:api_article_list", "/api/v1/articles/", api::article_list).json(),
        Route::get("blog:api_article_list_unversioned", "/api/articles/", api::article_list).json(),
    ]
}
