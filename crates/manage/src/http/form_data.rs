//! What a form or a query string says.

use percent_encoding::percent_decode_str;

use super::error::HttpError;

/// Most fields of a form, as Django's `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
const MAX_FIELDS: usize = 1_000;

/// Names with values, in the order they were sent; a name may occur more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormData(Vec<(String, String)>);

impl FormData {
    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// [`HttpError::BadRequest`] when it is not UTF-8, holds a NUL (which PostgreSQL cannot store) or too many fields.
    pub fn parse(text: &[u8]) -> Result<Self, HttpError> {
        let text =
            std::str::from_utf8(text).map_err(|_| HttpError::BadRequest("a form that is not UTF-8"))?;
        let mut fields = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if fields.len() == MAX_FIELDS {
                return Err(HttpError::BadRequest("a form with too many fields"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.push((decoded(name)?, decoded(value)?));
        }
        Ok(Self(fields))
    }

    /// The last value of `name`, as Django's `QueryDict` gives it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The last value of `name`, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

fn decoded(text: &str) -> Result<String, HttpError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    match decoded {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(HttpError::BadRequest("a form that is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_and_the_last_value_counts() {
        let form = FormData::parse(b"a=1&a=2&b=x+y%C3%A9&c&=d&&").unwrap();
        assert_eq!(form.get("a"), Some("2"));
        assert_eq!(form.get("b"), Some("x yé"));
        assert_eq!(form.get("c"), Some(""));
        assert_eq!(form.get("z"), None);
    }

    #[test]
    fn bad_text_is_refused() {
        for bad in [b"a=\xff".as_slice(), b"a=%ff", b"a=%00", "a&".repeat(MAX_FIELDS + 1).as_bytes()] {
            assert!(matches!(FormData::parse(bad), Err(HttpError::BadRequest(_))));
        }
    }
}
