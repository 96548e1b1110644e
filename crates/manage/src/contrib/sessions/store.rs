//! The sessions' table.

use jiff::Timestamp;

use crate::db::{Database, FromRow, Result, Row, params};
use crate::timezone;

/// A session as the list of one's own shows it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its key. Never shown: whoever knows it is signed in.
    pub key: String,
    /// Address it was made from.
    pub ip: String,
    /// What the browser called itself.
    pub user_agent: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to a few minutes.
    pub last_seen: Timestamp,
    /// When it ends.
    pub expire_date: Timestamp,
}

impl FromRow for Stored {
    fn from_row(mut row: Row) -> Result<Self> {
        Ok(Self {
            key: row.take(0)?,
            ip: row.take(1)?,
            user_agent: row.take(2)?,
            created_at: row.take(3)?,
            last_seen: row.take(4)?,
            expire_date: row.take(5)?,
        })
    }
}

/// A person's sessions, the last used first.
///
/// # Errors
/// Those of the database.
pub async fn of_user(database: &Database, user_id: i64) -> Result<Vec<Stored>> {
    const SQL: &str = "SELECT session_key, ip, user_agent, created_at, last_seen, expire_date FROM django_session \
                       WHERE user_id = ? AND expire_date > ? ORDER BY last_seen DESC, created_at DESC LIMIT 200";
    database.query(SQL, params![user_id, timezone::now()]).await
}

/// Ends a session.
///
/// # Errors
/// Those of the database.
pub async fn delete(database: &Database, key: &str) -> Result<()> {
    database.execute("DELETE FROM django_session WHERE session_key = ?", params![key]).await.map(drop)
}

/// Deletes sessions that have ended, some at a time: signing in calls it, so that they do not pile up.
///
/// # Errors
/// Those of the database.
pub async fn delete_expired(database: &Database) -> Result<()> {
    const FIND: &str =
        "SELECT session_key FROM django_session WHERE expire_date <= ? ORDER BY expire_date LIMIT 100";
    let ended: Vec<(String,)> = database.query(FIND, params![timezone::now()]).await?;
    for (key,) in ended {
        delete(database, &key).await?;
    }
    Ok(())
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// Those of the database.
pub async fn delete_others(database: &Database, user_id: i64, kept: &str) -> Result<u64> {
    database
        .execute("DELETE FROM django_session WHERE user_id = ? AND session_key <> ?", params![user_id, kept])
        .await
}

/// What the middleware reads of a session.
pub(super) struct Loaded {
    pub(super) data: String,
    pub(super) user_id: Option<i64>,
    pub(super) last_seen: Timestamp,
}

pub(super) async fn load(database: &Database, key: &str) -> Result<Option<Loaded>> {
    const SQL: &str = "SELECT session_data, user_id, last_seen FROM django_session WHERE session_key = ? AND expire_date > ?";
    let row: Option<(String, Option<i64>, Timestamp)> =
        database.query_optional(SQL, params![key, timezone::now()]).await?;
    Ok(row.map(|(data, user_id, last_seen)| Loaded { data, user_id, last_seen }))
}

/// A new session's row.
pub(super) struct New<'a> {
    pub(super) key: &'a str,
    pub(super) data: &'a str,
    pub(super) user_id: Option<i64>,
    pub(super) ip: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) age_seconds: i64,
}

pub(super) async fn insert(database: &Database, new: New<'_>) -> Result<()> {
    const SQL: &str = "INSERT INTO django_session (session_key, session_data, expire_date, user_id, ip, user_agent, \
                       created_at, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let now = timezone::now();
    let expires =
        now.saturating_add(jiff::SignedDuration::from_secs(new.age_seconds)).unwrap_or(Timestamp::MAX);
    let values = params![new.key, new.data, expires, new.user_id, new.ip, new.user_agent, now, now];
    database.execute(SQL, values).await.map(drop)
}

/// Changes a session's row. One that was ended meanwhile stays ended.
pub(super) async fn update(database: &Database, key: &str, data: &str, user_id: Option<i64>) -> Result<()> {
    const SQL: &str = "UPDATE django_session SET session_data = ?, user_id = ? WHERE session_key = ?";
    database.execute(SQL, params![data, user_id, key]).await.map(drop)
}

pub(super) async fn touch(database: &Database, key: &str) -> Result<()> {
    const SQL: &str = "UPDATE django_session SET last_seen = ? WHERE session_key = ?";
    database.execute(SQL, params![timezone::now(), key]).await.map(drop)
}
