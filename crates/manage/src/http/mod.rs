//! Requests and answers: what axum leaves to the site.

mod error;
mod header_text;
mod person;
mod redirect;
mod resolver_match;
mod signals;

mod cookies;
mod csrf;
mod form_data;

mod body;
mod info;

pub use axum::body::Body;
pub use axum::extract::{Request, State};
pub use axum::response::Response;
pub(crate) use body::{BodyKind, limit, multipart_field, read, read_form};
pub use cookies::{Cookie, SameSite, cookie};
pub use csrf::Csrf;
pub use error::{HttpError, ViewResult};
pub use form_data::FormData;
pub use header_text::HeaderText;
pub use info::{RequestId, RequestInfo};
pub use person::Person;
pub use redirect::{is_safe_next, redirect};
pub use resolver_match::{Facts, Resolved, ResolverMatch, RouteInfo, Throttle};
pub use signals::RequestFinished;

/// Adds `name` to the answer's `Vary`, once.
pub fn vary_on(response: &mut Response, name: &'static str) {
    let headers = response.headers_mut();
    let named = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(name.as_bytes());
    if !headers.get_all(http::header::VARY).iter().any(named) {
        headers.append(http::header::VARY, http::HeaderValue::from_static(name));
    }
}
