//! What somebody may do.

use std::collections::BTreeSet;

use super::models::User;
use crate::db::{Result, params};
use crate::setup::Project;

/// What an account may do: everything, or a list.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    all: bool,
    granted: BTreeSet<(String, String)>,
}

impl Permissions {
    /// Whether it may do what `app.codename` names: `blog.add_comment`.
    pub fn has(&self, permission: &str) -> bool {
        let Some((app, codename)) = permission.split_once('.') else { return false };
        self.all || self.granted.contains(&(app.to_owned(), codename.to_owned()))
    }
}

/// What `user` may do, by its own grants and those of its groups.
///
/// # Errors
/// Those of the database.
pub async fn permissions(project: &Project, user: &User) -> Result<Permissions> {
    const SQL: &str = "SELECT t.app_label, p.codename FROM auth_user_groups ug \
                       JOIN auth_group_permissions gp ON gp.group_id = ug.group_id \
                       JOIN auth_permission p ON p.id = gp.permission_id \
                       JOIN django_content_type t ON t.id = p.content_type_id WHERE ug.user_id = ? \
                       UNION SELECT t.app_label, p.codename FROM auth_user_user_permissions up \
                       JOIN auth_permission p ON p.id = up.permission_id \
                       JOIN django_content_type t ON t.id = p.content_type_id WHERE up.user_id = ?";
    if user.is_superuser {
        return Ok(Permissions { all: true, granted: BTreeSet::new() });
    }
    let rows = project.database_of("auth")?.query(SQL, params![user.id, user.id]).await?;
    Ok(Permissions { all: false, granted: rows.into_iter().collect() })
}
