//! From what is written to a value of the right type.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use manage_leaves::text::truncate;

use super::duration;
use super::tree::{self, Content};
use super::written::Written;

/// Why a setting is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not what is expected. An item of a list: which one.
    Unfit(Option<String>),
    /// Nobody can read it at all.
    Malformed(String),
}

/// A value, or why there is none.
pub(super) type Read<T> = Result<T, Refusal>;

const UNFIT: Refusal = Refusal::Unfit(None);

/// What was found, for an error: short things as they are.
pub(super) fn found(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Untyped(text) => quoted(text),
        Content::Integer(number) => number.to_string(),
        Content::Float(number) => number.to_string(),
        Content::Boolean(truth) => truth.to_string(),
        other => other.type_name().to_owned(),
    }
}

/// A text in one line, whatever it holds.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    serde_json::Value::from(truncate(text, LONGEST)).to_string()
}

/// A string.
pub(super) fn string(content: &Content) -> Read<String> {
    match content {
        Content::Text(text) | Content::Untyped(text) => Ok(text.clone()),
        _ => Err(UNFIT),
    }
}

/// A string of a form of its own.
pub(super) fn written<T: Written>(content: &Content) -> Read<T> {
    string(content)?.trim().parse().map_err(|_| UNFIT)
}

/// A list of strings of a form of their own; an error names the first that is wrong.
pub(super) fn written_list<T: Written>(content: &Content) -> Read<Vec<T>> {
    let unfit = |item: &String| Refusal::Unfit(Some(quoted(item)));
    strings(content)?.iter().map(|item| item.trim().parse().map_err(|_| unfit(item))).collect()
}

/// A header's value; none: the header is left out.
pub(super) fn header(content: &Content) -> Read<Option<HeaderValue>> {
    match string(content)? {
        text if text.is_empty() => Ok(None),
        text => HeaderValue::from_str(&text).map(Some).map_err(|_| UNFIT),
    }
}

/// Paths.
pub(super) fn paths(content: &Content) -> Read<Vec<PathBuf>> {
    strings(content)?.into_iter().map(path_of).collect()
}

/// A path.
pub(super) fn path(content: &Content) -> Read<PathBuf> {
    path_of(string(content)?)
}

fn path_of(text: String) -> Read<PathBuf> {
    match text.is_empty() || text.contains('\0') {
        true => Err(Refusal::Unfit(Some(quoted(&text)))),
        false => Ok(PathBuf::from(text)),
    }
}

/// A whole number.
pub(super) fn integer(content: &Content) -> Read<i64> {
    match content {
        Content::Integer(number) => Ok(*number),
        Content::Untyped(text) => text.trim().parse().map_err(|_| UNFIT),
        _ => Err(UNFIT),
    }
}

/// A length of time: a number of seconds, or text with units.
pub(super) fn duration(content: &Content) -> Read<Duration> {
    let time = match content {
        Content::Integer(number) => duration::of_seconds(*number as f64),
        Content::Float(number) => duration::of_seconds(*number),
        Content::Text(text) => duration::of_text(text),
        Content::Untyped(text) => match text.trim().parse() {
            Ok(seconds) => duration::of_seconds(seconds),
            Err(_) => duration::of_text(text),
        },
        _ => None,
    };
    time.ok_or(UNFIT)
}

/// A truth value.
pub(super) fn boolean(content: &Content) -> Read<bool> {
    match content {
        Content::Boolean(truth) => Ok(*truth),
        Content::Untyped(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            _ => Err(UNFIT),
        },
        _ => Err(UNFIT),
    }
}

/// Strings of a list, of one text with commas, or of a list that was written into a variable: `["a", "b"]`.
pub(super) fn strings(content: &Content) -> Read<Vec<String>> {
    match content {
        Content::Untyped(text) if is_list(text) => strings(&list(text)?),
        Content::List(items) => items.iter().map(|node| scalar(&node.value)).collect(),
        Content::Untyped(text) | Content::Text(text) => Ok(text
            .split([',', ' '])
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()),
        other => scalar(other).map(|item| vec![item]),
    }
}

/// A string, a number or a truth value, as text.
pub(super) fn scalar(content: &Content) -> Read<String> {
    match content {
        Content::Text(text) | Content::Untyped(text) => Ok(text.clone()),
        Content::Integer(number) => Ok(number.to_string()),
        Content::Float(number) => Ok(number.to_string()),
        Content::Boolean(truth) => Ok(truth.to_string()),
        _ => Err(UNFIT),
    }
}

/// Whether the text of a variable means to be a list: it begins with a bracket, and that is not one of an IPv6 address.
fn is_list(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix('[').map(|rest| rest.split(']').next().unwrap_or_default());
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_err())
}

/// The list that the text of a variable holds: JSON, or as a settings file has it.
fn list(text: &str) -> Read<Content> {
    let text = text.trim();
    let in_toml = || tree::parse("", &format!("list = {text}")).ok()?.remove("list");
    match serde_json::from_str(text) {
        Ok(value) => Ok(Content::of_json(value)),
        // What the text held is not repeated: it may be a secret.
        Err(error) => match in_toml() {
            Some(node) => Ok(node.value),
            None => Err(Refusal::Malformed(format!("begins as a JSON list, but is none: {error}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_variable(text: &str) -> Read<Vec<String>> {
        strings(&Content::Untyped(text.to_owned()))
    }

    #[test]
    fn a_variable_holds_a_list_with_commas_or_as_json() {
        for text in ["a, b", "a b", r#"["a", "b"]"#, "['a', 'b']", " [\"a\",\n\"\\u0062\"] "] {
            assert_eq!(of_variable(text), Ok(vec!["a".to_owned(), "b".to_owned()]), "{text}");
        }
        assert_eq!(of_variable("[]"), Ok(Vec::new()));
        assert_eq!(of_variable("[1, true]"), Ok(vec!["1".to_owned(), "true".to_owned()]));
    }

    #[test]
    fn an_address_in_brackets_is_no_list() {
        assert_eq!(of_variable("[::1], a"), Ok(vec!["[::1]".to_owned(), "a".to_owned()]));
        assert_eq!(of_variable("[::1]:80"), Ok(vec!["[::1]:80".to_owned()]));
    }

    #[test]
    fn a_list_that_breaks_off_is_malformed_and_one_of_tables_is_unfit() {
        let told = |text| match of_variable(text) {
            Err(Refusal::Malformed(message)) => message,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            told(r#"["a", "b""#),
            "begins as a JSON list, but is none: EOF while parsing a list at line 1 column 9"
        );
        assert_eq!(told("[a, b]"), "begins as a JSON list, but is none: expected value at line 1 column 2");
        assert_eq!(of_variable(r#"[{"a": 1}]"#), Err(UNFIT));
    }
}
