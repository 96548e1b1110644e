//! What is said beside the answer of a run, in sentences.

use std::time::Duration;

use crate::db::migrations::{Event, Touched};
use crate::management::databases::{same, stranger};
use crate::text;

/// A sentence about a run.
pub(super) enum Talk {
    /// Good to know.
    Status(String),
    /// Something may be wrong.
    Warning(String),
}

/// What an event is worth saying to people, whatever form the answer has.
pub(super) fn talk(event: &Event<'_>) -> Option<Talk> {
    Some(match event {
        Event::Same { alias, as_alias } => Talk::Status(same(alias, as_alias)),
        Event::Absent { alias, error, limit } => Talk::Status(format!(
            "database `{alias}` does not answer yet; waiting for at most {}: {error}",
            text::duration(*limit)
        )),
        Event::Waiting { alias, holder, limit } => Talk::Status(waits(alias, *holder, *limit)),
        Event::Blocked { alias, blockers, limit } => {
            Talk::Status(blocked(alias, blockers, &text::duration(*limit)))
        }
        Event::LeftBehind { app, homes, alias } => Talk::Status(format!(
            "app `{app}` lives on {} now; its tables on database `{alias}` stay as they are",
            homes.join(", "),
        )),
        Event::Newer { migrations, alias } => Talk::Warning(format!(
            "applied on database `{alias}` by a newer release or another branch, without a file here: {}",
            migrations.join(", ")
        )),
        Event::Held { migrations, aliases } => Talk::Status(format!(
            "{} on {}: left for later; `manage migrate --contract` applies it, once no program of before runs any more",
            migrations.join(", "),
            aliases.join(", ")
        )),
        Event::Unasked { alias, parent, child, is_backwards: false, error } => Talk::Warning(format!(
            "{child} depends on {parent} of database `{alias}`, and nobody knows whether that is applied: {error}"
        )),
        Event::Unasked { alias, parent, child, is_backwards: true, error } => Talk::Warning(format!(
            "{child} of database `{alias}` depends on {parent}, and nobody knows whether that is applied: {error}"
        )),
        Event::Stranger { app, number, alias } => Talk::Warning(stranger(app, *number, alias)),
        Event::Foreign { table, alias } => Talk::Warning(format!(
            "database `{alias}` holds `{table}`, the history of another tool; `manage migrate --import` takes over what that has \
             applied"
        )),
        Event::AlsoFailed { alias, error } => {
            Talk::Warning(format!("database `{alias}` failed as well: {error}"))
        }
        Event::Away { .. }
        | Event::Locked
        | Event::Progress { .. }
        | Event::Database(_)
        | Event::Started { .. }
        | Event::Finished { .. }
        | Event::Failed { .. }
        | Event::DryRun { .. }
        | Event::RolledBack { .. }
        | Event::Left { .. } => return None,
    })
}

/// That somebody else migrates a database.
pub(super) fn waits(alias: &str, holder: Option<&str>, limit: Duration) -> String {
    let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
    format!(
        "database `{alias}` is being migrated by another process{holder}; waiting for at most {}",
        text::duration(limit)
    )
}

fn blocked(alias: &str, blockers: &[String], limit: &str) -> String {
    let head = format!("database `{alias}`: waiting for a lock, for at most {limit}");
    match blockers {
        [] => format!("{head}; another program holds it"),
        blockers => format!("{head}; held by {}", blockers.join("; ")),
    }
}

/// What a run that was rolled back did to a table.
pub(super) fn touched(touched: &Touched) -> String {
    let numbers =
        [(touched.inserted, "put in"), (touched.updated, "changed"), (touched.deleted, "taken out")];
    let written = |(number, verb): (i64, &str)| format!("{} {verb}", text::count(number, "row"));
    let Some(table) = &touched.table else {
        return format!("{} written", text::count(touched.inserted, "row"));
    };
    let mut facts: Vec<String> = numbers.into_iter().filter(|(number, _)| *number > 0).map(written).collect();
    facts.extend(touched.lock.as_ref().map(|lock| format!("{lock} by others meanwhile")));
    format!("{table}: {}", facts.join(", "))
}
