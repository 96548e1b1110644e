//! What a view takes of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;

use crate::http::{FormData, HttpError, RequestInfo, Visitor};

/// What a page needs of a request: who asks, from where, for what.
#[derive(Debug, Clone)]
pub struct Context {
    /// Facts about the request.
    pub info: Arc<RequestInfo>,
    /// What was asked for.
    pub uri: Uri,
}

impl Context {
    /// What the query string says.
    ///
    /// # Errors
    /// [`HttpError::BadRequest`] when it is not UTF-8.
    pub fn query(&self) -> Result<FormData, HttpError> {
        self.uri.query().map_or_else(|| Ok(FormData::default()), |query| FormData::parse(query.as_bytes()))
    }

    /// Who signed in, if anybody did.
    pub fn visitor(&self) -> Option<&Visitor> {
        self.info.visitor.get()
    }

    /// Path and query as they were asked for.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// Of a request that went through the first middleware.
    pub fn of(parts: (&http::Extensions, &Uri)) -> Option<Self> {
        let info = parts.0.get::<Arc<RequestInfo>>()?;
        Some(Self { info: Arc::clone(info), uri: parts.1.clone() })
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, HttpError> {
        let missing = || HttpError::Internal(anyhow::anyhow!("the request did not pass the middleware"));
        Self::of((&parts.extensions, &parts.uri)).ok_or_else(missing)
    }
}

/// A posted form, read by the middleware that checks its token.
#[derive(Debug, Clone)]
pub struct Form(pub Arc<FormData>);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, HttpError> {
        parts.extensions.get::<Self>().cloned().ok_or(HttpError::BadRequest("no form was posted"))
    }
}
