//! Who somebody is.

use super::models::User;
use super::passwords::{self, Checked};
use crate::db::{Result, params};
use crate::setup::Project;

/// The account that name and password belong to. Unknown names take as long as wrong passwords.
///
/// A password that was encoded in an older way, such as by Django, is encoded anew.
///
/// # Errors
/// Those of the database.
pub async fn authenticate(project: &Project, username: &str, password: &str) -> Result<Option<User>> {
    let database = project.database_of("auth")?;
    let found = User::by_username(database, username).await?.filter(|user| user.is_active);
    let encoded = found.as_ref().map(|user| user.password.clone());
    let Checked { is_right, upgraded } = passwords::check(password.to_owned(), encoded).await;
    let Some(mut user) = found.filter(|_| is_right) else { return Ok(None) };
    if let Some(encoded) = upgraded {
        const SQL: &str = "UPDATE auth_user SET password = ? WHERE id = ? AND password = ?";
        if database.execute(SQL, params![encoded, user.id, user.password]).await? == 1 {
            user.password = encoded;
        }
    }
    Ok(Some(user))
}
