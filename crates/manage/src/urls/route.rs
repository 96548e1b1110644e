//! Routes: a name, a pattern, the methods with their views, and facts.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::handler::Handler;
use futures_util::future::BoxFuture;
use http::Method;

use super::names::Names;
use super::site::Site;
use crate::http::{Facts, Request, Response, Throttle};

/// A view, whatever it takes of a request.
pub(super) type View = Arc<dyn Fn(Request, Arc<Site>) -> BoxFuture<'static, Response> + Send + Sync>;

/// One address of the site, as Django's `path()`, with what is to be known of it before its view is asked:
///
/// ```text
/// Route::get("shop:order_list", "/api/orders/", views::order_list)
///     .and_post(views::order_create)
///     .json()
///     .login_required()
///     .max_body(64 * 1024)
/// ```
#[derive(Clone)]
pub struct Route {
    /// `blog:article_detail`.
    pub name: Cow<'static, str>,
    /// `/articles/{slug}/`; `{*path}` at the end takes all that follows.
    pub pattern: Cow<'static, str>,
    /// Each method with the name of the view that answers it.
    pub views: Vec<(Method, &'static str)>,
    /// What links around the views go by.
    pub facts: Facts,
    pub(super) handlers: Vec<(Method, View)>,
}

impl Route {
    /// An address to be read.
    pub fn get<H, T>(
        name: impl Into<Cow<'static, str>>,
        pattern: impl Into<Cow<'static, str>>,
        view: H,
    ) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        Self::new(name, pattern).on(Method::GET, view)
    }

    /// An address to post to.
    pub fn post<H, T>(
        name: impl Into<Cow<'static, str>>,
        pattern: impl Into<Cow<'static, str>>,
        view: H,
    ) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        Self::new(name, pattern).on(Method::POST, view)
    }

    /// An address that answers nothing yet: [`Route::on`] gives it views.
    pub fn new(name: impl Into<Cow<'static, str>>, pattern: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            pattern: pattern.into(),
            views: Vec::new(),
            facts: Facts::default(),
            handlers: Vec::new(),
        }
    }

    /// The view for posts to the same address.
    #[must_use]
    pub fn and_post<H, T>(self, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.on(Method::POST, view)
    }

    /// The view for a method; a second one for it takes the first one's place. What answers GET answers HEAD.
    #[must_use]
    pub fn on<H, T>(mut self, method: Method, view: H) -> Self
    where
        H: Handler<T, Arc<Site>>,
        T: 'static,
    {
        self.views.retain(|(other, _)| *other != method);
        self.handlers.retain(|(other, _)| *other != method);
        self.views.push((method.clone(), std::any::type_name::<H>().trim_start_matches("manage::")));
        let handler = move |request, site| -> BoxFuture<'static, Response> {
            Box::pin(view.clone().call(request, site))
        };
        self.handlers.push((method, Arc::new(handler)));
        self
    }

    /// Programs ask here: errors are JSON instead of pages, and nobody is led to a page to sign in.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.facts.json = true;
        self
    }

    /// Posts need no token of a form of this site (Django's `csrf_exempt`): for callers who prove in another way who
    /// they are.
    #[must_use]
    pub fn csrf_exempt(mut self) -> Self {
        self.facts.csrf_exempt = true;
        self
    }

    /// Takes bodies of at most so many bytes, instead of `server.max_body_bytes`.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.facts.max_body_bytes = Some(bytes);
        self
    }

    /// Takes what one person sends here only `times` in a time `within` which it counts, of a day at most; after that
    /// the answer is 429, with the seconds to wait. Routes of one `scope` have one count. An app whose link counts must be
    /// installed, such as `contrib::accounts`.
    #[must_use]
    pub fn throttle(mut self, scope: &'static str, times: u32, within: Duration) -> Self {
        self.facts.throttle = Some(Throttle { scope, times, within });
        self
    }

    /// Answers whatever host is asked for, and without https: for what load balancers and orchestrators look at, which come
    /// by an address.
    #[must_use]
    pub fn any_host(mut self) -> Self {
        self.facts.any_host = true;
        self
    }

    /// Only for people who signed in (Django's `login_required`): others are led to the page to sign in and from there
    /// back, or get 401 where there is no such page.
    #[must_use]
    pub fn login_required(mut self) -> Self {
        self.facts.login_required = true;
        self
    }
}

/// Routes below a prefix, as Django's `include()`: `/shop` before `/articles/{slug}/`. Names stay as they are.
pub fn include(prefix: &str, routes: impl IntoIterator<Item = Route>) -> Vec<Route> {
    let prefix = prefix.trim_end_matches('/');
    let below = |route: Route| Route { pattern: format!("{prefix}{}", route.pattern).into(), ..route };
    routes.into_iter().map(below).collect()
}

impl Names {
    /// The names of these routes.
    pub fn of(routes: &[Route]) -> Self {
        Self::new(routes.iter().map(|route| (route.name.clone(), route.pattern.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn view() {}
    async fn other() {}

    #[test]
    fn a_route_names_its_views() {
        let route = Route::get("blog:detail", "/articles/{slug}/", view).and_post(view);
        assert_eq!(route.views.iter().map(|view| view.0.as_str()).collect::<Vec<_>>(), ["GET", "POST"]);
        assert!(route.views[0].1.ends_with("::view"));
        let replaced = route.and_post(other);
        assert_eq!((replaced.views.len(), replaced.handlers.len()), (2, 2));
        assert!(replaced.views[1].1.ends_with("::other"));
    }

    #[test]
    fn a_route_is_made_from_data_and_carries_its_facts() {
        let model = "order".to_owned();
        let route = Route::get(format!("shop:{model}"), format!("/{model}/"), view).json().max_body(10);
        assert_eq!((&*route.name, &*route.pattern), ("shop:order", "/order/"));
        assert_eq!(route.facts, Facts { json: true, max_body_bytes: Some(10), ..Facts::default() });
        let route = route.csrf_exempt().login_required();
        assert!(route.facts.csrf_exempt && route.facts.login_required);
        let within = Duration::from_secs(60);
        let route = route.throttle("order", 3, within);
        assert_eq!(route.facts.throttle, Some(Throttle { scope: "order", times: 3, within }));
    }

    #[test]
    fn included_routes_stand_below_a_prefix_under_their_own_names() {
        let routes = || [Route::get("blog:index", "/", view), Route::get("blog:feed", "/feed/", view).json()];
        for prefix in ["/blog", "/blog/"] {
            let included = include(prefix, routes());
            let patterns: Vec<&str> = included.iter().map(|route| &*route.pattern).collect();
            assert_eq!(patterns, ["/blog/", "/blog/feed/"]);
            assert!(included[1].facts.json);
            assert_eq!(Names::of(&included).reverse("blog:feed", &[]).unwrap(), "/blog/feed/");
        }
        assert_eq!(include("/", routes())[0].pattern, "/");
        assert_eq!(include("/a/{b}", include("/c", routes()))[1].pattern, "/a/{b}/c/feed/");
    }
}
