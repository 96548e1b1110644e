//! People: accounts, groups, permissions and passwords.

pub mod hashers;
pub mod password_validation;
