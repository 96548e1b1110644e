//! Random tokens, keyed digests and comparisons that take the same time whatever the difference.

use ring::rand::SecureRandom as _;
use ring::{digest, hmac, rand};

const LETTERS_AND_DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system cannot give random bytes: nothing secret may be made then.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "a system without random bytes cannot keep secrets")]
    rand::SystemRandom::new().fill(&mut bytes).expect("the operating system gives no random bytes");
    bytes
}

/// A random token of `length` ASCII letters and digits (just under 6 bits each), as Django's `get_random_string`.
pub fn random_string(length: usize) -> String {
    let mut token = String::with_capacity(length);
    while token.len() < length {
        // 248 is the largest multiple of 62 in a byte: anything above would favour some letters.
        let bytes = random_bytes::<64>();
        let letters =
            bytes.iter().filter(|byte| **byte < 248).map(|byte| LETTERS_AND_DIGITS[usize::from(byte % 62)]);
        token.extend(letters.take(length - token.len()).map(char::from));
    }
    token
}

/// HMAC-SHA-256 of `message`, its key derived from `secret` for this one `purpose`, in lower-case hex.
pub fn salted_hmac(purpose: &str, secret: &str, message: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(purpose.as_bytes());
    context.update(&[0]);
    context.update(secret.as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, context.finish().as_ref());
    hex(hmac::sign(&key, message.as_bytes()).as_ref())
}

/// SHA-256 of `bytes` in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether two secrets are equal, in a time that depends on their length alone.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_asked_length_and_differ() {
        let token = random_string(40);
        assert_eq!(token.len(), 40);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(token, random_string(40));
    }

    #[test]
    fn a_digest_depends_on_purpose_secret_and_message() {
        let digest = salted_hmac("purpose", "secret", "message");
        assert_eq!(digest.len(), 64);
        for other in [
            salted_hmac("other", "secret", "message"),
            salted_hmac("purpose", "other", "message"),
            salted_hmac("purpose", "secret", "other"),
        ] {
            assert_ne!(digest, other);
        }
    }

    #[test]
    fn comparison_sees_content_and_length() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"abcd"));
    }
}
