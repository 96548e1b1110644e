//! Text as HTML: comments, and the places where a search found its words.

use linkify::{LinkFinder, LinkKind};

use manage::template::escape_into;

/// A comment as HTML: paragraphs, line breaks, and addresses as links that search engines do not follow.
pub(super) fn comment_html(body: &str) -> String {
    let mut html = String::with_capacity(body.len() + 32);
    if !body.is_empty() && !body.contains('\n') && body.trim().len() == body.len() {
        html.push_str("<p>");
        push_linked(&mut html, body);
        html.push_str("</p>");
        return html;
    }
    for paragraph in body.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        html.push_str("<p>");
        for (number, line) in paragraph.lines().enumerate() {
            if number > 0 {
                html.push_str("<br>");
            }
            push_linked(&mut html, line);
        }
        html.push_str("</p>");
    }
    html
}

fn push_linked(html: &mut String, line: &str) {
    // Few comments hold an address, and looking for one costs more than everything else here.
    if !line.contains(':') || !line.contains("://") {
        escape_into(html, line);
        return;
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    for span in finder.spans(line) {
        let text = span.as_str();
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        if span.kind().is_some() && is_web {
            html.push_str("<a rel=\"nofollow ugc noopener\" href=\"");
            escape_into(html, text);
            html.push_str("\">");
            escape_into(html, text);
            html.push_str("</a>");
        } else {
            escape_into(html, text);
        }
    }
}

/// The text of HTML: without tags, its entities as characters.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        // A block's end divides words as well.
        text.push(' ');
        rest = rest[start..].find('>').map_or("", |end| &rest[start + end + 1..]);
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        if text.contains(entity) {
            text = text.replace(entity, character);
        }
    }
    text
}

/// Words around the first hit, in characters.
const BEFORE: usize = 60;
const EXCERPT: usize = 260;

/// The part of `text` around the first of `words`, as HTML with every hit marked.
pub(super) fn highlighted(text: &str, words: &[String]) -> String {
    let collapsed: Vec<&str> = text.split_whitespace().collect();
    let stems: Vec<&str> = words.iter().map(|word| stem(word)).collect();
    let is_hit = |token: &str| {
        let bare = token.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        stems.iter().any(|stem| bare.starts_with(stem))
    };
    let first = collapsed.iter().position(|token| is_hit(token)).unwrap_or(0);
    let (mut start, mut length) = (first, 0);
    while start > 0 && length < BEFORE {
        start -= 1;
        length += collapsed[start].len() + 1;
    }
    let mut html = String::from(if start > 0 { "… " } else { "" });
    let mut length = 0;
    for (position, token) in collapsed.iter().enumerate().skip(start) {
        if length > EXCERPT {
            html.push('…');
            break;
        }
        length += token.chars().count() + 1;
        if is_hit(token) {
            html.push_str("<mark>");
            escape_into(&mut html, token);
            html.push_str("</mark>");
        } else {
            escape_into(&mut html, token);
        }
        if position + 1 < collapsed.len() {
            html.push(' ');
        }
    }
    html
}

/// The beginning that a word shares with its other forms, roughly: the databases reduce words as well.
fn stem(word: &str) -> &str {
    let endings = ["ing", "ies", "ed", "es", "s", "y"];
    let cut =
        endings.iter().find_map(|ending| word.strip_suffix(ending)).filter(|stem| stem.chars().count() >= 3);
    cut.unwrap_or(word)
}

/// Minutes that reading `html` takes, at 220 words a minute; at least one.
pub(super) fn reading_minutes(html: &str) -> i64 {
    let words = plain_text(html).split_whitespace().count();
    i64::try_from(words.div_ceil(220)).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_text_with_links() {
        assert_eq!(comment_html("a <b>\nc\n\n\n d "), "<p>a &lt;b&gt;<br>c</p><p>d</p>");
        assert_eq!(
            comment_html("see https://example.com/?a=1&b=\"2\"."),
            "<p>see <a rel=\"nofollow ugc noopener\" href=\"https://example.com/?a=1&amp;b=\">https://example.com/?a=1&amp;b=</a>&quot;2&quot;.</p>"
        );
        assert_eq!(comment_html("javascript://alert(1)"), "<p>javascript://alert(1)</p>");
        assert_eq!(comment_html(" \n "), "");
    }

    #[test]
    fn tags_and_entities_are_no_words() {
        assert_eq!(plain_text("<p>a &amp; b</p><p>c &lt;d&gt;").trim(), "a & b  c <d>");
        assert_eq!(plain_text("a < b"), "a  ");
    }

    #[test]
    fn hits_are_marked_in_what_is_around_them() {
        let words = ["harbour".to_owned(), "walking".to_owned()];
        let html = highlighted("We walked <fast> along the harbours.", &words);
        assert_eq!(html, "We <mark>walked</mark> &lt;fast&gt; along the <mark>harbours.</mark>");
        let long = format!("{} harbour {}", "x ".repeat(200), "y ".repeat(400));
        let html = highlighted(&long, &words);
        assert!(html.starts_with("… x ") && html.ends_with('…') && html.contains("<mark>harbour</mark>"));
    }

    #[test]
    fn reading_takes_a_minute_at_least() {
        assert_eq!(reading_minutes(""), 1);
        assert_eq!(reading_minutes(&"word ".repeat(441)), 3);
    }
}
