//! Forms: what people typed, what is wrong with it, and how a page shows both.

mod model;

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::Value;

pub use model::{ModelForm, input_text};

/// The key of errors that belong to no single field.
pub const ALL_FIELDS: &str = "__all__";

/// What is wrong with a form, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidationErrors(BTreeMap<Cow<'static, str>, Vec<String>>);

impl ValidationErrors {
    /// Adds what is wrong with a field.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(message.into());
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> &[String] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// `Ok(value)` when nothing is wrong.
    ///
    /// # Errors
    /// Itself, when something is.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// As templates see it: lists of messages by field. Nothing at all when nothing is wrong.
    pub fn to_value(&self) -> Value {
        if self.is_empty() {
            return Value::from(());
        }
        let lists = self
            .0
            .iter()
            .map(|(field, messages)| (&**field, Value::from_iter(messages.iter().map(String::as_str))));
        Value::from_pairs(lists)
    }
}

/// A form as templates see it: `form.values.name`, `form.errors.name`.
pub fn to_value<'a>(
    values: impl IntoIterator<Item = (&'a str, &'a str)>,
    errors: &ValidationErrors,
) -> Value {
    minijinja::context! { values => Value::from_pairs(values), errors => errors.to_value() }
}

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

    #[test]
    fn errors_are_kept_by_field() {
        let mut errors = ValidationErrors::default();
        assert_eq!(errors.clone().or(1), Ok(1));
        errors.add("name", "too long");
        errors.add("name", "taken");
        assert_eq!(errors.to_value().get_attr("name").unwrap().len(), Some(2));
        assert!(errors.or(1).is_err());
    }
}
