//! How values are written into HTML.

use std::fmt;

use minijinja::{Output, State, Value, escape_formatter};

/// Writes a value: safe text as it is, other text escaped, everything else as minijinja does.
///
/// Unlike minijinja's own formatter it leaves the slash alone, which needs no escaping between quotes or tags and
/// stands in every address.
pub(super) fn format(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text)?,
        Some(text) => write_escaped(text, |part| out.write_str(part))?,
        None => return escape_formatter(out, state, value),
    }
    Ok(())
}

/// Hands over `text` in parts, with `<`, `>`, `&` and both quotes as entities.
fn write_escaped(text: &str, mut write: impl FnMut(&str) -> fmt::Result) -> fmt::Result {
    let mut start = 0;
    for (position, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'\'' => "&#x27;",
            _ => continue,
        };
        write(&text[start..position])?;
        write(entity)?;
        start = position + 1;
    }
    write(&text[start..])
}

/// `text` with `<`, `>`, `&` and both quotes as entities, appended to `html`.
pub fn escape_into(html: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = write_escaped(text, |part| {
        html.push_str(part);
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_markup_is_escaped_and_a_slash_is_not() {
        let mut html = String::new();
        escape_into(&mut html, "<a href=\"/x\">it's & more</a>é");
        assert_eq!(html, "&lt;a href=&quot;/x&quot;&gt;it&#x27;s &amp; more&lt;/a&gt;é");
    }
}
