//! Headers that keep readers safe, the hosts that the site answers to, and the way to https.

use std::sync::Arc;

use async_trait::async_trait;
use axum::response::IntoResponse as _;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::{Middleware, Next};
use crate::conf::SecuritySettings;
use crate::http::{HttpError, Request, Response};
use crate::urls::Site;

/// Adds the security headers that the answer does not have yet.
pub(crate) struct Headers {
    always: Vec<(HeaderName, HeaderValue)>,
    strict_transport: Option<HeaderValue>,
}

impl Headers {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let settings = &site.project.settings.security;
        let word = |word: &'static str| Some(HeaderValue::from_static(word));
        let named = [
            (header::CONTENT_SECURITY_POLICY, settings.content_security_policy.clone()),
            (header::REFERRER_POLICY, settings.referrer_policy.clone()),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                word(settings.cross_origin_opener_policy),
            ),
            (header::X_FRAME_OPTIONS, word(settings.x_frame_options)),
            (header::X_CONTENT_TYPE_OPTIONS, word("nosniff")),
        ];
        let always = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Box::new(Self { always, strict_transport: strict_transport(settings) })
    }
}

fn strict_transport(settings: &SecuritySettings) -> Option<HeaderValue> {
    if settings.hsts_seconds == 0 {
        return None;
    }
    let mut value = format!("max-age={}", settings.hsts_seconds);
    if settings.hsts_include_subdomains {
        value.push_str("; includeSubDomains");
    }
    if settings.hsts_preload {
        value.push_str("; preload");
    }
    HeaderValue::from_str(&value).ok()
}

#[async_trait]
impl Middleware for Headers {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let is_secure = next.info().is_secure;
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        headers.reserve(self.always.len() + 2);
        for (name, value) in &self.always {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(value) = self.strict_transport.as_ref().filter(|_| is_secure) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value.clone());
        }
        response
    }
}

/// Answers for the allowed hosts only, and over https only where the settings say so.
pub(crate) struct Hosts {
    allowed: Vec<String>,
    ssl_redirect: bool,
}

impl Hosts {
    /// For a site.
    pub(crate) fn make(site: &Arc<Site>) -> Box<dyn Middleware> {
        let settings = &site.project.settings;
        let allowed = settings.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Box::new(Self { allowed, ssl_redirect: settings.security.ssl_redirect })
    }
}

#[async_trait]
impl Middleware for Hosts {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let info = next.info();
        if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
            // RFC 9112 3.2: nobody can say which of them counts.
            return HttpError::BadRequest("more than one Host").into_response();
        }
        if info.facts().any_host {
            return next.run(request).await;
        }
        if !host_name(&info.host).is_some_and(|host| is_allowed(host, &self.allowed)) {
            return HttpError::BadRequest("a host that is not in `allowed_hosts`").into_response();
        }
        if self.ssl_redirect && !info.is_secure {
            return to_https(&info.host, &request);
        }
        next.run(request).await
    }
}

/// GET and HEAD may be asked again; a post's content was already sent in the clear, so it is refused.
fn to_https(host: &str, request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpError::BadRequest("a post without https").into_response();
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    match HeaderValue::from_str(&format!("https://{}{path}", host_name(host).unwrap_or(host))) {
        Ok(location) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response(),
        Err(_) => HttpError::BadRequest("a host that no header can hold").into_response(),
    }
}

/// The host without its port; none when it is malformed.
fn host_name(host: &str) -> Option<&str> {
    let (name, port) = match host.rfind(']') {
        Some(end) => host.split_at(end + 1),
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let is_v6 = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_v6 = is_v6.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.len() <= 5;
    (!name.is_empty() && (is_plain || is_v6) && is_port).then(|| name.strip_suffix('.').unwrap_or(name))
}

/// As Django's `ALLOWED_HOSTS`: exact, `.example.com` with all below it, `*` for any.
fn is_allowed(host: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|pattern| match pattern.strip_prefix('.') {
        Some(domain) => host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => pattern == "*" || pattern == host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_from_its_header() {
        assert_eq!(host_name("example.com:8000"), Some("example.com"));
        assert_eq!(host_name("example.com."), Some("example.com"));
        assert_eq!(host_name("[::1]:8000"), Some("[::1]"));
        for bad in ["", ":80", "a b", "a/b", "a:port", "[::1", "a@b", "a:1:2", "a:123456", "é"] {
            assert_eq!(host_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn hosts_are_compared_as_django_does() {
        let allowed = ["example.com".to_owned(), ".test".to_owned()];
        assert!(is_allowed("example.com", &allowed));
        assert!(is_allowed("a.b.test", &allowed));
        assert!(is_allowed("test", &allowed));
        assert!(!is_allowed("www.example.com", &allowed));
        assert!(!is_allowed("mytest", &allowed));
        assert!(is_allowed("anything", &["*".to_owned()]));
    }
}
