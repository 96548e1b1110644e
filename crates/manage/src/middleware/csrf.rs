//! Posts come from forms of this site.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::Method;
use http::header::{HeaderMap, ORIGIN, REFERER, SET_COOKIE};

use super::{Middleware, Next};
use crate::conf::Settings;
use crate::http::{
    Body, Cookie, FormData, HttpError, Request, RequestInfo, Response, SameSite, cookie, read_form,
};
use crate::urls::{Names, Site};
use crate::views::Form;

/// A year, as Django's `CSRF_COOKIE_AGE`.
const MAX_AGE: i64 = 60 * 60 * 24 * 7 * 52;

/// Starts each request's token, and sends its cookie when a page used a new one. Outside of the error pages, which
/// hold forms as well.
pub struct Cookies {
    site: Arc<Site>,
    keys: Vec<String>,
}

impl Cookies {
    /// For a site.
    pub fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
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
        let Some(info) = request.extensions().get::<Arc<RequestInfo>>().cloned() else {
            return next.run(request).await;
        };
        let names = &self.settings().csrf;
        let sent = cookie(request.headers(), &names.cookie_name).unwrap_or_default();
        info.csrf.start(sent, &self.keys);
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

/// Refuses posts without the token, and reads the forms of the others.
pub struct Check {
    names: Arc<Names>,
    trusted_origins: Vec<String>,
    max_body_bytes: usize,
    body_timeout: f64,
}

impl Check {
    /// For a site.
    pub fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let settings = &site.project.settings;
        Box::new(Self {
            names: Arc::clone(&site.names),
            trusted_origins: settings.csrf.trusted_origins.clone(),
            max_body_bytes: settings.server.max_body_bytes,
            body_timeout: settings.server.body_timeout,
        })
    }

    /// The posted form, when it comes from a page of this site.
    async fn checked(&self, request: Request) -> Result<Request, HttpError> {
        let (mut parts, body) = request.into_parts();
        let info = parts.extensions.get::<Arc<RequestInfo>>().cloned();
        let info = info.ok_or(HttpError::BadRequest("a request that nobody named"))?;
        self.check_origin(&parts.headers, &info)?;
        let form = read_form(&parts.headers, body, self.max_body_bytes, self.body_timeout).await?;
        check_token(&parts.headers, &form, &info)?;
        parts.extensions.insert(Form(Arc::new(form)));
        Ok(Request::from_parts(parts, Body::empty()))
    }

    /// The origin when the browser names it, else over https the referrer (Django's `process_view`).
    fn check_origin(&self, headers: &HeaderMap, info: &RequestInfo) -> Result<(), HttpError> {
        let own = info.origin();
        let is_good = |origin: &str| origin == own || self.is_trusted(origin);
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

fn check_token(headers: &HeaderMap, form: &FormData, info: &RequestInfo) -> Result<(), HttpError> {
    if !info.csrf.has_cookie() {
        return Err(HttpError::CsrfFailed("the cookie is missing or belongs to another session"));
    }
    let header = headers.get("x-csrftoken").and_then(|value| value.to_str().ok());
    let token = form.get("csrfmiddlewaretoken").or(header);
    let token = token.ok_or(HttpError::CsrfFailed("the form has no token"))?;
    if info.csrf.accepts(token) {
        Ok(())
    } else {
        Err(HttpError::CsrfFailed("the form's token is not the cookie's"))
    }
}

#[async_trait]
impl Middleware for Check {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
            return next.run(request).await;
        }
        if !self.names.matches(request.uri().path()) {
            // No view will see it: what does not exist is answered as such.
            return next.run(request).await;
        }
        match self.checked(request).await {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    }
}
