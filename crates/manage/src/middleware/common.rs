//! Small rules for all addresses, as Django's `CommonMiddleware`: limits, and the slash at the end.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::header::{CONTENT_LENGTH, HeaderValue, LOCATION};
use http::{Method, StatusCode};

use super::{Middleware, Next};
use crate::http::{HttpError, Request, Response};
use crate::urls::{Names, Site};

/// Refuses what is too long or not text, and adds a missing slash.
pub struct Common {
    max_body_bytes: u64,
    names: Arc<Names>,
}

impl Common {
    /// For a site.
    pub fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let max_body_bytes = site.project.settings.server.max_body_bytes as u64;
        Box::new(Self { max_body_bytes, names: Arc::clone(&site.names) })
    }

    fn refusal(&self, request: &Request) -> Option<HttpError> {
        let path = percent_encoding::percent_decode_str(request.uri().path());
        if path.decode_utf8().map_or(true, |path| path.contains('\0')) {
            return Some(HttpError::BadRequest("a path that is not UTF-8"));
        }
        let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
        (length > self.max_body_bytes).then_some(HttpError::TooLarge)
    }

    /// The same address with a slash at its end, where a view answers to that.
    fn with_slash(&self, request: &Request) -> Option<HeaderValue> {
        let path = request.uri().path();
        if !matches!(*request.method(), Method::GET | Method::HEAD)
            || path.ends_with('/')
            || path.starts_with("//")
        {
            return None;
        }
        let slashed = format!("{path}/");
        if self.names.matches(path) || !self.names.matches(&slashed) {
            return None;
        }
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        HeaderValue::from_str(&(slashed + &query)).ok()
    }
}

#[async_trait]
impl Middleware for Common {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if let Some(error) = self.refusal(&request) {
            return error.into_response();
        }
        if let Some(location) = self.with_slash(&request) {
            return (StatusCode::MOVED_PERMANENTLY, [(LOCATION, location)]).into_response();
        }
        next.run(request).await
    }
}
