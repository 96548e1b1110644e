//! Values that settings hold as text.

use std::fmt::Display;
use std::str::FromStr;

/// A value that is written as text in settings: read by [`FromStr`], shown by [`Display`].
pub trait Written: FromStr + Display + Clone {
    /// What is expected, for an error: `a network such as 10.0.0.0/8`.
    const EXPECTED: &'static str;
}
