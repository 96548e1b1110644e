//! What a generic view takes of a request.

use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::FromRequest as _;
use futures_util::future::BoxFuture;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::http::{FormData, HttpError, Request, ViewResult};
use crate::urls::Site;
use crate::views::{Context, Form};

/// What the view that `as_view` makes comes to.
pub(super) type Viewed = BoxFuture<'static, ViewResult>;

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
        let found = context.info.route().ok_or(HttpError::NotFound)?;
        let decoded = |(name, value): (&str, &str)| {
            let value = percent_decode_str(value).decode_utf8().map_err(|_| HttpError::NotFound)?;
            Ok((name.to_owned(), value.into_owned()))
        };
        let parameters = found.parameters().map(decoded).collect::<Result<_, HttpError>>()?;
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
