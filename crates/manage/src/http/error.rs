//! How a view fails. One place, the error pages' middleware, turns this into a page and logs it.

use std::error::Error;
use std::sync::Arc;

use axum::extract::multipart::MultipartError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::LengthLimitError;

use crate::db;

/// What a view comes to.
pub type ViewResult<T = Response> = Result<T, HttpError>;

/// An answer other than the page that was asked for.
#[derive(Debug)]
pub enum HttpError {
    /// Nobody understands the request: 400. The text is for the log.
    BadRequest(&'static str),
    /// A body that is not the JSON that the view takes: 400. What is wrong is told to the program that sent it.
    InvalidJson(serde_json::Error),
    /// Only for people who signed in: 401, of which `contrib::auth` makes a redirect to the page to sign in, and from
    /// there to `next` or the same page.
    LoginRequired {
        /// Where to go after the sign-in, where the page itself cannot be asked for again.
        next: Option<String>,
    },
    /// Not for this person: 403.
    PermissionDenied,
    /// A form that does not come from this site, or came too late: 403. The text is for the page.
    CsrfFailed(&'static str),
    /// No such page: 404.
    NotFound,
    /// Longer than the site takes: 413.
    TooLarge,
    /// A body of a kind that the view does not take: 415.
    UnsupportedMediaType,
    /// The rest of the request did not come in time: 408.
    TimedOut,
    /// Too many attempts: 429.
    TooManyRequests {
        /// Until the next attempt makes sense.
        wait_seconds: u64,
    },
    /// A database is away or overloaded: 503.
    Unavailable(anyhow::Error),
    /// A defect: 500. The cause is logged and shown to nobody but a developer.
    Internal(anyhow::Error),
    /// A panic: 500. The text is its message and place.
    Panicked(String),
}

impl HttpError {
    /// The status of its answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::InvalidJson(_) => StatusCode::BAD_REQUEST,
            Self::LoginRequired { .. } => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied | Self::CsrfFailed(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) | Self::Panicked(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An empty answer that carries the error to the middleware that makes a page of it.
impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The rest of a body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub(super) struct BodyTimedOut;

/// Why a body could not be read: it was too long, too slow, or ended early.
impl From<axum::Error> for HttpError {
    fn from(error: axum::Error) -> Self {
        broken_limit(&error).unwrap_or(Self::BadRequest("a body that ends early"))
    }
}

/// As for any body; or it is no form in parts.
impl From<MultipartError> for HttpError {
    fn from(error: MultipartError) -> Self {
        broken_limit(&error).unwrap_or(Self::BadRequest("a form in parts that cannot be read"))
    }
}

/// The limit of the body that is behind an error.
fn broken_limit(error: &(dyn Error + 'static)) -> Option<HttpError> {
    if error.is::<LengthLimitError>() {
        Some(HttpError::TooLarge)
    } else if error.is::<BodyTimedOut>() {
        Some(HttpError::TimedOut)
    } else {
        broken_limit(error.source()?)
    }
}

impl From<db::Error> for HttpError {
    fn from(error: db::Error) -> Self {
        if error.is_unavailable() { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

impl From<crate::template::Error> for HttpError {
    fn from(error: crate::template::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for HttpError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
