//! One session in memory: the middleware reads it before the view and keeps it afterwards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::crypto;
use crate::http::HttpError;

/// Letters of a session's key, as Django's.
pub(super) const KEY_LENGTH: usize = 32;

/// The session of a request. Nothing is kept for a visitor for whom nothing was set.
#[derive(Debug, Clone, Default)]
pub struct Session(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) key: Option<String>,
    pub(super) data: Map<String, Value>,
    pub(super) user_id: Option<i64>,
    /// Whether the database has a row under `key`.
    pub(super) is_stored: bool,
    pub(super) is_changed: bool,
    /// A key that was given up, whose row must go.
    pub(super) abandoned: Option<String>,
}

impl Session {
    /// What was kept under `name`.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.lock().data.get(name).cloned()
    }

    /// Keeps `value` under `name`.
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        let mut state = self.lock();
        state.data.insert(name.to_owned(), value.into());
        state.is_changed = true;
    }

    /// Whose session it is, for the list of one's own sessions.
    pub fn set_user(&self, user_id: Option<i64>) {
        let mut state = self.lock();
        state.user_id = user_id;
        state.is_changed = true;
    }

    /// Whose session it is.
    pub fn user_id(&self) -> Option<i64> {
        self.lock().user_id
    }

    /// Its key, if it has one.
    pub fn key(&self) -> Option<String> {
        self.lock().key.clone()
    }

    /// Whether it has a key: whether it is more than nothing.
    pub fn has_key(&self) -> bool {
        self.lock().key.is_some()
    }

    /// Gives it a new key and keeps the data: whoever planted the old one cannot use it (session fixation). Returns
    /// the new key.
    pub fn cycle_key(&self) -> String {
        let mut state = self.lock();
        state.abandon();
        let key = crypto::random_string(KEY_LENGTH);
        state.key = Some(key.clone());
        state.is_changed = true;
        key
    }

    /// Forgets everything, in the database as well.
    pub fn flush(&self) {
        let mut state = self.lock();
        state.abandon();
        state.data.clear();
        state.user_id = None;
        state.is_changed = false;
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn abandon(&mut self) {
        let old = self.key.take();
        if self.is_stored {
            self.abandoned = old;
        }
        self.is_stored = false;
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, HttpError> {
        let missing = || HttpError::Internal(anyhow::anyhow!("the sessions' middleware is not installed"));
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_keeps_the_data_and_gives_the_old_row_up() {
        let session = Session::default();
        session.set("a", 1);
        session.lock().key = Some("old".into());
        session.lock().is_stored = true;
        let key = session.cycle_key();
        assert_eq!(key.len(), KEY_LENGTH);
        assert_eq!(session.get("a"), Some(1.into()));
        assert_eq!(session.lock().abandoned.as_deref(), Some("old"));
    }

    #[test]
    fn a_flushed_session_has_nothing_to_keep() {
        let session = Session::default();
        session.set_user(Some(1));
        session.flush();
        assert_eq!(session.get("a"), None);
        assert_eq!(session.user_id(), None);
        assert!(!session.lock().is_changed);
    }
}
