//! Sign-ins are throttled per account and per address, what a route limits per person, by rows that survive a restart
//! and are shared by all workers.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::contrib::auth::AuthSettings;
use crate::crypto;
use crate::db::backends::base::Statement;
use crate::db::{Database, Executor, Result, params};
use crate::http::{Person, Throttle};
use crate::timezone;

/// An attempt that may go on.
pub(super) struct Attempt {
    account: String,
    address_id: i64,
}

/// What became of an attempt.
pub(super) enum Verdict {
    /// Go on.
    Allowed(Attempt),
    /// Too many before it.
    Wait {
        /// Until the oldest of them counts no more.
        seconds: u64,
    },
}

/// Counts an attempt before it is made, so that many at once do not pass under the limit together.
///
/// # Errors
/// Those of the database.
pub(super) async fn begin(
    database: &Database,
    settings: &AuthSettings,
    username: &str,
    address: IpAddr,
) -> Result<Verdict> {
    let window = Window::new(settings.login_window);
    window.forget_ended(database).await?;
    let (account, address) =
        (subject("account", &username.to_lowercase()), subject("address", &network(address)));
    let account_id = insert(database, &account, window.now).await?;
    let address_id = insert(database, &address, window.now).await?;
    const COUNT: &str = "SELECT subject, COUNT(*), MIN(attempted_at) FROM accounts_loginattempt \
                         WHERE subject IN (?, ?) AND attempted_at > ? GROUP BY subject";
    let counts: Vec<(String, i64, Timestamp)> =
        database.query(COUNT, params![account, address, window.start]).await?;
    let limit = i64::from(settings.login_attempts);
    let oldest = counts.iter().filter(|(_, count, _)| *count > limit).map(|(_, _, oldest)| *oldest).max();
    let Some(oldest) = oldest else { return Ok(Verdict::Allowed(Attempt { account, address_id })) };
    // An attempt that was not made does not count, else a person who keeps trying waits for ever.
    forget(database, &[account_id, address_id]).await?;
    Ok(Verdict::Wait { seconds: window.wait(oldest) })
}

/// Counts one more thing that somebody does against its limit. Gives the seconds to wait when there were too many.
///
/// # Errors
/// Those of the database.
pub(super) async fn count(
    database: &Database,
    limit: Throttle,
    person: Option<&dyn Person>,
    address: IpAddr,
) -> Result<Option<u64>> {
    const COUNT: &str = "SELECT COUNT(*), MIN(attempted_at) FROM accounts_loginattempt \
                         WHERE subject = ? AND attempted_at > ?";
    let window = Window::new(limit.within);
    window.forget_ended(database).await?;
    let who = match person {
        Some(person) => format!("person {}", person.name()),
        None => format!("address {}", network(address)),
    };
    let subject = subject(&format!("throttle {}", limit.scope), &who);
    let id = insert(database, &subject, window.now).await?;
    let counted: Option<(i64, Option<Timestamp>)> =
        database.query_optional(COUNT, params![subject, window.start]).await?;
    let is_over = |(count, _): &(i64, _)| *count > i64::from(limit.times);
    let Some((_, Some(oldest))) = counted.filter(is_over) else { return Ok(None) };
    forget(database, &[id]).await?;
    Ok(Some(window.wait(oldest)))
}

/// The time in which attempts count.
struct Window {
    now: Timestamp,
    start: Timestamp,
    length: SignedDuration,
}

impl Window {
    fn new(length: Duration) -> Self {
        let now = timezone::now();
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        Self { now, start: now.saturating_sub(length).unwrap_or(Timestamp::MIN), length }
    }

    /// Deletes what counts no more, for this window and for any other.
    async fn forget_ended(&self, database: &Database) -> Result<()> {
        const SQL: &str = "DELETE FROM accounts_loginattempt WHERE attempted_at <= ?";
        let longest = SignedDuration::try_from(Throttle::LONGEST).unwrap_or(SignedDuration::MAX);
        let kept = self.length.max(longest);
        let end = self.now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        database.execute(SQL, params![end]).await.map(drop)
    }

    /// Seconds until an attempt counts no more, at least one.
    fn wait(&self, oldest: Timestamp) -> u64 {
        let end = oldest.saturating_add(self.length);
        let seconds = end.map_or(0, |end| end.duration_since(self.now).as_secs());
        u64::try_from(seconds).unwrap_or(0).max(1)
    }
}

/// Forgets the failures of an account whose owner signed in. Those of the address stay, but for this attempt: an
/// attacker with an account of his own must not wipe them out.
///
/// # Errors
/// Those of the database.
pub(super) async fn succeeded(database: &Database, attempt: &Attempt) -> Result<()> {
    const SQL: &str = "DELETE FROM accounts_loginattempt WHERE subject = ? OR id = ?";
    database.execute(SQL, params![attempt.account, attempt.address_id]).await.map(drop)
}

/// Takes attempts back.
async fn forget(database: &Database, ids: &[i64]) -> Result<()> {
    for id in ids {
        database.execute("DELETE FROM accounts_loginattempt WHERE id = ?", params![*id]).await?;
    }
    Ok(())
}

async fn insert(mut database: &Database, subject: &str, now: Timestamp) -> Result<i64> {
    const SQL: &str = "INSERT INTO accounts_loginattempt (subject, attempted_at) VALUES (?, ?)";
    Executor::insert(&mut database, Statement { sql: SQL, params: params![subject, now] }, "id").await
}

/// A digest, so that the table names nobody.
fn subject(kind: &str, name: &str) -> String {
    crypto::sha256_hex(format!("{kind}:{name}").as_bytes())
}

/// An IPv6 user has a whole network of addresses to try from, so that counts as one.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
