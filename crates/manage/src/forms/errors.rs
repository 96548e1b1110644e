//! What is wrong with a form.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::Value;

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

#[cfg(test)]
mod tests {
    use super::*;

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
