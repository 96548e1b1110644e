//! Accounts, in Django's table.

use jiff::Timestamp;

use super::signals::UserCreated;
use crate::db::backends::base::Statement;
use crate::db::models::{Model, Registry};
use crate::db::{Database, Executor, Result, params};
use crate::http::Person;
use crate::setup::Project;
use crate::timezone;

/// A kind of thing that permissions are about (Django's content type).
#[derive(Debug, Clone, Model)]
#[model(app = "auth", table = "django_content_type", fixture_label = "contenttypes.ContentType")]
#[model(unique(name = "django_content_type_app_label_model_uniq", fields = "app_label, model"))]
pub struct ContentType {
    /// Its number.
    pub id: i32,
    /// Label of the app.
    #[field(max_length = 100)]
    pub app_label: String,
    /// Name of the model, in lower case.
    #[field(max_length = 100)]
    pub model: String,
}

/// Something that somebody may do.
#[derive(Debug, Clone, Model)]
#[model(app = "auth", natural_key = "codename, content_type")]
#[model(unique(name = "auth_permission_content_type_id_codename_uniq", fields = "content_type, codename"))]
pub struct Permission {
    /// Its number.
    pub id: i32,
    /// What people read.
    #[field(max_length = 255)]
    pub name: String,
    /// What it is about.
    #[field(references = "auth.ContentType", db_index = false)]
    pub content_type_id: i32,
    /// `add_article`
    #[field(max_length = 100)]
    pub codename: String,
}

/// People who may do the same.
#[derive(Debug, Clone, Model)]
#[model(app = "auth", many_to_many(name = "permissions", to = "auth.Permission"))]
pub struct Group {
    /// Its number.
    pub id: i32,
    /// Its name.
    #[field(max_length = 150, unique)]
    pub name: String,
}

/// An account.
#[derive(Debug, Clone, Model)]
#[model(app = "auth", index(name = "auth_user_email", fields = "email"))]
#[model(many_to_many(name = "groups", to = "auth.Group"))]
#[model(many_to_many(name = "user_permissions", to = "auth.Permission"))]
pub struct User {
    /// Its number.
    pub id: i64,
    /// The encoded password.
    #[field(max_length = 128)]
    pub password: String,
    /// When the person signed in last.
    pub last_login: Option<Timestamp>,
    /// May do everything.
    #[field(default = false)]
    pub is_superuser: bool,
    /// What the person signs in with.
    #[field(max_length = 150, unique)]
    pub username: String,
    /// First name, for sites that ask.
    #[field(max_length = 150, default = "")]
    pub first_name: String,
    /// Last name, for sites that ask.
    #[field(max_length = 150, default = "")]
    pub last_name: String,
    /// Address, never shown to others.
    #[field(type = "Email", max_length = 254, default = "")]
    pub email: String,
    /// May enter the admin.
    #[field(default = false)]
    pub is_staff: bool,
    /// May sign in.
    #[field(default = true)]
    pub is_active: bool,
    /// When the account was made.
    pub date_joined: Timestamp,
}

impl Person for User {
    fn name(&self) -> &str {
        &self.username
    }
}

/// Registers all of them.
pub(super) fn register(models: &mut Registry) {
    for model in [ContentType::state(), Permission::state(), Group::state(), User::state()] {
        models.register(model);
    }
}

/// What speaks against a username, as Django's `UnicodeUsernameValidator`.
pub fn username_objection(username: &str) -> Option<&'static str> {
    let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '+' | '-');
    if username.is_empty() {
        Some("Choose a username.")
    } else if username.chars().count() > 150 {
        Some("Use at most 150 characters.")
    } else if !username.chars().all(is_allowed) {
        Some("Use letters, digits and @ . + - _ only.")
    } else {
        None
    }
}

impl User {
    /// The account of this number.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_id(database: &Database, id: i64) -> Result<Option<Self>> {
        Self::objects(database).filter(Self::id().eq(id)).first().await
    }

    /// The account of exactly this name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_username(database: &Database, username: &str) -> Result<Option<Self>> {
        let found = Self::objects(database).filter(Self::username().eq(username)).first().await?;
        // Some databases compare without regard to case and accents; a name to sign in with is exact everywhere.
        Ok(found.filter(|user| user.username == username))
    }

    /// Sets the encoded password, which ends the account's sessions.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn set_password(database: &Database, id: i64, encoded: &str) -> Result<bool> {
        let changed =
            Self::objects(database).filter(Self::id().eq(id)).update([Self::password().set(encoded)]).await?;
        Ok(changed > 0)
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
        // The account exists whatever happens here; the apps make up for it when the person first needs it.
        project.signals.send_robust(project, &UserCreated { id, username: self.username.to_owned() }).await;
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
