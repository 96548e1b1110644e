//! Which passwords are refused, and why (Django's four default validators).

use crate::text;

/// Passwords longer than this are not hashed: hashing them would cost more than signing in is worth.
const MAX_LENGTH: usize = 4_096;

/// How alike a password may be to what is known of its owner, from 0 to 1 (Django's 0.7).
const MAX_SIMILARITY: f64 = 0.7;

/// The passwords that are tried first by whoever tries passwords, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// What is known of the person who chooses a password.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserAttributes<'a> {
    /// The name to sign in with.
    pub username: &'a str,
    /// The address.
    pub email: &'a str,
}

/// Everything that speaks against `password`, each a sentence; empty when nothing does.
pub fn validate(password: &str, attributes: UserAttributes<'_>, min_length: usize) -> Vec<String> {
    let mut objections = Vec::new();
    let length = password.chars().count();
    if length < min_length {
        let least = text::count(min_length, "character");
        objections.push(format!("This password is too short. It must contain at least {least}."));
    }
    if password.len() > MAX_LENGTH {
        objections.push(format!("This password is too long. It may have at most {MAX_LENGTH} bytes."));
        return objections;
    }
    if let Some(attribute) = similar(password, attributes) {
        objections.push(format!("The password is too similar to the {attribute}."));
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        objections.push("This password is too common.".to_owned());
    }
    if !password.is_empty() && password.chars().all(|character| character.is_ascii_digit()) {
        objections.push("This password is entirely numeric.".to_owned());
    }
    objections
}

/// The rules in words, for a page on which a password is chosen.
pub fn help_texts(min_length: usize) -> [String; 4] {
    let least = text::count(min_length, "character");
    [
        format!("Your password must contain at least {least}."),
        "Your password can’t be too similar to your other personal information.".to_owned(),
        "Your password can’t be a commonly used password.".to_owned(),
        "Your password can’t be entirely numeric.".to_owned(),
    ]
}

fn similar(password: &str, attributes: UserAttributes<'_>) -> Option<&'static str> {
    let known = [("username", attributes.username), ("email address", attributes.email)];
    let password = password.to_lowercase();
    let close = |value: &str| {
        let value = value.to_lowercase();
        let parts = value.split(|character: char| !character.is_alphanumeric());
        // A part of two letters is in many good passwords.
        let mut parts = parts.chain([value.as_str()]).filter(|part| part.len() > 2);
        parts.any(|part| strsim::sorensen_dice(&password, part) >= MAX_SIMILARITY)
    };
    known.into_iter().find(|(_, value)| close(value)).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_sentence() {
        let kim = UserAttributes { username: "kimberley", email: "k.larsen@example.org" };
        let validate = |password: &str| validate(password, kim, 8);
        assert_eq!(validate("a long enough one"), Vec::<String>::new());
        assert_eq!(validate("qWx7"), ["This password is too short. It must contain at least 8 characters."]);
        assert_eq!(validate("kimberley1"), ["The password is too similar to the username."]);
        assert_eq!(validate("larsen12"), ["The password is too similar to the email address."]);
        assert_eq!(validate("Password1"), ["This password is too common."]);
        assert_eq!(validate("8675309421"), ["This password is entirely numeric."]);
        assert_eq!(validate("1234").len(), 3);
        assert_eq!(
            validate(&"é".repeat(5_000)),
            ["This password is too long. It may have at most 4096 bytes."]
        );
    }
}
