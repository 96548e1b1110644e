//! What is known about a request besides its own words.

use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::HeaderValue;

use super::csrf::Csrf;
use super::header_text::HeaderText;
use super::person::Person;
use super::resolver_match::{Facts, Resolved, ResolverMatch};

/// Names a request in the log, on error pages and in `X-Request-Id`: 16 letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl RequestId {
    /// The value of its header.
    pub(crate) fn header(self) -> Option<HeaderValue> {
        let mut text = [0; 16];
        write!(text.as_mut_slice(), "{self}").ok()?;
        HeaderValue::from_bytes(&text).ok()
    }
}

/// What a request is: an extension of every one. Shared, so that what an inner middleware finds out is known to the
/// outer ones when the answer comes back.
#[derive(Debug)]
pub struct RequestInfo {
    /// Names the request.
    pub id: RequestId,
    /// Who sends it; behind a trusted proxy, whom the proxy names.
    pub client: IpAddr,
    /// Whether the reader's browser speaks https.
    pub is_secure: bool,
    /// Host and port that the reader asked for, in lower case.
    pub host: HeaderText,
    /// Where its path leads. Found once, before everything else.
    pub resolved: Resolved,
    /// The token of its forms.
    pub csrf: Csrf,
    user: OnceLock<Arc<dyn Person>>,
}

impl RequestInfo {
    /// A request of which nobody knows yet who signed in.
    pub fn new(id: RequestId, client: IpAddr, is_secure: bool, host: HeaderText, resolved: Resolved) -> Self {
        Self { id, client, is_secure, host, resolved, csrf: Csrf::default(), user: OnceLock::new() }
    }

    /// `https://example.com`: how addresses of this site begin.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.host)
    }

    /// Whether `origin` is this site's own.
    pub fn is_origin(&self, origin: &str) -> bool {
        let rest = origin.strip_prefix(self.scheme()).and_then(|rest| rest.strip_prefix("://"));
        rest.is_some_and(|host| host == &*self.host)
    }

    fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    /// The route that answers, if there is one.
    pub fn route(&self) -> Option<&ResolverMatch> {
        match &self.resolved {
            Resolved::Route(found) => Some(found),
            Resolved::MissingSlash | Resolved::Nothing => None,
        }
    }

    /// What was declared of the route; of none, nothing was.
    pub fn facts(&self) -> Facts {
        self.route().map(|found| found.route().facts).unwrap_or_default()
    }

    /// Who signed in, if anybody did and the authentication has found out.
    pub fn user(&self) -> Option<&dyn Person> {
        self.user.get().map(|user| &**user)
    }

    /// Who signed in, as the type that the authentication knows; none where another one is installed.
    pub fn user_as<P: Person>(&self) -> Option<Arc<P>> {
        let user: Arc<dyn Any + Send + Sync> = Arc::clone(self.user.get()?) as _;
        user.downcast().ok()
    }

    /// Keeps who signed in. The first who is kept stays.
    pub fn set_user(&self, user: Arc<dyn Person>) {
        drop(self.user.set(user));
    }
}
