//! Posts come from forms of this site.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::Method;
use http::header::{HeaderMap, ORIGIN, REFERER, SET_COOKIE};

use super::{Middleware, Next};
use crate::conf::{Secret, Settings};
use crate::http::{
    Body, BodyKind, Cookie, FormData, HttpError, Request, RequestInfo, Response, SameSite, cookie,
    multipart_field, read,
};
use crate::urls::Site;
use crate::views::Form;

/// A year, as Django's `CSRF_COOKIE_AGE`.
const MAX_AGE: i64 = 60 * 60 * 24 * 7 * 52;

/// The field of a form that holds the token.
const FIELD: &str = "csrfmiddlewaretoken";

/// Starts each request's token, and sends its cookie when a page used a new one. Outside of the error pages, which
/// hold forms as well.
pub(crate) struct Cookies {
    site: Arc<Site>,
    keys: Arc<[Secret]>,
}

impl Cookies {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let settings = &site.project.settings;
        let keys = std::iter::once(&settings.secret_key).chain(&settings.secret_key_fallbacks);
        Box::new(Self { site: Arc::clone(site), keys: keys.cloned().collect() })
    }

    fn settings(&self) -> &Settings {
        &self.site.project.settings
    }
}

#[async_trait]
impl Middleware for Cookies {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let info = next.info();
        let names = &self.settings().csrf;
        info.csrf.start(cookie(request.headers(), &names.cookie_name).unwrap_or_default(), &self.keys);
        let mut response = next.run(request).await;
        if let Some(value) = info.csrf.new_cookie() {
            let cookie = Cookie {
                name: &names.cookie_name,
                value: &value,
                max_age: MAX_AGE,
                http_only: false,
                secure: names.cookie_secure.unwrap_or(info.is_secure),
                same_site: SameSite::Lax,
            };
            response.headers_mut().extend(cookie.header().map(|header| (SET_COOKIE, header)));
        }
        response
    }
}

/// Refuses posts without the token.
///
/// A token in the header `X-CSRFToken` leaves the body to the view as it streams in. Without one it is looked for in a
/// form, in parts or not, which is read within the limits of the route for that; the view gets it as it was. Any other
/// body stays unread, and without the header it is refused.
pub(crate) struct Check {
    trusted_origins: Vec<String>,
}

impl Check {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { trusted_origins: site.project.settings.csrf.trusted_origins.clone() })
    }

    /// The request, when it comes from a page of this site.
    async fn checked(&self, request: Request, info: &RequestInfo) -> Result<Request, HttpError> {
        let headers = request.headers();
        self.check_origin(headers, info)?;
        if let Some(token) = headers.get("x-csrftoken").and_then(|value| value.to_str().ok()) {
            return check_token(Some(token), info).map(|()| request);
        }
        match BodyKind::of(headers) {
            BodyKind::Form => form(request, info).await,
            BodyKind::Multipart => form_in_parts(request, info).await,
            BodyKind::Json | BodyKind::Other => check_token(None, info).map(|()| request),
        }
    }

    /// The origin when the browser names it, else over https the referrer (Django's `process_view`).
    fn check_origin(&self, headers: &HeaderMap, info: &RequestInfo) -> Result<(), HttpError> {
        let is_good = |origin: &str| info.is_origin(origin) || self.is_trusted(origin);
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            return if is_good(origin) {
                Ok(())
            } else {
                Err(HttpError::CsrfFailed("the form was sent from another site"))
            };
        }
        if !info.is_secure {
            return Ok(());
        }
        let referrer = headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let end =
            referrer.find("://").and_then(|start| referrer[start + 3..].find('/').map(|end| start + 3 + end));
        if is_good(&referrer[..end.unwrap_or(referrer.len())]) {
            Ok(())
        } else {
            Err(HttpError::CsrfFailed("the browser does not say from which page the form was sent"))
        }
    }

    /// `https://www.example.com`, or `https://*.example.com` for all below it.
    fn is_trusted(&self, origin: &str) -> bool {
        self.trusted_origins.iter().any(|trusted| match trusted.split_once("*.") {
            Some((scheme, domain)) => origin
                .strip_prefix(scheme)
                .and_then(|host| host.strip_suffix(domain))
                .is_some_and(|rest| rest.ends_with('.')),
            None => trusted == origin,
        })
    }
}

/// A form is read once: the view finds it read, and its bytes as well.
async fn form(request: Request, info: &RequestInfo) -> Result<Request, HttpError> {
    let (mut parts, body) = request.into_parts();
    let bytes = read(body).await?;
    let form = FormData::parse(&bytes)?;
    check_token(form.get(FIELD), info)?;
    parts.extensions.insert(Form(Arc::new(form)));
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// As Django, reads the whole form for its token, which may stand behind the files.
async fn form_in_parts(request: Request, info: &RequestInfo) -> Result<Request, HttpError> {
    // Nothing can help a request without the cookie, so its files need not be waited for.
    check_cookie(info)?;
    let (parts, body) = request.into_parts();
    let bytes = read(body).await?;
    let token = multipart_field(&parts.headers, bytes.clone(), FIELD).await?;
    check_token(token.as_deref(), info)?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn check_cookie(info: &RequestInfo) -> Result<(), HttpError> {
    match info.csrf.has_cookie() {
        true => Ok(()),
        false => Err(HttpError::CsrfFailed("the cookie is missing or belongs to another session")),
    }
}

fn check_token(token: Option<&str>, info: &RequestInfo) -> Result<(), HttpError> {
    check_cookie(info)?;
    let token = token.ok_or(HttpError::CsrfFailed("the form has no token"))?;
    match info.csrf.accepts(token) {
        true => Ok(()),
        false => Err(HttpError::CsrfFailed("the form's token is not the cookie's")),
    }
}

#[async_trait]
impl Middleware for Check {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
            return next.run(request).await;
        }
        let info = next.info();
        // What does not exist is answered as such: no view will see it.
        if info.route().is_none() || info.facts().csrf_exempt {
            return next.run(request).await;
        }
        match self.checked(request, info).await {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    }
}
