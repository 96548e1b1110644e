//! What a setting takes, said once for errors and for editors.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::text;

/// What a setting takes. Both the words of an error and the JSON Schema of the key are made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A string that is never shown.
    Secret,
    /// A string that a header can hold.
    Header,
    /// A path.
    Path,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Integer(RangeInclusive<i64>),
    /// A length of time.
    Duration,
    /// A truth value.
    Boolean,
    /// A string, a number or a truth value, kept as text.
    Scalar,
    /// A string of a form of its own, such as an address.
    Written(&'static str),
    /// Several, as a list or in one string with commas.
    List(Box<Self>),
}

impl Kind {
    /// A list of these.
    pub(super) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Whether no error may tell what was found.
    pub(super) fn is_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) => item.is_secret(),
            _ => false,
        }
    }

    /// What is expected, for an error.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Text | Self::Secret => "a string".to_owned(),
            Self::Header => "text in one line of plain letters and signs, as a header holds it".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Choice(words) => format!("one of {}", text::alternatives(words)),
            Self::Integer(range) if *range.end() == i64::MAX => format!("an integer from {}", range.start()),
            Self::Integer(range) => format!("an integer from {} to {}", range.start(), range.end()),
            Self::Duration => "a time above 0, in seconds or as \"5s\" or \"10 min\"".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Scalar => "a string, a number or a truth value".to_owned(),
            Self::Written(expected) => (*expected).to_owned(),
            Self::List(item) => match &**item {
                Self::Text | Self::Secret => "a list of strings".to_owned(),
                item => item.expected(),
            },
        }
    }

    /// The JSON Schema of a key that takes it. Where it is no string anyway, a string with a mark is one of its forms.
    pub(super) fn schema(&self) -> Value {
        const MARK: &str = r"\$\{";
        match self {
            Self::Text | Self::Secret => json!({"type": "string"}),
            Self::Header => json!({"type": "string", "pattern": r"^[\t -~]*$"}),
            Self::Path => json!({"type": "string", "minLength": 1}),
            Self::Written(expected) => json!({"type": "string", "title": expected}),
            Self::Choice(words) => {
                json!({"anyOf": [{"enum": words}, {"type": "string", "pattern": MARK}]})
            }
            Self::Integer(range) => json!({
                "type": ["integer", "string"],
                "minimum": range.start(),
                "maximum": range.end(),
                "pattern": MARK,
            }),
            Self::Duration => json!({
                "type": ["number", "string"],
                "exclusiveMinimum": 0,
                "pattern": r"\$\{|^\+?[0-9].*[A-Za-zµ:]|^[Pp]",
                "title": self.expected(),
            }),
            Self::Boolean => json!({"type": ["boolean", "string"], "pattern": MARK}),
            Self::Scalar => json!({"type": ["string", "number", "boolean"]}),
            Self::List(_) => json!({
                "type": ["array", "string", "number", "boolean"],
                "items": {"type": ["string", "number", "boolean"]},
                "title": self.expected(),
            }),
        }
    }
}
