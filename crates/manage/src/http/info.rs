//! What is known about a request besides its own words.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::csrf::Csrf;

/// Facts about a request, an extension of every one. Shared, so that what an inner middleware finds out is known to
/// the outer ones when the answer comes back.
#[derive(Debug)]
pub struct RequestInfo {
    /// Names the request in the log, on error pages and in `X-Request-Id`.
    pub id: String,
    /// Who sends it; behind a trusted proxy, whom the proxy names.
    pub client: IpAddr,
    /// Whether the reader's browser speaks https.
    pub is_secure: bool,
    /// Host and port that the reader asked for.
    pub host: String,
    /// The token of its forms.
    pub csrf: Csrf,
    /// Who signed in, once the authentication knows.
    pub visitor: OnceLock<Visitor>,
}

impl RequestInfo {
    /// `https://example.com`: how addresses of this site begin.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.host)
    }
}

/// The person who signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Number of the account.
    pub user_id: i64,
    /// Name that pages show.
    pub name: Arc<str>,
}
