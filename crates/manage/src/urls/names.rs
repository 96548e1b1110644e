//! Names of addresses and the patterns behind them.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a part of a path (RFC 3986 3.3, unreserved).
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The patterns of all addresses, and which name has which.
#[derive(Debug, Clone, Default)]
pub struct Names {
    patterns: Vec<&'static str>,
    by_name: HashMap<&'static str, &'static str>,
}

impl Names {
    /// The table of these names and patterns. Of two with one name the first is used to make addresses.
    pub fn new(routes: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        let mut table = Self::default();
        for (name, pattern) in routes {
            table.patterns.push(pattern);
            table.by_name.entry(name).or_insert(pattern);
        }
        table
    }

    /// Names and patterns, in the order of patterns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut all: Vec<(&str, &str)> =
            self.by_name.iter().map(|(name, pattern)| (&**name, &**pattern)).collect();
        all.sort_by_key(|(_, pattern)| *pattern);
        all.into_iter()
    }

    /// Whether some address has this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The address called `name`; none when there is none or its pattern has another number of parts.
    pub fn reverse(&self, name: &str, parts: &[&str]) -> Option<String> {
        let pattern = self.by_name.get(name)?;
        let mut address = String::with_capacity(pattern.len() + 32);
        let mut parts = parts.iter();
        let mut rest = *pattern;
        while let Some((before, after)) = rest.split_once('{') {
            address.push_str(before);
            address.extend(utf8_percent_encode(parts.next()?, PATH_PART));
            rest = after.split_once('}')?.1;
        }
        address.push_str(rest);
        parts.next().is_none().then_some(address)
    }

    /// Whether some pattern fits `path`, its parts taken as they are.
    pub fn matches(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let mut pattern = pattern.split('/');
            let mut parts = path.split('/');
            loop {
                match (pattern.next(), parts.next()) {
                    (None, None) => return true,
                    (Some(expected), Some(part))
                        if expected == part || expected.starts_with('{') && !part.is_empty() => {}
                    _ => return false,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new([("blog:index", "/"), ("blog:detail", "/articles/{slug}/")])
    }

    #[test]
    fn a_name_and_its_parts_make_an_address() {
        assert_eq!(names().reverse("blog:index", &[]).unwrap(), "/");
        assert_eq!(names().reverse("blog:detail", &["a b/ü"]).unwrap(), "/articles/a%20b%2F%C3%BC/");
        assert_eq!(names().reverse("blog:detail", &[]), None);
        assert_eq!(names().reverse("blog:detail", &["a", "b"]), None);
        assert_eq!(names().reverse("blog:other", &[]), None);
    }

    #[test]
    fn a_path_is_recognised() {
        assert!(names().matches("/articles/x/"));
        assert!(!names().matches("/articles/x"));
        assert!(!names().matches("/articles//"));
    }
}
