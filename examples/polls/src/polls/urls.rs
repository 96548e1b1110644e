//! Addresses.

use manage::urls::Route;

use super::views;

/// The app's addresses.
pub fn urlpatterns() -> Vec<Route> {
    vec![
        Route::get("polls:index", "/polls/", views::index),
        Route::get(
            "polls:archive",
            "/polls/archive/",
            views::archive().as_view(),
        ),
        Route::get("polls:detail", "/polls/{id}/", views::detail),
        Route::get("polls:results", "/polls/{id}/results/", views::results),
        Route::post("polls:vote", "/polls/{id}/vote/", views::vote),
    ]
}
