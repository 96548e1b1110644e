//! Every address of the site.

use minijinja::{Value, context};

use super::apps::INSTALLED_APPS;
use crate::blog::BlogSettings;
use crate::conf::Settings;
use crate::urls::Route;
use crate::views;

/// The site's addresses: those of the apps, in their order, and those that any site has.
pub(super) fn urlpatterns() -> Vec<Route> {
    let mut routes: Vec<Route> = INSTALLED_APPS.iter().flat_map(|app| (app.urlpatterns)()).collect();
    routes.push(Route::get("healthz", "/healthz", views::healthz));
    routes.push(Route::get("readyz", "/readyz", views::readyz));
    routes
}

/// What every template knows of the site.
pub(super) fn template_globals(settings: &Settings) -> Vec<(&'static str, Value)> {
    let BlogSettings { title, tagline, .. } = settings.app();
    vec![("site", context! { title => title, tagline => tagline })]
}
