//! Routes: a name, a pattern, the methods and their views.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::names::Names;
use super::site::Site;

/// One address of the site, as Django's `path()`.
#[derive(Clone)]
pub struct Route {
    /// `blog:article_detail`.
    pub name: &'static str,
    /// `/articles/{slug}/`.
    pub pattern: &'static str,
    /// Each method with the view that answers it.
    pub views: Vec<(&'static str, &'static str)>,
    handlers: MethodRouter<Arc<Site>>,
}

impl Route {
    /// An address to be read.
    pub fn get<H, T>(name: &'static str, pattern: &'static str, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        Self::new(name, pattern).on(MethodFilter::GET, "GET", view)
    }

    /// An address to post to.
    pub fn post<H, T>(name: &'static str, pattern: &'static str, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        Self::new(name, pattern).and_post(view)
    }

    /// The view for posts to the same address.
    #[must_use]
    pub fn and_post<H, T>(self, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.on(MethodFilter::POST, "POST", view)
    }

    fn new(name: &'static str, pattern: &'static str) -> Self {
        Self { name, pattern, views: Vec::new(), handlers: MethodRouter::new() }
    }

    fn on<H, T>(mut self, filter: MethodFilter, method: &'static str, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.views.push((method, std::any::type_name::<H>().trim_start_matches("manage::")));
        self.handlers = self.handlers.merge(on(filter, view));
        self
    }
}

impl Names {
    /// The names of these routes.
    pub fn of(routes: &[Route]) -> Self {
        Self::new(routes.iter().map(|route| (route.name, route.pattern)))
    }
}

/// All routes as an axum router.
pub fn router(routes: &[Route], site: Arc<Site>) -> Router {
    let router = routes
        .iter()
        .fold(Router::new(), |router, route| router.route(route.pattern, route.handlers.clone()));
    router.with_state(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_its_views() {
        async fn view() {}
        let route = Route::get("blog:detail", "/articles/{slug}/", view).and_post(view);
        assert_eq!(route.views.iter().map(|view| view.0).collect::<Vec<_>>(), ["GET", "POST"]);
        assert!(route.views[0].1.ends_with("::view"));
    }
}
