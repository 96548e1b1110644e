//! Tokens against forged posts, as Django's: a secret in a cookie, and the same secret under a mask in each form.
//!
//! Unlike Django's, the cookie is signed together with the session's key, so a cookie that another host of the same
//! domain planted is worth nothing (OWASP, "signed double-submit cookie").

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::header_text::HeaderText;
use crate::conf::Secret;
use crate::crypto;

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SECRET_LENGTH: usize = 32;
const PURPOSE: &str = "manage.http.csrf";

/// The token of one request. Nothing is computed before it is asked for.
#[derive(Default)]
pub struct Csrf(Mutex<State>);

#[derive(Default)]
struct State {
    /// The cookie as it was sent.
    sent: HeaderText,
    session_key: HeaderText,
    keys: Arc<[Secret]>,
    /// The cookie's secret once it was looked at.
    secret: Option<String>,
    is_new: bool,
    is_used: bool,
}

/// Keys and secrets are for no log.
impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csrf").finish_non_exhaustive()
    }
}

impl Csrf {
    /// Takes what the request sent. `keys` are the site's signing keys, the present one first.
    pub fn start(&self, sent: HeaderText, keys: &Arc<[Secret]>) {
        let mut state = self.lock();
        state.sent = sent;
        state.keys = Arc::clone(keys);
    }

    /// A token for a form: the secret under a fresh mask, so that compression reveals nothing about it (BREACH).
    pub fn token(&self) -> String {
        let mut state = self.lock();
        state.is_used = true;
        if state.secret().is_none() {
            state.renew();
        }
        mask(state.secret.as_deref().unwrap_or_default())
    }

    /// Binds the token to another session without a new secret: what was sent for the old one counts no more.
    pub fn rebind(&self, session_key: impl Into<HeaderText>) {
        let mut state = self.lock();
        state.session_key = session_key.into();
        state.secret = None;
    }

    /// Takes a new secret for another session. Called when somebody signs in or out.
    pub fn rotate(&self, session_key: &str) {
        let mut state = self.lock();
        state.session_key = session_key.into();
        state.renew();
    }

    /// Whether a token was made: the answer is for this reader alone.
    pub fn is_used(&self) -> bool {
        self.lock().is_used
    }

    /// Whether the request sent a cookie that this site made for this session.
    pub fn has_cookie(&self) -> bool {
        self.lock().secret().is_some()
    }

    /// Whether `token`, from a form or a header, holds the cookie's secret; the cookie's own value does as well.
    pub fn accepts(&self, token: &str) -> bool {
        let mut state = self.lock();
        let Some(secret) = state.secret() else { return false };
        let unmasked = unmask(token);
        unmasked.is_some_and(|found| crypto::constant_time_eq(found.as_bytes(), secret.as_bytes()))
            || crypto::constant_time_eq(token.as_bytes(), state.sent.as_bytes())
    }

    /// The cookie to send, when it is a new one.
    pub fn new_cookie(&self) -> Option<String> {
        let state = self.lock();
        let secret = state.secret.as_ref().filter(|_| state.is_new)?;
        let key = state.keys.first()?;
        Some(format!("{secret}{}", state.signature(key, secret)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn secret(&mut self) -> Option<&str> {
        if self.secret.is_none() && self.sent.is_ascii() && self.sent.len() > SECRET_LENGTH {
            let (secret, signature) = self.sent.split_at(SECRET_LENGTH);
            let fits = |key: &Secret| {
                crypto::constant_time_eq(self.signature(key, secret).as_bytes(), signature.as_bytes())
            };
            if secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) && self.keys.iter().any(fits) {
                self.secret = Some(secret.to_owned());
            }
        }
        self.secret.as_deref()
    }

    fn renew(&mut self) {
        self.secret = Some(crypto::random_string(SECRET_LENGTH));
        self.is_new = true;
    }

    fn signature(&self, Secret(key): &Secret, secret: &str) -> String {
        crypto::salted_hmac(PURPOSE, key, &format!("{secret}{}", self.session_key))
    }
}

/// As Django's `_mask_cipher_secret`: a random mask, then the secret's letters shifted by it.
fn mask(secret: &str) -> String {
    let mask = crypto::random_string(SECRET_LENGTH);
    let shifted = secret.bytes().zip(mask.bytes()).map(|(letter, by)| at(place(letter) + place(by)));
    let shifted: String = shifted.collect();
    mask + &shifted
}

fn unmask(token: &str) -> Option<String> {
    if token.len() != 2 * SECRET_LENGTH || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let (mask, shifted) = token.split_at(SECRET_LENGTH);
    let letters = shifted.bytes().zip(mask.bytes());
    Some(letters.map(|(letter, by)| at(place(letter) + ALPHABET.len() - place(by))).collect())
}

fn place(letter: u8) -> usize {
    match letter {
        b'a'..=b'z' => usize::from(letter - b'a'),
        b'A'..=b'Z' => usize::from(letter - b'A') + 26,
        _ => usize::from(letter.wrapping_sub(b'0')) + 52,
    }
}

fn at(place: usize) -> char {
    char::from(ALPHABET[place % ALPHABET.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(cookie: &str, session: &str) -> Csrf {
        let csrf = Csrf::default();
        csrf.rebind(session);
        csrf.start(cookie.into(), &["new key", "old key"].map(|key| Secret(key.to_owned())).into());
        csrf
    }

    fn cookie(session: &str) -> (String, String) {
        let csrf = started("", session);
        let token = csrf.token();
        (csrf.new_cookie().unwrap(), token)
    }

    #[test]
    fn a_token_fits_its_cookie_and_session_only() {
        let (sent, token) = cookie("s1");
        assert!(started(&sent, "s1").accepts(&token));
        assert!(started(&sent, "s1").accepts(&sent));
        assert!(!started(&sent, "s2").accepts(&token));
        assert!(!started(&cookie("s1").0, "s1").accepts(&token));
        assert!(!started("", "s1").accepts(&token));
        assert!(!started("", "").accepts(""));
    }

    #[test]
    fn every_token_looks_different_and_is_accepted() {
        let (sent, _) = cookie("");
        let csrf = started(&sent, "");
        let (one, two) = (csrf.token(), csrf.token());
        assert_ne!(one, two);
        assert!(csrf.accepts(&one) && csrf.accepts(&two));
        assert_eq!(csrf.new_cookie(), None);
    }

    #[test]
    fn forged_and_malformed_tokens_are_refused() {
        let (sent, token) = cookie("");
        let csrf = started(&sent, "");
        for bad in ["", "a", &"a".repeat(64), &token[1..], &format!("{}é", &token[..62]), "\u{1f600}"] {
            assert!(!csrf.accepts(bad), "{bad}");
        }
        let forged = format!("{}{}", "a".repeat(32), "0".repeat(64));
        assert!(!started(&forged, "").accepts(&forged));
    }

    #[test]
    fn signing_in_takes_a_new_secret() {
        let (sent, token) = cookie("");
        let csrf = started(&sent, "");
        csrf.rotate("s1");
        let renewed = csrf.new_cookie().unwrap();
        assert!(started(&renewed, "s1").accepts(&csrf.token()));
        assert!(!started(&renewed, "s1").accepts(&token));
    }
}
