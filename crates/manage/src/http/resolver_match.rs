//! What a path leads to, and what was declared of it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;

/// What is declared of a route besides its views, read by everything that stands around them. Without a word about
/// something, that is as the settings say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Programs ask here: errors are JSON, and nobody is led to a page to sign in.
    pub json: bool,
    /// Posts need no token of a form of this site: for callers who prove in another way who they are.
    pub csrf_exempt: bool,
    /// Only for people who signed in.
    pub login_required: bool,
    /// Answers whatever host is asked for, and without https: for probes, which know no more than an address. The answer
    /// must not depend on the host.
    pub any_host: bool,
    /// Most bytes of a body, instead of `server.max_body_bytes`.
    pub max_body_bytes: Option<usize>,
    /// How often one person may send something here.
    pub throttle: Option<Throttle>,
}

/// How often one person may do something (Django REST framework's `ScopedRateThrottle`): whoever signed in counts by
/// name, everybody else by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// What counts together: routes of one scope have one count.
    pub scope: &'static str,
    /// How often.
    pub times: u32,
    /// In how long a time.
    pub within: Duration,
}

impl Throttle {
    /// The longest time in which anything is counted.
    pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
}

/// A route as the rest of the house knows it.
#[derive(Debug)]
pub struct RouteInfo {
    /// `blog:article_detail`
    pub name: Cow<'static, str>,
    /// `/articles/{slug}/`
    pub pattern: Cow<'static, str>,
    /// What was declared of it.
    pub facts: Facts,
    /// The names of the pattern's parts, in order.
    pub parameters: Vec<String>,
}

/// The route that a request leads to (Django's `ResolverMatch`).
#[derive(Debug, Clone)]
pub struct ResolverMatch {
    pub(crate) route: Arc<RouteInfo>,
    /// Which one of the resolver's routes it is.
    pub(crate) index: usize,
    /// Kept beside the places of the values, so that they hold whatever becomes of the request's own address.
    pub(crate) path: PathAndQuery,
    pub(crate) values: Vec<Range<usize>>,
}

impl ResolverMatch {
    /// The route.
    pub fn route(&self) -> &RouteInfo {
        &self.route
    }

    /// The parts of the path that fill the pattern's, by name, still percent-encoded.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let names = self.route.parameters.iter().map(String::as_str);
        names.zip(self.values.iter().map(|place| self.path.path().get(place.clone()).unwrap_or_default()))
    }
}

/// What was found for the path of a request.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// A route.
    Route(ResolverMatch),
    /// None, but one for the same path with a slash at its end.
    MissingSlash,
    /// Nothing.
    Nothing,
}
