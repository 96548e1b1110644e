//! What may go wrong with migrations. Each message says what, where and why; what to type is for the command line.

use std::time::Duration;

use manage_leaves::text;

use super::import_problem::ImportProblem;
use super::lint::Finding;
use super::place::Place;
use crate::backends::base::Backend;
use crate::models::document::Mistake;

/// The result of anything about migrations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the migrations.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No installed app has this label.
    #[error("no installed app has the label `{app}`")]
    UnknownApp {
        /// What was asked for.
        app: String,
        /// The installed ones.
        known: Vec<String>,
    },
    /// The app has no migration whose name begins so.
    #[error("app `{app}` has no migration `{name}`")]
    UnknownMigration {
        /// Label of the app.
        app: String,
        /// What was asked for.
        name: String,
        /// The app's migrations.
        known: Vec<String>,
    },
    /// The app has no migrations at all.
    #[error("app `{app}` has no migrations")]
    NoMigrations {
        /// Label of the app.
        app: String,
    },
    /// The app lives on none of the databases that were named.
    #[error("app `{app}` does not live on database `{}`", aliases.join("`, `"))]
    NotHere {
        /// Label of the app.
        app: String,
        /// The databases that were named.
        aliases: Vec<String>,
        /// Where it lives.
        homes: Vec<String>,
    },
    /// Somebody else migrates the database for longer than this run waits.
    #[error(
        "database `{alias}` is still being migrated by another process{} after {}",
        holder.as_deref().map(|holder| format!(" ({holder})")).unwrap_or_default(),
        text::duration(*waited)
    )]
    Locked {
        /// Alias of the database.
        alias: String,
        /// Who that is, as far as it is known.
        holder: Option<String>,
        /// How long this run waited.
        waited: Duration,
    },
    /// Several migrations begin so.
    #[error("`{prefix}` could be any of {} migrations of app `{app}`: {}", candidates.len(), candidates.join(", "))]
    AmbiguousMigration {
        /// Label of the app.
        app: String,
        /// What was asked for.
        prefix: String,
        /// The migrations that begin so.
        candidates: Vec<String>,
    },
    /// A file cannot be read, says something wrong, or is there twice.
    #[error(transparent)]
    File(#[from] Mistake),
    /// A migration depends on one that does not exist.
    #[error("{place}: {child} depends on {parent}, which does not exist")]
    MissingParent {
        /// File and line.
        place: Place,
        /// The migration.
        child: String,
        /// What it depends on.
        parent: String,
        /// Migrations that may have been meant.
        nearest: Vec<String>,
    },
    /// The models cannot become what they are to be.
    #[error("{what}: no migration can be written for it: {problem}")]
    NoWay {
        /// The operation or the model.
        what: String,
        /// Why.
        problem: String,
    },
    /// A migration depends on one that waits until no program of before runs any more.
    #[error(
        "{migration} depends on {parent}, which waits on database `{alias}` until no program of before runs any more"
    )]
    Waits {
        /// Alias of the database.
        alias: String,
        /// The migration.
        migration: String,
        /// What it depends on.
        parent: String,
    },
    /// Migrations depend on each other in a circle.
    #[error("migrations depend on each other in a circle: {}", circle(members))]
    Cycle {
        /// Each with its file; the first is there again at the end.
        members: Vec<(String, Place)>,
    },
    /// Two migrations of an app continue the same one, and nothing joins them.
    #[error("two branches of migrations meet nowhere: {}", branches(leaves))]
    Conflict {
        /// For each app the files of its last migrations.
        leaves: Vec<Vec<String>>,
    },
    /// The migration is a part of a squash.
    #[error("{migration} is a part of {squash}")]
    Squashed {
        /// The migration.
        migration: String,
        /// What stands for it.
        squash: String,
    },
    /// A part of a squash is applied, and what is missing has no file.
    #[error(
        "database `{alias}` has applied a part of what {squash} replaces, and {missing} has no file any more"
    )]
    HalfSquashed {
        /// Alias of the database.
        alias: String,
        /// The squash.
        squash: String,
        /// What has no file.
        missing: String,
    },
    /// What a database remembers does not fit the files.
    #[error("{}", told(.0))]
    History(Vec<HistoryProblem>),
    /// A migration depends on one that is pending on a database that was not named.
    #[error("{child} depends on {parent}, which is not applied on database `{alias}`")]
    PendingElsewhere {
        /// The migration.
        child: String,
        /// What it depends on.
        parent: String,
        /// The database where that lives.
        alias: String,
    },
    /// A migration that would be undone has a dependant on a database that was not named.
    #[error("{child}, which is applied on database `{alias}`, depends on {parent}, which would be undone")]
    NeededElsewhere {
        /// The migration.
        child: String,
        /// What it depends on.
        parent: String,
        /// The database where the migration lives.
        alias: String,
    },
    /// Not what was agreed to: the history was changed meanwhile.
    #[error(
        "another run changed the history of database `{alias}` meanwhile; nothing was changed by this one"
    )]
    ChangedMeanwhile {
        /// The database.
        alias: String,
    },
    /// A run that cannot be one transaction.
    #[error("{place}{reason}, so the run on database `{alias}` cannot be one transaction")]
    NoFrame {
        /// Alias of the database.
        alias: String,
        /// File and line with a colon and a space; empty where it is not a file's fault.
        place: String,
        /// Why.
        reason: String,
    },
    /// The history of another tool is not taken over.
    #[error(transparent)]
    Import(#[from] ImportProblem),
    /// An amendment of the history that makes no sense.
    #[error("{0}")]
    Amendment(String),
    /// A migration that has to be undone cannot be.
    #[error("{place}: {migration} cannot be undone: \"{operation}\" is irreversible; nothing was changed")]
    Irreversible {
        /// File and line.
        place: String,
        /// The migration.
        migration: String,
        /// What its operation does.
        operation: String,
    },
    /// A migration without a file has to be undone, and the database keeps nothing that does it.
    #[error(
        "{migration} is applied on database `{alias}` and would have to be undone, but it has no file here, and the database keeps nothing that undoes it"
    )]
    NothingKept {
        /// Alias of the database.
        alias: String,
        /// The migration.
        migration: String,
    },
    /// A statement failed.
    #[error(transparent)]
    Apply(#[from] Box<ApplyError>),
    /// Rows that are there are none that a migration can go on with. Nothing of it has run.
    #[error(transparent)]
    Rows(#[from] Box<RowsError>),
    /// Steps that are unsafe on large tables. Nothing has run.
    #[error("steps that are unsafe on large tables are refused, and nothing was changed:\n  {}", lines(.0))]
    Unsafe(Vec<Finding>),
    /// The database may end a text elsewhere than it was taken to end.
    #[error(
        "{place}: database `{alias}` takes a backslash in a text for something else, so where this text ends is not known"
    )]
    Reading {
        /// File and line of the text.
        place: String,
        /// Alias of the database.
        alias: String,
        /// A statement that says how it is meant.
        way_out: &'static str,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Database(#[from] crate::Error),
}

/// A statement of a migration that failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct ApplyError {
    /// Alias of the database.
    pub alias: String,
    /// The migration.
    pub migration: String,
    /// File and line of the operation.
    pub place: String,
    /// Whether it was being undone.
    pub is_backwards: bool,
    /// What failed: the statement, or the name of a function.
    pub what: String,
    /// What became of the statements before it.
    pub outcome: Outcome,
    /// Who held what it waited for, as far as that is known.
    pub blockers: Vec<String>,
    /// What the database said.
    pub source: crate::Error,
}

/// Rows that are there are none that a migration can go on with.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} {migration} on database `{alias}` would fail, and nothing of it has run:\n  {}",
    if *is_backwards { "undoing" } else { "applying" },
    rows.join("\n  ")
)]
pub struct RowsError {
    /// Alias of the database.
    pub alias: String,
    /// The migration.
    pub migration: String,
    /// Whether it was about to be undone.
    pub is_backwards: bool,
    /// What does not fit, in sentences with their places.
    pub rows: Vec<String>,
}

/// What became of the statements before a failing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The transaction was rolled back.
    RolledBack,
    /// So was everything that the run had done on the database.
    RunRolledBack,
    /// So many statements had been committed and are kept; the next run goes on behind them.
    Kept(usize),
}

impl ApplyError {
    fn message(&self) -> String {
        let verb = if self.is_backwards { "undoing" } else { "applying" };
        let outcome = match self.outcome {
            Outcome::RolledBack => "the whole migration was rolled back".to_owned(),
            Outcome::RunRolledBack => "the whole run was rolled back".to_owned(),
            Outcome::Kept(0) => "nothing of the migration was done before it".to_owned(),
            Outcome::Kept(1) => "the statement before it is done and stays".to_owned(),
            Outcome::Kept(number) => format!("the {number} statements before it are done and stay"),
        };
        format!(
            "{verb} {} on database `{}` failed at {}\n  statement: {}\n  {outcome}",
            self.migration,
            self.alias,
            self.place,
            self.what.replace('\n', "\n    ")
        )
    }
}

/// One thing about which a database and the files disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryProblem {
    /// Alias of the database.
    pub alias: String,
    /// The migration.
    pub migration: String,
    /// What the disagreement is.
    pub kind: HistoryProblemKind,
}

/// How a database and the files may disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryProblemKind {
    /// The file is another one than was applied.
    Edited {
        /// The file.
        path: String,
    },
    /// The file is gone.
    MissingFile {
        /// Where it was.
        folder: String,
    },
    /// Applied, though something it depends on is not.
    BeforeParent {
        /// File and line that name the parent.
        place: String,
        /// The parent.
        parent: String,
    },
    /// Begun and not finished, and this run would not finish it.
    Unfinished {
        /// Whether it was being undone.
        is_backwards: bool,
    },
    /// Begun and not finished, and no file explains it.
    UnfinishedWithoutFile {
        /// How many of its statements are done.
        done: usize,
        /// Whether it was being undone.
        is_backwards: bool,
    },
    /// Begun and not finished, and a step that is done left in its session what those behind it may need.
    Unrepeatable {
        /// File and line of the statement.
        place: String,
    },
    /// Begun and not finished, and a statement was begun whose rows no transaction undoes.
    InDoubt {
        /// File and line of the statement.
        place: String,
    },
    /// Begun and not finished, and a step that is done was changed in the file since.
    ChangedStep {
        /// The file.
        path: String,
        /// Number of the step, from 1.
        step: usize,
    },
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

fn circle(members: &[(String, Place)]) -> String {
    members.iter().map(|(name, place)| format!("{name} ({place})")).collect::<Vec<_>>().join(" -> ")
}

fn branches(leaves: &[Vec<String>]) -> String {
    leaves.iter().map(|files| files.join(" and ")).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// Adds the database and its address to a fault that is the database's.
    #[must_use]
    pub(super) fn at(self, backend: &dyn Backend) -> Self {
        match self {
            Self::Database(error) => Self::Database(error.at(backend.alias(), || backend.address())),
            other => other,
        }
    }

    /// The line of a file where it is to be corrected, where there is one.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::File(mistake) => Some(Place::new(&mistake.path, mistake.line)),
            Self::MissingParent { place, .. } => Some(place.clone()),
            Self::Cycle { members } => members.first().map(|(_, place)| place.clone()),
            // The one that came last has to go on from the others.
            Self::Conflict { leaves } => leaves.first()?.last().map(|path| Place::new(path, 1)),
            _ => None,
        }
    }
}

impl HistoryProblem {
    /// The disagreement in a sentence.
    pub fn message(&self) -> String {
        let Self { alias, migration, kind } = self;
        match kind {
            HistoryProblemKind::Edited { path } => {
                format!("{path}:1: {migration} was edited after it was applied on database `{alias}`")
            }
            HistoryProblemKind::MissingFile { folder } => {
                format!("{folder}: {migration} is applied on database `{alias}`, but its file is missing")
            }
            HistoryProblemKind::BeforeParent { place, parent } => {
                format!(
                    "{place}: {migration} is applied on database `{alias}` before {parent}, which it depends on"
                )
            }
            HistoryProblemKind::Unfinished { is_backwards: false } => {
                format!("{migration} was begun and not finished on database `{alias}`")
            }
            HistoryProblemKind::Unfinished { is_backwards: true } => {
                format!("{migration} was begun to be undone and is not finished on database `{alias}`")
            }
            HistoryProblemKind::Unrepeatable { place } => format!(
                "{place}: {migration} is half done on database `{alias}`; this statement, which is done, may have left in its \
                 session what those behind it need, and that session is gone"
            ),
            HistoryProblemKind::InDoubt { place } => format!(
                "{place}: {migration} is half done on database `{alias}`; the run that died may have done this statement or a \
                 part of it, and its tables keep what was done"
            ),
            HistoryProblemKind::UnfinishedWithoutFile { done, is_backwards } => format!(
                "{migration} is half {} on database `{alias}` ({} done), and its file is gone",
                if *is_backwards { "undone" } else { "done" },
                text::count(*done, "statement"),
            ),
            HistoryProblemKind::ChangedStep { path, step } => format!(
                "{path}:1: {migration} is half done on database `{alias}`, and its statement {step}, which is done, \
                 was changed in the file since"
            ),
        }
    }
}

fn told(problems: &[HistoryProblem]) -> String {
    problems.iter().map(HistoryProblem::message).collect::<Vec<_>>().join("\n  ")
}
