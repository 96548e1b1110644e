//! Signing in and out: what the session remembers.

use super::models::User;
use super::signals::UserLoggedIn;
use crate::conf::{Secret, Settings};
use crate::contrib::sessions::{Session, delete_expired};
use crate::crypto;
use crate::db::{Result, params};
use crate::http::RequestInfo;
use crate::setup::Project;
use crate::timezone;

/// Django's names of what a session remembers.
const USER_ID: &str = "_auth_user_id";
const PASSWORD_HASH: &str = "_auth_user_hash";

/// Signs `user` in: a new key for the session, a new token for forms.
///
/// # Errors
/// Those of the database.
pub async fn login(project: &Project, session: &Session, info: &RequestInfo, user: &User) -> Result<()> {
    if session.user_id().is_some_and(|other| other != user.id) {
        session.flush();
    }
    let key = session.cycle_key();
    info.csrf.rotate(&key);
    session.set(USER_ID, user.id.to_string());
    session.set(PASSWORD_HASH, session_hash(&project.settings.secret_key, user));
    session.set_user(Some(user.id));
    const SQL: &str = "UPDATE auth_user SET last_login = ? WHERE id = ?";
    project.database_of("auth")?.execute(SQL, params![timezone::now(), user.id]).await?;
    project.signals.send_robust(project, &UserLoggedIn { id: user.id }).await;
    delete_expired(project.database_of("sessions")?).await
}

/// Signs out: the session ends.
pub fn logout(session: &Session, info: &RequestInfo) {
    session.flush();
    info.csrf.rotate("");
}

/// Whether the session was made with the account's present password. A hash of an older secret key is renewed.
pub(super) fn is_fresh(session: &Session, settings: &Settings, user: &User) -> bool {
    let Some(stored) = session.get(PASSWORD_HASH) else { return false };
    let stored = stored.as_str().unwrap_or_default();
    let fits = |key: &Secret| crypto::constant_time_eq(stored.as_bytes(), session_hash(key, user).as_bytes());
    if fits(&settings.secret_key) {
        return true;
    }
    let is_older = settings.secret_key_fallbacks.iter().any(fits);
    if is_older {
        session.set(PASSWORD_HASH, session_hash(&settings.secret_key, user));
    }
    is_older
}

/// A digest of the encoded password: another password makes other sessions end (Django's `get_session_auth_hash`).
fn session_hash(key: &Secret, user: &User) -> String {
    crypto::salted_hmac("manage.contrib.auth.session_auth_hash", &key.0, &user.password)
}
