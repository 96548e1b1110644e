//! Sessions, in Django's table with columns of our own behind its three.

use jiff::Timestamp;

use crate::db::models::{Model, Registry};

/// A session.
#[derive(Debug, Clone, Model)]
#[model(app = "sessions", table = "django_session")]
#[model(index(name = "django_session_expire_date", fields = "expire_date"))]
#[model(index(name = "django_session_user_id", fields = "user_id"))]
pub(super) struct Session {
    /// What the cookie holds.
    #[field(max_length = 40, primary_key)]
    pub session_key: String,
    /// What the site remembers, as JSON.
    pub session_data: String,
    /// When it ends.
    pub expire_date: Timestamp,
    /// Number of the account that is signed in.
    pub user_id: Option<i64>,
    /// Where it was begun.
    #[field(max_length = 45, default = "")]
    pub ip: String,
    /// With what it was begun.
    #[field(max_length = 255, default = "")]
    pub user_agent: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was used last, to some minutes.
    pub last_seen: Timestamp,
}

/// Registers it.
pub(super) fn register(models: &mut Registry) {
    models.register(Session::state());
}
