//! People as the blog knows them.

use manage::crypto;
use manage::db::{Database, Error, FromRow, Result, Row, params};
use manage::setup::Project;
use manage::text;
use manage::timezone;

/// The public side of an account, kept in the blog's own database.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its number.
    pub id: i64,
    /// The account, in another database.
    pub user_id: i64,
    /// What pages call the person.
    pub name: String,
    /// Last part of the person's address.
    pub slug: String,
    /// What the person says about himself or herself.
    pub bio: String,
    /// Published articles.
    pub article_count: i64,
}

impl FromRow for Profile {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self {
            id: row.take(0)?,
            user_id: row.take(1)?,
            name: row.take(2)?,
            slug: row.take(3)?,
            bio: row.take(4)?,
            article_count: row.take(5)?,
        })
    }
}

impl Profile {
    /// The profile of this address.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_slug(database: &Database, slug: &str) -> Result<Option<Self>> {
        const SQL: &str =
            "SELECT id, user_id, name, slug, bio, article_count FROM blog_profile WHERE slug = ?";
        let found: Option<Self> = database.query_optional(SQL, params![slug]).await?;
        // Some databases compare without regard to case; a page has one address.
        Ok(found.filter(|profile| profile.slug == slug))
    }

    /// The profile of an account.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn by_user(database: &Database, user_id: i64) -> Result<Option<Self>> {
        const SQL: &str =
            "SELECT id, user_id, name, slug, bio, article_count FROM blog_profile WHERE user_id = ?";
        database.query_optional(SQL, params![user_id]).await
    }

    /// The profile of an account, made now when it is missing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn get_or_create(project: &Project, user_id: i64, username: &str) -> Result<Self> {
        let database = project.database_of("blog")?;
        if let Some(profile) = Self::by_user(database, user_id).await? {
            return Ok(profile);
        }
        let slug = match text::slugify(username, 150).as_str() {
            "" => format!("member-{user_id}"),
            slug => slug.to_owned(),
        };
        // The number makes it unique when somebody else's name gives the same slug; the letters, when somebody's name
        // is that very slug with that very number.
        let lucky = format!("{slug}-{}", crypto::random_string(8).to_lowercase());
        for slug in [slug.clone(), format!("{slug}-{user_id}"), lucky] {
            match insert(database, user_id, username, &slug).await {
                Err(error) if error.is_unique_violation() => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        // Whoever made it, two requests at once included.
        Self::by_user(database, user_id).await?.ok_or(Error::DoesNotExist { model: "Profile" })
    }
}

async fn insert(database: &Database, user_id: i64, name: &str, slug: &str) -> Result<()> {
    const SQL: &str = "INSERT INTO blog_profile (user_id, name, slug, bio, website, article_count, created_at) \
                       VALUES (?, ?, ?, '', '', 0, ?)";
    database.execute(SQL, params![user_id, name, slug, timezone::now()]).await.map(drop)
}
