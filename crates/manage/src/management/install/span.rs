//! Changes of a text by places, so that nothing else of it changes.

use std::ops::Range;

/// What stands in the place of some bytes; of none, where something is inserted.
pub(super) type Change = (Range<usize>, String);

/// The text with all changes, which do not overlap.
pub(super) fn changed(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let mut text = text.to_owned();
    changes.iter().rev().for_each(|(range, new)| text.replace_range(range.clone(), new));
    text
}

/// Where the line of a place begins.
pub(super) fn line_start(text: &str, place: usize) -> usize {
    text[..place].rfind('\n').map_or(0, |end| end + 1)
}

/// How the lines of a text end.
pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
