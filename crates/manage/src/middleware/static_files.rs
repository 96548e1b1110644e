//! Static files, before anything that costs more.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::response::IntoResponse as _;
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};

use super::{Middleware, Next};
use crate::http::{HttpError, Request, Response};
use crate::staticfiles::Table;
use crate::urls::Site;

/// Answers for static files.
pub(crate) struct StaticFiles {
    table: Arc<Table>,
}

impl StaticFiles {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { table: Arc::clone(&site.static_files) })
    }
}

#[async_trait]
impl Middleware for StaticFiles {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let Some(name) = self.table.name(request.uri().path()) else { return next.run(request).await };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let allowed = [(ALLOW, HeaderValue::from_static("GET, HEAD"))];
            return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
        }
        let Ok(name) = percent_encoding::percent_decode_str(name).decode_utf8() else {
            return HttpError::NotFound.into_response();
        };
        match self.table.answer(request.method(), &name, request.headers()) {
            Some(answer) => answer.map(Body::from),
            None => HttpError::NotFound.into_response(),
        }
    }
}
