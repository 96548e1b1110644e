//! What views have in common: their request, and pages made of templates.

mod bodies;
mod context;

mod path;
mod render;

pub mod generic;

mod health;
mod home;

pub use bodies::{Form, Json, Multipart};
pub use context::Context;
pub use health::{healthz, readyz};
pub use path::Path;
pub use render::{encoded, html, json, page, render};

use crate::urls::Route;

/// The addresses that every site has.
pub(crate) fn urlpatterns() -> Vec<Route> {
    vec![
        Route::get("healthz", "/healthz", healthz).any_host(),
        Route::get("readyz", "/readyz", readyz).any_host(),
    ]
}

/// The front page of a site that has none.
pub(crate) fn home() -> Route {
    Route::get("home", "/", home::home)
}
