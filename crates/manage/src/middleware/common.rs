//! Small rules for all addresses, as Django's `CommonMiddleware`: limits, and the slash at the end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::header::{CONTENT_LENGTH, HeaderValue, LOCATION};
use http::{Method, StatusCode, Uri};

use super::{Middleware, Next};
use crate::http::{HttpError, Request, Resolved, Response, limit};
use crate::urls::Site;

/// Refuses what is too long or not text, puts limits on what streams, and adds a missing slash.
pub(crate) struct Common {
    max_body_bytes: usize,
    body_timeout: Duration,
}

impl Common {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let settings = &site.project.settings.server;
        let body_timeout = settings.body_timeout;
        Box::new(Self { max_body_bytes: settings.max_body_bytes, body_timeout })
    }
}

fn refusal(request: &Request, max_body_bytes: usize) -> Option<HttpError> {
    let path = percent_encoding::percent_decode_str(request.uri().path());
    if path.decode_utf8().map_or(true, |path| path.contains('\0')) {
        return Some(HttpError::BadRequest("a path that is not UTF-8"));
    }
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (length > max_body_bytes as u64).then_some(HttpError::TooLarge)
}

/// The way to the same address with a slash at its end.
fn to_slash(uri: &Uri) -> Option<Response> {
    let path = uri.path();
    // A browser takes `//evil.example/` for another host.
    if path.starts_with("//") {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("{path}/{query}")).ok()?;
    Some((StatusCode::MOVED_PERMANENTLY, [(LOCATION, location)]).into_response())
}

#[async_trait]
impl Middleware for Common {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let info = next.info();
        let max_body_bytes = info.facts().max_body_bytes.unwrap_or(self.max_body_bytes);
        if let Some(error) = refusal(&request, max_body_bytes) {
            return error.into_response();
        }
        if matches!(info.resolved, Resolved::MissingSlash)
            && matches!(*request.method(), Method::GET | Method::HEAD)
            && let Some(redirect) = to_slash(request.uri())
        {
            return redirect;
        }
        next.run(limit(request, max_body_bytes, self.body_timeout)).await
    }
}
