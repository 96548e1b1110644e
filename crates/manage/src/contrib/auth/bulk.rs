//! Many accounts at once.

use jiff::Timestamp;

use crate::db::backends::base::Dialects;
use crate::db::models::rows::insert_many;
use crate::db::{Database, Result, Transaction, params};

/// An account among many.
#[derive(Debug, Clone, Copy)]
pub struct NewPerson<'a> {
    /// What the person will sign in with.
    pub username: &'a str,
    /// Address; may be empty.
    pub email: &'a str,
    /// Name of the group to put the person into; one that does not exist is none.
    pub group: &'a str,
}

/// Makes accounts with one password, whose numbers follow each other, and gives the first number.
///
/// Nobody is told of them by a signal. Accounts that a run left behind which was stopped later are found again: all of them or none.
///
/// `told` hears how many rows were written each time; there are two for each person.
///
/// # Errors
/// Those of the database; a unique violation when somebody else has one of the names already.
pub async fn create_many(
    database: &Database,
    people: &[NewPerson<'_>],
    password: &str,
    joined: Timestamp,
    told: &(dyn Fn(u64) + Sync),
) -> Result<i64> {
    const SEQUENCE: Dialects = Dialects {
        postgresql: "SELECT setval(pg_get_serial_sequence('auth_user', 'id'), (SELECT MAX(id) FROM auth_user))",
        mysql: "SELECT 1",
        sqlite: "SELECT 1",
    };
    let first = database
        .atomic(async |tx: &mut Transaction| match left_behind(tx, people).await? {
            Some(first) => Ok(first),
            None => insert(tx, people, password, joined, told).await,
        })
        .await?;
    database.query::<crate::db::Row>(SEQUENCE.get(database.dialect()), &[]).await?;
    Ok(first)
}

/// The number of the first, when all of them are there.
async fn left_behind(tx: &mut Transaction, people: &[NewPerson<'_>]) -> Result<Option<i64>> {
    const FOUND: &str = "SELECT id FROM auth_user WHERE username = ?";
    let (Some(first), Some(last)) = (people.first(), people.last()) else { return Ok(None) };
    let first: Option<(i64,)> = tx.query_optional(FOUND, params![first.username]).await?;
    let last: Option<(i64,)> = tx.query_optional(FOUND, params![last.username]).await?;
    let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
    Ok(first.zip(last).filter(|((first,), (last,))| last - first + 1 == count).map(|((first,), _)| first))
}

async fn insert(
    tx: &mut Transaction,
    people: &[NewPerson<'_>],
    password: &str,
    joined: Timestamp,
    told: &(dyn Fn(u64) + Sync),
) -> Result<i64> {
    const COLUMNS: &str = "id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, \
                           date_joined";
    let highest: Option<(Option<i64>,)> = tx.query_optional("SELECT MAX(id) FROM auth_user", &[]).await?;
    let first = highest.and_then(|(highest,)| highest).unwrap_or(0) + 1;
    let rows = people.iter().zip(first..).map(|(person, id)| {
        params![id, password, false, person.username, "", "", person.email, false, true, joined].to_vec()
    });
    insert_many(tx, "auth_user", COLUMNS, rows, told).await?;
    let groups: Vec<(i64, String)> = tx.query("SELECT id, name FROM auth_group", &[]).await?;
    let group = |name: &str| groups.iter().find(|(_, found)| found == name).map(|(id, _)| *id);
    let members = people.iter().zip(first..);
    let rows = members.filter_map(|(person, id)| Some(params![id, group(person.group)?].to_vec()));
    insert_many(tx, "auth_user_groups", "user_id, group_id", rows, told).await?;
    Ok(first)
}
