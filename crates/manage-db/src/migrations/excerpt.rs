//! Parts of texts.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a text. The text is there once, however many parts of it are kept: a dump has more statements than letters in
/// each of them.
#[derive(Clone)]
pub struct Excerpt {
    whole: Arc<str>,
    range: Range<usize>,
}

impl Excerpt {
    /// A part of this part, in bytes.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let from = self.range.start;
        Self { whole: Arc::clone(&self.whole), range: from + range.start..from + range.end }
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        &self.whole[self.range.clone()]
    }
}

impl<T: Into<Arc<str>>> From<T> for Excerpt {
    fn from(text: T) -> Self {
        let whole = text.into();
        Self { range: 0..whole.len(), whole }
    }
}

impl Deref for Excerpt {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// What it is a part of does not count.
impl PartialEq for Excerpt {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Excerpt {}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
