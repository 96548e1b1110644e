//! What a view takes of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;

use crate::http::{FormData, HttpError, Person, RequestInfo};

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
    pub fn user(&self) -> Option<&dyn Person> {
        self.info.user()
    }

    /// Path and query as they were asked for.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, HttpError> {
        Ok(Self { info: Arc::clone(info(parts)?), uri: parts.uri.clone() })
    }
}

/// What a request is.
pub(super) fn info(parts: &Parts) -> Result<&Arc<RequestInfo>, HttpError> {
    let missing = || HttpError::Internal(anyhow::anyhow!("the request did not come through `Handler`"));
    parts.extensions.get().ok_or_else(missing)
}
