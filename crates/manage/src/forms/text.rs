//! What text looks like.

/// Whether `text` is the address of a page: `http` or `https`, a host, nothing that no address holds.
pub fn is_url(text: &str) -> bool {
    let uri: Option<http::Uri> = text.parse().ok();
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

/// Whether `text` looks like an e-mail address: one `@`, a name before it, a domain with a dot after it.
pub fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let is_plain =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '@');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !name.is_empty()
        && name.len() <= 64
        && text.len() <= 254
        && name.chars().all(is_plain)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in ["a@example.com", "first.last+tag@sub.example.co", "ü@exämple.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "a@b", "@example.com", "a@@example.com", "a b@example.com", "a@-x.com", "a@x..com"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
