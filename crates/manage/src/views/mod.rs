//! What views have in common: their request, and pages made of templates.

mod context;

mod render;

mod health;

pub use context::{Context, Form};
pub use health::{healthz, readyz};
pub use render::{encoded, html, json, page, render};

use crate::urls::Route;

/// The addresses that every site has.
pub(crate) fn urlpatterns() -> Vec<Route> {
    vec![Route::get("healthz", "/healthz", healthz), Route::get("readyz", "/readyz", readyz)]
}
