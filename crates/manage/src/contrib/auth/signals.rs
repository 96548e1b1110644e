//! What the app tells of.

/// An account was made, such as by signing up or by `createsuperuser`. An account and what apps add to it may live in
/// different databases, so a receiver must bear to be missed or called again.
#[derive(Debug, Clone)]
pub struct UserCreated {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub username: String,
}

/// Somebody signed in (Django's `user_logged_in`).
#[derive(Debug, Clone)]
pub struct UserLoggedIn {
    /// Number of the account.
    pub id: i64,
}
