//! What a server says about a statement, without the values in it. Names of tables, columns and constraints stay.

/// The message up to the first of `signs`, behind which a value stands.
pub(crate) fn cut_at(message: &str, signs: &[&str]) -> Option<String> {
    let end = signs.iter().filter_map(|sign| message.find(sign)).min()?;
    Some(message[..end].to_owned())
}

/// The message without what stands from `before` to the last `after` behind it, a quote and the words that follow it:
/// `Duplicate entry 'x' for key 'k'` from ` '` to `' for key` is `Duplicate entry for key 'k'`.
pub(crate) fn cut_out(message: &str, before: &str, after: &str) -> Option<String> {
    let start = message.find(before)?;
    let inside = start + before.len();
    // The quote that opens and the one that closes are the same sign where the value is empty.
    let end = inside + message[inside..].rfind(after)?;
    Some(format!("{}{}", &message[..start], &message[end + 1..]))
}
