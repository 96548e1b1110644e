//! Filters that every template has.

use crate::timezone::Timestamp;

/// A moment in words; `moment` is its text as rows have it (RFC 3339), or nothing.
///
/// # Errors
/// When it is another text.
pub(super) fn moment(moment: &str, words: fn(Timestamp) -> String) -> Result<String, minijinja::Error> {
    if moment.is_empty() {
        return Ok(String::new());
    }
    let wrong = |_| {
        let detail = format!("`{moment}` is no moment");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, detail)
    };
    moment.parse().map(words).map_err(wrong)
}
