//! What people may type.

use minijinja::Value;

use crate::contrib::auth::models::username_objection;
use crate::contrib::auth::password_validation::{self, UserAttributes};
use crate::forms::{self, ALL_FIELDS, ValidationErrors};
use crate::http::{FormData, is_safe_next};

/// Longest password that is taken: hashing longer ones would only keep the server busy.
const MAX_PASSWORD: usize = 1_024;

/// The form of `/accounts/login/`.
#[derive(Debug)]
pub(super) struct LoginForm {
    pub(super) login: String,
    pub(super) password: String,
    pub(super) errors: ValidationErrors,
}

impl LoginForm {
    pub(super) fn bind(form: &FormData) -> Self {
        let (login, password) = (form.text("login").trim().to_owned(), form.text("password").to_owned());
        let mut errors = ValidationErrors::default();
        if login.is_empty() {
            errors.add("login", "Enter your username.");
        }
        if password.is_empty() {
            errors.add("password", "Enter your password.");
        }
        let too_long = login.chars().count() > 150 || password.len() > MAX_PASSWORD;
        if too_long {
            errors.add(ALL_FIELDS, WRONG_LOGIN);
        }
        Self { login, password, errors }
    }

    pub(super) fn to_value(&self) -> Value {
        forms::to_value([("login", self.login.as_str())], &self.errors)
    }
}

/// One text for every reason, so that nobody learns which accounts exist.
pub(super) const WRONG_LOGIN: &str = "Username and password do not match. Both are case-sensitive.";

/// The form of `/accounts/signup/`.
#[derive(Debug)]
pub(super) struct SignupForm {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) errors: ValidationErrors,
}

impl SignupForm {
    pub(super) fn bind(form: &FormData, min_length: usize) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        let (username, email) = (text("username"), text("email"));
        let password = form.text("password1").to_owned();
        let mut errors = ValidationErrors::default();
        if let Some(objection) = username_objection(&username) {
            errors.add("username", objection);
        }
        if email.is_empty() {
            errors.add("email", "Enter your e-mail address.");
        } else if !forms::is_email(&email) {
            errors.add("email", "Enter a valid e-mail address.");
        }
        if password.len() > MAX_PASSWORD {
            errors.add("password1", format!("Use at most {MAX_PASSWORD} bytes."));
        } else {
            let attributes = UserAttributes { username: &username, email: &email };
            for message in password_validation::validate(&password, attributes, min_length) {
                errors.add("password1", message);
            }
        }
        if form.text("password2") != password {
            errors.add("password2", "The two passwords are not the same.");
        }
        Self { username, email, password, errors }
    }

    pub(super) fn to_value(&self) -> Value {
        forms::to_value([("username", self.username.as_str()), ("email", self.email.as_str())], &self.errors)
    }
}

/// Where to go next: what the form or the query asks for when it is a page of this site.
pub(super) fn next<'a>(form: &'a FormData, default: &'a str) -> &'a str {
    form.get("next").filter(|next| is_safe_next(next)).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signup(text: &str) -> SignupForm {
        SignupForm::bind(&FormData::parse(text.as_bytes()).unwrap(), 8)
    }

    #[test]
    fn a_good_form_has_no_errors() {
        let form =
            signup("username=jo&email=jo%40example.com&password1=walks+to+Lyon&password2=walks+to+Lyon");
        assert!(form.errors.is_empty(), "{:?}", form.errors);
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        let form = signup("username=j+o&email=jo&password1=short&password2=other");
        let errors = form.errors.to_value();
        for field in ["username", "email", "password1", "password2"] {
            assert!(errors.get_attr(field).unwrap().is_true(), "{field}");
        }
    }
}
