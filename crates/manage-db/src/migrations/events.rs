//! What happens during a run, for whoever shows it.

use std::time::Duration;

use super::error::Error;
use super::lint::Finding;
use super::migration::{Key, Migration};
use super::plan::Plan;
use super::prepare::Prepared;
use super::program::Program;
use super::progress::Done;
use super::touched::Touched;

/// What happens during a run.
pub enum Event<'a> {
    /// Two aliases lead to one database.
    Same {
        /// The alias that is not used.
        alias: &'a str,
        /// The one that stands for both.
        as_alias: &'a str,
    },
    /// Somebody else is migrating the database.
    Waiting {
        /// Alias of the database.
        alias: &'a str,
        /// Who that is, as far as it is known.
        holder: Option<&'a str>,
        /// How long the run waits.
        limit: Duration,
    },
    /// Nobody answers yet; the run waits until somebody does.
    Absent {
        /// Alias of the database.
        alias: &'a str,
        /// Why.
        error: &'a crate::Error,
        /// How long the run waits.
        limit: Duration,
    },
    /// A migration came so far with rows, of which there are many.
    Progress {
        /// Alias of the database.
        alias: &'a str,
        /// How far.
        done: Done,
    },
    /// Every lock is taken.
    Locked,
    /// An app was moved to other databases and its tables here stay.
    LeftBehind {
        /// The app.
        app: &'a str,
        /// Where it lives.
        homes: Vec<&'a str>,
        /// Where its tables stay.
        alias: &'a str,
    },
    /// Applied migrations come from a later release or another branch; the run goes on with what is there.
    Newer {
        /// App and name of each.
        migrations: &'a [String],
        /// Alias of the database.
        alias: &'a str,
    },
    /// Migrations wait until no program of before runs any more.
    Held {
        /// App and name of each.
        migrations: &'a [String],
        /// Aliases of the databases.
        aliases: &'a [&'a str],
    },
    /// A database cannot be looked at; the others are.
    Away {
        /// Its alias.
        alias: &'a str,
        /// Why.
        error: &'a crate::Error,
    },
    /// A database that was not named cannot be asked whether what a migration depends on is applied there.
    Unasked {
        /// Its alias.
        alias: &'a str,
        /// What is depended on.
        parent: &'a Key,
        /// What depends on it.
        child: &'a Key,
        /// Whether the one that depends lives there, and what it depends on would be undone.
        is_backwards: bool,
        /// Why it cannot be asked.
        error: &'a Error,
    },
    /// A database on which nothing was ever applied holds the history of another tool.
    Foreign {
        /// The other tool's table.
        table: &'a str,
        /// Alias of the database.
        alias: &'a str,
    },
    /// Migrations of an app are applied that is not installed.
    Stranger {
        /// Label of the app.
        app: &'a str,
        /// How many.
        number: usize,
        /// Alias of the database.
        alias: &'a str,
    },
    /// The work on a database begins, or would begin.
    Database(Site<'a>),
    /// A migration begins.
    Started {
        /// Alias of the database.
        alias: &'a str,
        /// The migration.
        migration: &'a Migration,
        /// What it runs; none where only the history is changed.
        program: Option<&'a Program>,
        /// Whether it is undone.
        is_backwards: bool,
    },
    /// It waits for a lock that somebody else holds.
    Blocked {
        /// Alias of the database.
        alias: &'a str,
        /// Who that is, as far as it is known.
        blockers: &'a [String],
        /// For how long it goes on trying.
        limit: Duration,
    },
    /// It is done.
    Finished {
        /// Alias of the database.
        alias: &'a str,
        /// Whether only the history was changed.
        is_faked: bool,
        /// How long it took.
        took: Duration,
        /// What was left out of what was written, in sentences.
        notes: &'a [String],
    },
    /// It failed.
    Failed {
        /// Alias of the database.
        alias: &'a str,
        /// How long it took.
        took: Duration,
        /// Why.
        error: &'a Error,
    },
    /// All of a database was run, and is about to be rolled back.
    DryRun {
        /// Alias of the database.
        alias: &'a str,
        /// What was touched.
        touched: &'a [Touched],
    },
    /// All that was done on a database in one transaction is undone.
    RolledBack {
        /// Alias of the database.
        alias: &'a str,
    },
    /// The work on a database is over, well or not.
    Left {
        /// Alias of the database.
        alias: &'a str,
    },
    /// It failed while another one had failed already.
    AlsoFailed {
        /// Alias of the database.
        alias: &'a str,
        /// Why.
        error: &'a Error,
    },
}

/// A database of a run.
pub struct Site<'a> {
    /// Its alias.
    pub alias: &'a str,
    /// The name of its SQL in per-vendor texts.
    pub dialect: &'static str,
    /// How many databases the run looks at.
    pub databases: usize,
    /// The apps with migrations that live on it, sorted.
    pub apps: Vec<&'a str>,
    /// What is to be done.
    pub plan: &'a Plan,
    /// The same, compiled.
    pub prepared: &'a Prepared,
    /// What a run would refuse of it, where it is only said what would be done.
    pub refused: &'a [Finding],
    /// The databases behind it that have something to be done.
    pub waiting: Vec<&'a str>,
}
