//! Names of addresses and the patterns behind them.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a part of a path (RFC 3986 3.3, unreserved).
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A whole path in the place of `{*path}`: its slashes stay.
const PATH: &AsciiSet = &PATH_PART.remove(b'/');

/// Which address has which pattern.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<Cow<'static, str>, Cow<'static, str>>);

impl Names {
    /// The table of these names and patterns. Of two with one name the first is used to make addresses.
    pub fn new(routes: impl IntoIterator<Item = (Cow<'static, str>, Cow<'static, str>)>) -> Self {
        let mut table = HashMap::new();
        for (name, pattern) in routes {
            table.entry(name).or_insert(pattern);
        }
        Self(table)
    }

    /// Names and patterns, in the order of patterns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut all: Vec<(&str, &str)> = self.0.iter().map(|(name, pattern)| (&**name, &**pattern)).collect();
        all.sort_by_key(|(_, pattern)| *pattern);
        all.into_iter()
    }

    /// Whether some address has this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The address called `name`; none when there is none or its pattern has another number of parts.
    pub fn reverse(&self, name: &str, parts: &[&str]) -> Option<String> {
        let pattern = self.0.get(name)?;
        let mut address = String::with_capacity(pattern.len() + 32);
        let mut parts = parts.iter();
        let mut rest = &**pattern;
        while let Some((before, after)) = rest.split_once('{') {
            address.push_str(before);
            let kept = if after.starts_with('*') { PATH } else { PATH_PART };
            address.extend(utf8_percent_encode(parts.next()?, kept));
            rest = after.split_once('}')?.1;
        }
        address.push_str(rest);
        parts.next().is_none().then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let routes = [
            ("blog:index", "/"),
            ("blog:detail", "/articles/{slug}/"),
            ("blog:file", "/files/{*path}"),
            ("blog:index", "/second/"),
        ];
        Names::new(routes.map(|(name, pattern)| (name.into(), pattern.into())))
    }

    #[test]
    fn a_name_and_its_parts_make_an_address() {
        assert_eq!(names().reverse("blog:index", &[]).unwrap(), "/");
        assert_eq!(names().reverse("blog:detail", &["a b/ü"]).unwrap(), "/articles/a%20b%2F%C3%BC/");
        assert_eq!(names().reverse("blog:file", &["a b/ü"]).unwrap(), "/files/a%20b/%C3%BC");
        assert_eq!(names().reverse("blog:detail", &[]), None);
        assert_eq!(names().reverse("blog:detail", &["a", "b"]), None);
        assert_eq!(names().reverse("blog:other", &[]), None);
    }
}
