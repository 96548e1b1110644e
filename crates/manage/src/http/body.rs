//! Bodies of requests: limits that hold while they stream, and reading them whole.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::error::{BodyTimedOut, HttpError};
use super::form_data::FormData;

/// What kind of body a request says that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// `application/x-www-form-urlencoded`: a form.
    Form,
    /// `multipart/form-data`: a form with files.
    Multipart,
    /// `application/json`, and what ends with `+json`.
    Json,
    /// Anything else, or nothing.
    Other,
}

impl BodyKind {
    /// The kind that the headers name.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = named.split(';').next().unwrap_or_default().trim();
        let ends_with = |end: &str| {
            named
                .len()
                .checked_sub(end.len())
                .and_then(|start| named.get(start..))
                .is_some_and(|found| found.eq_ignore_ascii_case(end))
        };
        match named {
            _ if named.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Self::Form,
            _ if named.eq_ignore_ascii_case("multipart/form-data") => Self::Multipart,
            _ if named.eq_ignore_ascii_case("application/json") || ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Puts limits on the request's body, whoever reads it and however.
///
/// More than `max_bytes`, or more than `timeout` spent in waiting for it, is an error of the stream, of which
/// [`HttpError::from`] makes 413 or 408.
pub(crate) fn limit(request: Request, max_bytes: usize, timeout: Duration) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let limited =
        |body| Body::new(Guarded { body: Limited::new(body, max_bytes), left: timeout, wait: None });
    let mut request = request.map(limited);
    // axum's extractors have a limit of their own, which would hold for a route that takes more.
    DefaultBodyLimit::disable().apply(&mut request);
    request
}

/// Reads a body to its end.
///
/// # Errors
/// [`HttpError::TooLarge`], [`HttpError::TimedOut`], or [`HttpError::BadRequest`] when it ends early.
pub(crate) async fn read(body: Body) -> Result<Bytes, HttpError> {
    Ok(body.collect().await?.to_bytes())
}

/// Reads a posted form. A body of another kind is no form, but an empty one.
///
/// # Errors
/// As [`read`] and [`FormData::parse`].
pub(crate) async fn read_form(headers: &HeaderMap, body: Body) -> Result<FormData, HttpError> {
    match BodyKind::of(headers) {
        BodyKind::Form => FormData::parse(&read(body).await?),
        _ => Ok(FormData::default()),
    }
}

/// The value of a field of a `multipart/form-data` body that was read.
///
/// # Errors
/// [`HttpError::BadRequest`] when the body is no such form.
pub(crate) async fn multipart_field(
    headers: &HeaderMap,
    body: Bytes,
    name: &str,
) -> Result<Option<String>, HttpError> {
    let mut request = Request::new(Body::from(body));
    request.headers_mut().extend(headers.get(CONTENT_TYPE).map(|kind| (CONTENT_TYPE, kind.clone())));
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| HttpError::BadRequest("a form in parts without their boundary"))?;
    while let Some(field) = form.next_field().await? {
        if field.name() == Some(name) {
            return Ok(Some(field.text().await?));
        }
    }
    Ok(None)
}

/// A body within limits.
struct Guarded {
    body: Limited<Body>,
    /// For how long it may still be waited for.
    left: Duration,
    /// The present wait and when it began.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // Only waiting counts: a view may take its time between two pieces.
            if let Some((since, _)) = self.wait.take() {
                self.left = self.left.saturating_sub(since.elapsed());
            }
            return Poll::Ready(frame);
        }
        let left = self.left;
        let (_, end) = self.wait.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        end.as_mut().poll(cx).map(|()| Some(Err(BodyTimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_kind_of_a_body_is_what_its_header_says() {
        let kind = |text: &'static str| {
            BodyKind::of(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]))
        };
        assert_eq!(kind("Application/X-WWW-Form-Urlencoded; charset=utf-8"), BodyKind::Form);
        assert_eq!(kind("multipart/form-data; boundary=x"), BodyKind::Multipart);
        assert_eq!(kind("application/json;charset=utf-8"), BodyKind::Json);
        assert_eq!(kind("application/merge-patch+JSON"), BodyKind::Json);
        for other in ["", "json", "text/plain", "application/jsonp", "application/json, a/b"] {
            assert_eq!(kind(other), BodyKind::Other, "{other}");
        }
        assert_eq!(BodyKind::of(&HeaderMap::new()), BodyKind::Other);
    }
}
