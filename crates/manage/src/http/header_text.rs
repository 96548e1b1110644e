//! Text of a request that is not copied out of it.

use std::fmt;
use std::ops::{Deref, Range};

use http::HeaderValue;
use http::uri::Authority;

/// A part of a request's head, shared with the header that it came in: a cookie's value, the host.
#[derive(Clone)]
pub struct HeaderText(Source);

#[derive(Clone)]
enum Source {
    Header(HeaderValue, Range<usize>),
    Authority(Authority),
    Own(Box<str>),
}

impl HeaderText {
    /// The part that `choose` takes of a header; none when it takes none or something else, or when that part is not
    /// ASCII. The rest of the header may be anything.
    pub fn of(header: &HeaderValue, choose: impl FnOnce(&[u8]) -> Option<&[u8]>) -> Option<Self> {
        let whole = header.as_bytes();
        let part = choose(whole)?;
        let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        let place = start..start.checked_add(part.len())?;
        let is_there = whole.get(place.clone()).is_some_and(<[u8]>::is_ascii);
        is_there.then(|| Self(Source::Header(header.clone(), place)))
    }

    /// A whole header; none when it is not ASCII.
    pub fn whole(header: &HeaderValue) -> Option<Self> {
        Self::of(header, |whole| Some(whole))
    }

    /// The same in lower case: a copy only where it was not.
    pub(crate) fn into_lowercase(self) -> Self {
        if self.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Self::from(self.to_ascii_lowercase())
        } else {
            self
        }
    }
}

impl Deref for HeaderText {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Source::Header(header, part) => {
                let part = header.as_bytes().get(part.clone()).unwrap_or_default();
                std::str::from_utf8(part).unwrap_or_default()
            }
            Source::Authority(authority) => authority.as_str(),
            Source::Own(text) => text,
        }
    }
}

impl Default for HeaderText {
    fn default() -> Self {
        Self(Source::Own(Box::default()))
    }
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self(Source::Own(text.into()))
    }
}

impl From<String> for HeaderText {
    fn from(text: String) -> Self {
        Self(Source::Own(text.into()))
    }
}

impl From<Authority> for HeaderText {
    fn from(authority: Authority) -> Self {
        Self(Source::Authority(authority))
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_header_is_shared_and_found_again() {
        let header = HeaderValue::from_static("sessionid=abc; a=b");
        let part = |text| HeaderText::of(&header, |whole: &[u8]| whole.get(text));
        assert_eq!(&*part(10..13).unwrap(), "abc");
        assert_eq!(&*part(0..0).unwrap(), "");
        assert!(part(10..99).is_none());
        assert!(HeaderText::of(&header, |_| Some(b"from elsewhere")).is_none());
        let header = HeaderValue::from_bytes(b"\xff;ab").unwrap();
        assert!(HeaderText::whole(&header).is_none());
        assert_eq!(&*HeaderText::of(&header, |whole: &[u8]| whole.get(2..)).unwrap(), "ab");
    }

    #[test]
    fn only_capitals_are_copied_into_lower_case() {
        let lower =
            |text: &'static str| HeaderText::whole(&HeaderValue::from_static(text)).unwrap().into_lowercase();
        assert!(matches!(lower("example.com").0, Source::Header(..)));
        assert_eq!(&*lower("Example.COM"), "example.com");
        assert_eq!(&*HeaderText::from(Authority::from_static("a.test:80")), "a.test:80");
    }
}
