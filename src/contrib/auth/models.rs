//! Accounts, in Django's table.

use jiff::Timestamp;

use crate::db::backends::base::Statement;
use crate::db::{Database, Executor, FromRow, Result, Row, params};
use crate::setup::{NewUser, Project};
use crate::timezone;

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    /// Its number.
    pub id: i64,
    /// What the person signs in with.
    pub username: String,
    /// The encoded password.
    pub password: String,
    /// Address, never shown to others.
    pub email: String,
    /// May do everything.
    pub is_superuser: bool,
    /// May enter the admin.
    pub is_staff: bool,
    /// May sign in.
    pub is_active: bool,
    /// When the account was made.
    pub date_joined: Timestamp,
}

impl FromRow for User {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self {
            id: row.take(0)?,
            username: row.take(1)?,
            password: row.take(2)?,
            email: row.take(3)?,
            is_superuser: row.take(4)?,
            is_staff: row.take(5)?,
            is_active: row.take(6)?,
            date_joined: row.take(7)?,
        })
    }
}

impl User {
    /// The account of this number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_id(database: &Database, id: i64) -> Result<Option<Self>> {
        const SQL: &str = "SELECT id, username, password, email, is_superuser, is_staff, is_active, date_joined \
                           FROM auth_user WHERE id = ?";
        database.query_optional(SQL, params![id]).await
    }

    /// The account of exactly this name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_username(database: &Database, username: &str) -> Result<Option<Self>> {
        const SQL: &str = "SELECT id, username, password, email, is_superuser, is_staff, is_active, date_joined \
                           FROM auth_user WHERE username = ?";
        database.query_optional(SQL, params![username]).await
    }

    /// Whether the name is taken, in whatever case: `bob` must not pass for `Bob`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn is_taken(database: &Database, username: &str) -> Result<bool> {
        const SQL: &str = "SELECT 1 FROM auth_user WHERE LOWER(username) = LOWER(?) LIMIT 1";
        Ok(database.query_optional::<(i64,)>(SQL, params![username]).await?.is_some())
    }
}

/// An account to be made.
#[derive(Debug, Clone, Copy)]
pub struct CreateUser<'a> {
    /// What the person will sign in with.
    pub username: &'a str,
    /// Address; may be empty.
    pub email: &'a str,
    /// The encoded password.
    pub password: &'a str,
    /// May do everything, the admin included.
    pub is_superuser: bool,
    /// Name of the group to put the person into.
    pub group: Option<&'a str>,
}

impl CreateUser<'_> {
    /// Makes the account, then lets the apps add what they keep about it.
    ///
    /// # Errors
    /// Those of the database; a unique violation when the name is taken.
    pub async fn save(self, project: &Project) -> Result<i64> {
        let database = project.database_of("auth")?;
        let id = database.atomic(async |tx| self.insert(tx).await).await?;
        let user = NewUser { id, username: self.username.to_owned() };
        for hook in &project.user_created {
            // The account exists whatever happens here; the apps make up for it when the person first needs it.
            if let Err(error) = hook(project, &user).await {
                tracing::warn!(user = id, %error, "an app could not add to a new account");
            }
        }
        Ok(id)
    }

    async fn insert(self, tx: &mut crate::db::Transaction) -> Result<i64> {
        const INSERT: &str = "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, \
                              is_staff, is_active, date_joined) VALUES (?, ?, ?, '', '', ?, ?, ?, ?)";
        let is_staff = self.is_superuser;
        let now = timezone::now();
        let values =
            params![self.password, self.is_superuser, self.username, self.email, is_staff, true, now];
        let id = Executor::insert(&mut &mut *tx, Statement { sql: INSERT, params: values }, "id").await?;
        if let Some(group) = self.group {
            const JOIN: &str = "INSERT INTO auth_user_groups (user_id, group_id) SELECT ?, id FROM auth_group WHERE name = ?";
            tx.execute(JOIN, params![id, group]).await?;
        }
        Ok(id)
    }
}
