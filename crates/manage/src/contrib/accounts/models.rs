//! What the account pages keep beside the accounts themselves.

use jiff::Timestamp;

use crate::db::models::{Model, Registry};

/// A failed sign-in. It counts against the account and against the address it came from.
#[derive(Debug, Clone, Model)]
#[model(app = "accounts", index(name = "accounts_loginattempt_subject", fields = "subject, attempted_at"))]
#[model(index(name = "accounts_loginattempt_when", fields = "attempted_at"))]
pub(super) struct LoginAttempt {
    /// Its number.
    pub id: i64,
    /// A digest of the account's name or of the address.
    #[field(max_length = 64)]
    pub subject: String,
    /// When.
    pub attempted_at: Timestamp,
}

/// Registers it.
pub(super) fn register(models: &mut Registry) {
    models.register(LoginAttempt::state());
}
