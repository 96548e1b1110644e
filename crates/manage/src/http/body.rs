//! Reading a request's body, within limits.

use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::error::HttpError;
use super::form_data::FormData;

/// Reads a posted form. A body of another kind is no form, but an empty one.
///
/// # Errors
/// [`HttpError::TooLarge`], [`HttpError::TimedOut`], or [`HttpError::BadRequest`] when it cannot be read.
pub async fn read_form(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    timeout_seconds: f64,
) -> Result<FormData, HttpError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(FormData::default());
    }
    let reading = Limited::new(body, max_bytes).collect();
    match tokio::time::timeout(Duration::from_secs_f64(timeout_seconds), reading).await {
        Ok(Ok(bytes)) => FormData::parse(&bytes.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(HttpError::TooLarge),
        Ok(Err(_)) => Err(HttpError::BadRequest("a body that ends early")),
        Err(_) => Err(HttpError::TimedOut),
    }
}
