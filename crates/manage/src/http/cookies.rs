//! Cookies: reading one by its name, and writing them as Django does.

use http::header::{COOKIE, HeaderMap, HeaderValue};

use super::header_text::HeaderText;

/// The value of the first cookie called `name`, shared with its header. Cookies that are not ASCII are ignored:
/// browsers send those of other programs on the same domain in the same line.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<HeaderText> {
    let value_in = |line| HeaderText::of(line, |line| value(line, name));
    headers.get_all(COOKIE).into_iter().find_map(value_in)
}

fn value<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let pairs = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    values.next().map(without_quotes)
}

fn without_quotes(value: &[u8]) -> &[u8] {
    let start = value.iter().take_while(|byte| **byte == b'"').count();
    let end = value.iter().rev().take_while(|byte| **byte == b'"').count();
    value.get(start..value.len().saturating_sub(end)).unwrap_or_default()
}

/// When a cookie travels with requests that other sites cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 6265bis")]
pub enum SameSite {
    Lax,
    Strict,
    None,
}

impl SameSite {
    /// The policy that the settings name; `Lax` where they name none.
    pub fn named(name: &str) -> Self {
        match name {
            "Strict" => Self::Strict,
            "None" => Self::None,
            _ => Self::Lax,
        }
    }
}

/// A cookie for the whole site.
#[derive(Debug, Clone)]
pub struct Cookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value: ASCII without spaces, quotes, commas, semicolons and backslashes.
    pub value: &'a str,
    /// Seconds that browsers keep it; 0 deletes it.
    pub max_age: i64,
    /// Hidden from scripts.
    pub http_only: bool,
    /// Sent over https only.
    pub secure: bool,
    /// When it travels with requests that other sites cause.
    pub same_site: SameSite,
}

impl Cookie<'_> {
    /// The value of a `Set-Cookie` header; none when name or value hold something that no header may.
    pub fn header(&self) -> Option<HeaderValue> {
        let Self { name, value, max_age, same_site, .. } = self;
        let mut text = format!("{name}={value}; Max-Age={max_age}; Path=/; SameSite={same_site:?}");
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = HeaderMap::from_iter([
            (COOKIE, HeaderValue::from_static("xsessionid=1; junk; a=\"b\"; sessionid=2")),
            (COOKIE, HeaderValue::from_bytes(b"bad=\xff; good=1; city=Z\xc3\xbcrich").unwrap()),
        ]);
        let found = |name| cookie(&headers, name).map(|value| value.to_string());
        assert_eq!(found("sessionid").as_deref(), Some("2"));
        assert_eq!(found("a").as_deref(), Some("b"));
        assert_eq!(found("junk"), None);
        assert_eq!((found("bad"), found("city"), found("good").as_deref()), (None, None, Some("1")));
    }

    #[test]
    fn a_cookie_is_written_with_its_limits() {
        let cookie = Cookie {
            name: "sessionid",
            value: "abc",
            max_age: 60,
            http_only: true,
            secure: true,
            same_site: SameSite::Lax,
        };
        assert_eq!(
            cookie.header().unwrap(),
            "sessionid=abc; Max-Age=60; Path=/; SameSite=Lax; HttpOnly; Secure"
        );
        assert_eq!(Cookie { value: "a\nb", ..cookie }.header(), None);
    }
}
