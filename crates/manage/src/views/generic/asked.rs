//! What a generic view takes of a request.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{FromRequest as _, RawPathParams};
use http::Method;

use crate::http::{FormData, HttpError, Request};
use crate::urls::Site;
use crate::views::{Context, Form};

/// A request, taken apart.
pub(super) struct Asked {
    pub(super) site: Arc<Site>,
    pub(super) context: Context,
    /// The parts of the address that the pattern names.
    pub(super) parameters: Vec<(String, String)>,
    /// What was posted, of a post.
    pub(super) posted: Option<Arc<FormData>>,
}

impl Asked {
    pub(super) async fn of(site: Arc<Site>, mut request: Request) -> Result<Self, HttpError> {
        let context = request.extract_parts::<Context>().await?;
        let parameters = request.extract_parts::<RawPathParams>().await.map_err(|_| HttpError::NotFound)?;
        let parameters = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let posted = match request.method() == Method::POST {
            true => Some(Form::from_request(request, &()).await?.0),
            false => None,
        };
        Ok(Self { site, context, parameters, posted })
    }

    /// The address that `target` means: one that begins with a slash, or the name of a route whose parts, if it has
    /// any, are those of this request.
    pub(super) fn address(&self, target: &str) -> String {
        if target.starts_with('/') {
            return target.to_owned();
        }
        let parts: Vec<&str> = self.parameters.iter().map(|(_, value)| value.as_str()).collect();
        let reverse = |parts: &[&str]| self.site.names.reverse(target, parts);
        reverse(&parts).or_else(|| reverse(&[])).unwrap_or_else(|| "/".to_owned())
    }
}
