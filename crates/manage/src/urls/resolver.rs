//! From a path to the route that answers it.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Uri};
use matchit::InsertError;

use super::route::{Route, View};
use crate::http::{Resolved, ResolverMatch, RouteInfo};

/// Every route of a site by its pattern (Django's `URLResolver`). Of two patterns that fit a path, the one with fewer
/// parts to fill answers, whichever was declared first.
pub struct Resolver {
    patterns: matchit::Router<usize>,
    endpoints: Vec<Endpoint>,
}

struct Endpoint {
    route: Arc<RouteInfo>,
    views: Vec<(Method, View)>,
    /// The value of `Allow`.
    allow: HeaderValue,
}

/// Why a pattern cannot stand among the others.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Another route has it.
    #[error("the pattern `{pattern}` of `{name}` takes the paths of `{other}`")]
    Conflict {
        /// Name of the route.
        name: String,
        /// Its pattern.
        pattern: String,
        /// The pattern that was there before.
        other: String,
    },
    /// It is none.
    #[error("`{pattern}` of `{name}` is no pattern: {problem}")]
    Malformed {
        /// Name of the route.
        name: String,
        /// Its pattern.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Resolver {
    /// The resolver of these routes.
    ///
    /// # Errors
    /// When a pattern is malformed, or two of them take the same paths.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self, PatternError> {
        let mut resolver = Self { patterns: matchit::Router::new(), endpoints: Vec::new() };
        for route in routes {
            resolver.add(route)?;
        }
        Ok(resolver)
    }

    fn add(&mut self, route: Route) -> Result<(), PatternError> {
        let malformed = |problem: &str| PatternError::Malformed {
            name: route.name.to_string(),
            pattern: route.pattern.to_string(),
            problem: problem.to_owned(),
        };
        if !route.pattern.starts_with('/') {
            return Err(malformed("it begins without a slash"));
        }
        let parameters = parameters(&route.pattern).ok_or_else(|| malformed("its braces do not fit"))?;
        let inserted = self.patterns.insert(&*route.pattern, self.endpoints.len());
        inserted.map_err(|error| match error {
            InsertError::Conflict { with } => PatternError::Conflict {
                name: route.name.to_string(),
                pattern: route.pattern.to_string(),
                other: with,
            },
            other => malformed(&other.to_string()),
        })?;
        let Route { name, pattern, facts, handlers, .. } = route;
        let allow = allow(&handlers);
        let route = Arc::new(RouteInfo { name, pattern, facts, parameters });
        self.endpoints.push(Endpoint { route, views: handlers, allow });
        Ok(())
    }

    /// What the address leads to.
    pub fn resolve(&self, uri: &Uri) -> Resolved {
        let path = uri.path();
        let Some(found) = self.find(path) else {
            let is_missing = !path.ends_with('/') && self.find(&format!("{path}/")).is_some();
            return if is_missing { Resolved::MissingSlash } else { Resolved::Nothing };
        };
        let place = |value: &str| {
            let start = value.as_ptr() as usize - path.as_ptr() as usize;
            start..start + value.len()
        };
        let Some(endpoint) = self.endpoints.get(*found.value) else { return Resolved::Nothing };
        Resolved::Route(ResolverMatch {
            route: Arc::clone(&endpoint.route),
            index: *found.value,
            path: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
            values: found.params.iter().map(|(_, value)| place(value)).collect(),
        })
    }

    /// As Django's converters, nothing fills no part.
    fn find<'p>(&self, path: &'p str) -> Option<matchit::Match<'_, 'p, &usize>> {
        let found = self.patterns.at(path).ok()?;
        found.params.iter().all(|(_, value)| !value.is_empty()).then_some(found)
    }

    /// The view of a route for a method; else the methods that have one, as `Allow` names them.
    pub(crate) fn view(&self, found: &ResolverMatch, method: &Method) -> Result<&View, HeaderValue> {
        let endpoint = self.endpoints.get(found.index).ok_or(HeaderValue::from_static(""))?;
        let of = |method: &Method| {
            endpoint.views.iter().find(|(answered, _)| answered == method).map(|(_, view)| view)
        };
        let fallback = || (*method == Method::HEAD).then(|| of(&Method::GET)).flatten();
        of(method).or_else(fallback).ok_or_else(|| endpoint.allow.clone())
    }
}

/// `GET,HEAD,POST`
fn allow(views: &[(Method, View)]) -> HeaderValue {
    let mut names: Vec<&str> = Vec::new();
    for (method, _) in views {
        names.push(method.as_str());
        let has_head = views.iter().any(|(other, _)| *other == Method::HEAD);
        names.extend((*method == Method::GET && !has_head).then_some("HEAD"));
    }
    HeaderValue::from_str(&names.join(",")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The names in a pattern's braces; none when these do not fit or a name stands twice.
fn parameters(pattern: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        let name = name.strip_prefix('*').unwrap_or(name);
        let is_name = !name.is_empty() && !name.contains(['{', '/', '*']) && !before.contains('}');
        if !is_name || names.iter().any(|other| other == name) {
            return None;
        }
        names.push(name.to_owned());
        rest = behind;
    }
    (!rest.contains('}')).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn view() {}

    fn resolver(patterns: &[&'static str]) -> Result<Resolver, PatternError> {
        Resolver::new(patterns.iter().map(|pattern| Route::get(*pattern, *pattern, view)))
    }

    fn found(resolver: &Resolver, path: &str) -> Option<(String, Vec<(String, String)>)> {
        let Resolved::Route(found) = resolver.resolve(&path.parse().unwrap()) else { return None };
        let parts = found.parameters().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let parts = parts.collect();
        Some((found.route().name.to_string(), parts))
    }

    #[test]
    fn a_path_leads_to_the_route_with_the_fewest_parts_to_fill() {
        let resolver =
            resolver(&["/", "/a/{slug}/", "/a/new/", "/a/{slug}/b/{id}/", "/files/{*path}"]).unwrap();
        let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(found(&resolver, "/?q=1"), Some(("/".to_owned(), vec![])));
        assert_eq!(found(&resolver, "/a/new/"), Some(("/a/new/".to_owned(), vec![])));
        assert_eq!(found(&resolver, "/a/%20x/"), Some(("/a/{slug}/".to_owned(), vec![part("slug", "%20x")])));
        let both = vec![part("slug", "x"), part("id", "7")];
        assert_eq!(found(&resolver, "/a/x/b/7/"), Some(("/a/{slug}/b/{id}/".to_owned(), both)));
        let rest = vec![part("path", "c/d.txt")];
        assert_eq!(found(&resolver, "/files/c/d.txt"), Some(("/files/{*path}".to_owned(), rest)));
        for nothing in ["/a//", "/b/", "/a/x/b/"] {
            assert!(matches!(resolver.resolve(&nothing.parse().unwrap()), Resolved::Nothing), "{nothing}");
        }
        for slashless in ["/a/x", "/a/x/b/7"] {
            assert!(matches!(resolver.resolve(&slashless.parse().unwrap()), Resolved::MissingSlash));
        }
    }

    #[test]
    fn two_patterns_for_the_same_paths_are_refused_by_name() {
        let error = resolver(&["/a/{slug}/", "/a/{id}/"]).err().unwrap();
        assert_eq!(error.to_string(), "the pattern `/a/{id}/` of `/a/{id}/` takes the paths of `/a/{slug}/`");
        assert!(resolver(&["/a/{slug}/", "/a/{id}/b/"]).is_ok());
    }

    #[test]
    fn a_malformed_pattern_is_an_error_and_no_panic() {
        for bad in ["", "a/", "/{", "/}/", "/{}/", "/{a}/{a}/", "/{{a}}/", "/{a}b{c}/", "/{*a}/b", "/{a/b}/"]
        {
            assert!(matches!(resolver(&[bad]), Err(PatternError::Malformed { .. })), "{bad}");
        }
    }

    #[test]
    fn a_method_without_a_view_is_told_which_ones_have_one() {
        let routes = [Route::get("a", "/a/", view).and_post(view).on(Method::DELETE, view)];
        let resolver = Resolver::new(routes).unwrap();
        let Resolved::Route(found) = resolver.resolve(&Uri::from_static("/a/")) else { panic!() };
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
            assert!(resolver.view(&found, &method).is_ok(), "{method}");
        }
        let allowed = resolver.view(&found, &Method::PUT).err().unwrap();
        assert_eq!(allowed, "GET,HEAD,POST,DELETE");
    }
}
