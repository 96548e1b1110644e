//! Errors become pages here, are logged here, and nowhere else.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::header::{ALLOW, CACHE_CONTROL, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use minijinja::{Value, context};

use super::panics::caught;
use super::{Middleware, Next};
use crate::http::{HttpError, Request, Response};
use crate::urls::Site;
use crate::views::{Context, html, json, page};

/// Seconds after which a database that is away may be back.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Makes pages of errors. Catches panics: one broken request is one 500, never a dead server.
pub(crate) struct ErrorPages {
    site: Arc<Site>,
}

impl ErrorPages {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        Box::new(Self { site: Arc::clone(site) })
    }

    fn answer(&self, error: &HttpError, context: &Context, method: &Method) -> Response {
        log(error, context, method);
        let mut response = match error {
            _ if context.info.facts().json => api_answer(error),
            _ => self.page(error, context, method),
        };
        *response.status_mut() = error.status();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match error {
            HttpError::Unavailable(_) => {
                response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
            }
            HttpError::TooManyRequests { wait_seconds } => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*wait_seconds));
            }
            _ => {}
        }
        response
    }

    fn page(&self, error: &HttpError, context: &Context, method: &Method) -> Response {
        let (template, names) = match error {
            HttpError::Internal(_) | HttpError::Panicked(_) => return self.defect(error, context, method),
            HttpError::NotFound => ("404.html", context! {}),
            HttpError::PermissionDenied => ("403.html", context! { reason => () }),
            HttpError::CsrfFailed(reason) => ("403_csrf.html", context! { reason => *reason }),
            HttpError::BadRequest(_) | HttpError::InvalidJson(_) => ("400.html", context! {}),
            HttpError::TooManyRequests { wait_seconds } => {
                ("429.html", context! { wait => wait(*wait_seconds) })
            }
            other => ("error.html", titled(other.status())),
        };
        page(&self.site, context, template, names).unwrap_or_else(|error| {
            log(&error, context, method);
            plain(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// A page that needs nothing of what may be broken.
    fn defect(&self, error: &HttpError, context: &Context, method: &Method) -> Response {
        let rendered = if self.site.project.settings.debug {
            self.site.templates.render("debug/error.html", debug_names(error, context, method))
        } else {
            self.site.templates.render("500.html", context! { request_id => context.info.id.to_string() })
        };
        rendered.map_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR), html)
    }

    /// An answer of axum's own, such as 405, gets a page as well.
    fn dressed(&self, mut bare: Response, context: &Context, method: &Method) -> Response {
        let status = bare.status();
        let allow = bare.headers_mut().remove(ALLOW);
        let mut response = match status {
            StatusCode::NOT_FOUND => self.answer(&HttpError::NotFound, context, method),
            _ if context.info.facts().json => detail(reason(status)),
            _ => page(&self.site, context, "error.html", titled(status)).unwrap_or_else(|_| plain(status)),
        };
        *response.status_mut() = status;
        response.headers_mut().extend(allow.map(|methods| (ALLOW, methods)));
        response
    }
}

#[async_trait]
impl Middleware for ErrorPages {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let context = Context { info: Arc::clone(next.info()), uri: request.uri().clone() };
        let method = request.method().clone();
        let answer = caught(next.run(request)).await;
        let response = answer.unwrap_or_else(|panic| HttpError::Panicked(panic).into_response());
        if let Some(error) = response.extensions().get::<Arc<HttpError>>() {
            let error = Arc::clone(error);
            return self.answer(&error, &context, &method);
        }
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        // A view that answers with a page of its own says of what type it is.
        if is_error && !response.headers().contains_key(http::header::CONTENT_TYPE) {
            return self.dressed(response, &context, &method);
        }
        response
    }
}

fn log(error: &HttpError, context: &Context, method: &Method) {
    let (id, uri) = (&context.info.id, &context.uri);
    match error {
        HttpError::Internal(cause) => tracing::error!("{method} {uri}: {cause:#} {id}"),
        HttpError::Panicked(cause) => tracing::error!("{method} {uri}: {cause} {id}"),
        HttpError::Unavailable(cause) => tracing::warn!("{method} {uri}: {cause:#} {id}"),
        HttpError::BadRequest(cause) => tracing::debug!("{method} {uri}: {cause} {id}"),
        HttpError::InvalidJson(cause) => tracing::debug!("{method} {uri}: {cause} {id}"),
        HttpError::CsrfFailed(cause) => {
            tracing::warn!("{method} {uri}: forged or expired form, {cause} {id}");
        }
        _ => {}
    }
}

fn debug_names(error: &HttpError, context: &Context, method: &Method) -> Value {
    let chain: Vec<String> = match error {
        HttpError::Internal(cause) => cause.chain().map(ToString::to_string).collect(),
        HttpError::Panicked(cause) => vec![cause.clone()],
        _ => Vec::new(),
    };
    context! {
        status => 500,
        title => chain.first().cloned().unwrap_or_default(),
        request_line => format!("{method} {}", context.uri),
        request_id => context.info.id.to_string(),
        chain => chain,
    }
}

fn titled(status: StatusCode) -> Value {
    let message = match status {
        StatusCode::UNAUTHORIZED => "Only people who signed in may see this.",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not take such a request.",
        StatusCode::PAYLOAD_TOO_LARGE => "What you sent is longer than we can take. Nothing was saved.",
        StatusCode::REQUEST_TIMEOUT => "Your request did not arrive completely. Please send it again.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "We cannot reach our data right now. Please try again in a moment."
        }
        _ => "Your request could not be answered.",
    };
    context! { status => status.as_u16(), title => reason(status), message => message }
}

/// `5 minutes`: a wait in words.
fn wait(seconds: u64) -> String {
    let minutes = i64::try_from(seconds.div_ceil(60)).unwrap_or(i64::MAX);
    crate::text::count(minutes, "minute")
}

fn api_answer(error: &HttpError) -> Response {
    match error {
        HttpError::CsrfFailed(cause) => detail(cause),
        HttpError::InvalidJson(cause) => detail(&format!("The body cannot be understood: {cause}")),
        other => detail(reason(other.status())),
    }
}

fn detail(text: &str) -> Response {
    json(serde_json::json!({ "detail": text }).to_string())
}

fn plain(status: StatusCode) -> Response {
    (status, reason(status)).into_response()
}

fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable",
        other => other.canonical_reason().unwrap_or("Error"),
    }
}
