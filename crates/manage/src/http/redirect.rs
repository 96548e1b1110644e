//! Redirects, and where they may lead.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// `302 Found`: go there and GET it. An address that no header can hold leads to the front page.
pub fn redirect(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// Whether `next` leads to a page of this site: a path, and nothing that a browser takes for another host.
///
/// Stricter than Django's `url_has_allowed_host_and_scheme`: no absolute addresses at all.
pub fn is_safe_next(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic())
        && next.len() <= 2_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_leads_to_this_site_only() {
        for safe in ["/", "/articles/x/?a=b&c=%20#d", "/a//b"] {
            assert!(is_safe_next(safe), "{safe}");
        }
        for unsafe_next in [
            "",
            "x",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n",
            "/é",
            "\\\\evil",
        ] {
            assert!(!is_safe_next(unsafe_next), "{unsafe_next}");
        }
    }
}
