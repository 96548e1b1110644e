//! How a command fails: a kind that decides the exit status, a cause and what to type next.

use std::fmt::Display;

use crate::certificates;
use crate::conf::ImproperlyConfigured;
use crate::db;
use crate::db::fixtures;
use crate::db::migrations;
use crate::db::migrations::error::{ApplyError, HistoryProblem, HistoryProblemKind, Outcome};
use crate::db::migrations::{Finding, ImportProblem, Rule};
use crate::text;

/// What a command comes to.
pub type CommandResult<T = ()> = Result<T, CommandError>;

/// The kinds of failure that have an exit status of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It failed, or a `--check` found something: 1.
    Failed,
    /// The command line was wrong: 2.
    Usage,
    /// A question could not be asked: 3.
    Question,
    /// `migrate --check` found something to be done: 4, without another word.
    Pending,
    /// A database does not answer: 5.
    Unreachable,
    /// Ctrl-C: 130.
    Interrupted,
    /// SIGTERM: 143.
    Terminated,
    /// A `--check` found something that was already said: 1, without another word.
    Silent,
}

/// A failed command.
#[derive(Debug)]
pub struct CommandError {
    /// Decides the exit status.
    pub kind: ErrorKind,
    /// What went wrong, with its causes.
    pub source: anyhow::Error,
    /// What to do or type next, each a line.
    pub hints: Vec<String>,
}

impl CommandError {
    /// It failed: exit status 1.
    pub fn failed(message: impl Display) -> Self {
        Self::new(ErrorKind::Failed, anyhow::anyhow!("{message}"))
    }

    /// The command line was wrong: exit status 2.
    pub fn usage(message: impl Display) -> Self {
        Self::new(ErrorKind::Usage, anyhow::anyhow!("{message}"))
    }

    /// A question could not be asked: exit status 3.
    pub fn question(message: impl Display) -> Self {
        Self::new(ErrorKind::Question, anyhow::anyhow!("{message}"))
    }

    /// Interrupted by Ctrl-C: exit status 130.
    pub fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, anyhow::anyhow!("interrupted"))
    }

    /// Told to end by SIGTERM: exit status 143.
    pub fn terminated() -> Self {
        Self::new(ErrorKind::Terminated, anyhow::anyhow!("told to end"))
    }

    /// A `--check` found something: exit status 1 and nothing more to say.
    pub fn silent() -> Self {
        Self::new(ErrorKind::Silent, anyhow::anyhow!("check found something"))
    }

    /// `migrate --check` found something to be done: exit status 4 and nothing more to say.
    pub fn pending() -> Self {
        Self::new(ErrorKind::Pending, anyhow::anyhow!("migrations are pending"))
    }

    /// A failure of this kind.
    pub fn new(kind: ErrorKind, source: anyhow::Error) -> Self {
        Self { kind, source, hints: Vec::new() }
    }

    /// An unknown name among `known` ones: exit status 2, with the nearest as a hint.
    pub fn unknown<S: AsRef<str>>(message: impl Display, name: &str, known: &[S]) -> Self {
        let names: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let hint = match text::nearest(name, names.iter().copied()).as_slice() {
            [] if names.is_empty() => return Self::usage(message),
            [] => format!("known: {}", names.join(", ")),
            nearest => format!("did you mean {}?", text::alternatives(nearest)),
        };
        Self::usage(message).hint(hint)
    }

    /// Adds a line that says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit status that stands for it.
    pub fn exit_status(&self) -> u8 {
        match self.kind {
            ErrorKind::Failed | ErrorKind::Silent => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Question => 3,
            ErrorKind::Pending => 4,
            ErrorKind::Unreachable => 5,
            ErrorKind::Interrupted => 130,
            ErrorKind::Terminated => 143,
        }
    }
}

impl From<ImproperlyConfigured> for CommandError {
    fn from(error: ImproperlyConfigured) -> Self {
        // A profile that does not exist was mistyped on the command line, not written wrongly in a file.
        let kind = match error.problems.as_slice() {
            [one] if one.key.is_empty() && one.message.starts_with("there is no settings profile") => {
                ErrorKind::Usage
            }
            _ => ErrorKind::Failed,
        };
        Self::new(kind, error.into())
    }
}

impl From<db::Error> for CommandError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::UnknownAlias { ref alias, ref known } => {
                let mut unknown = Self::usage(&error);
                if let nearest @ [_, ..] = text::nearest(alias, known.iter().map(String::as_str)).as_slice() {
                    unknown = unknown.hint(format!("did you mean {}?", text::alternatives(nearest)));
                }
                unknown.hint(format!("configured databases: {}", known.join(", ")))
            }
            db::Error::Replica { ref original, .. } => Self::usage(&error)
                .hint(format!("name the database that is written to: `--database {original}`")),
            error => {
                let hint = match &error {
                    db::Error::Connect { hint, .. } => hint.clone(),
                    db::Error::Statement(statement)
                        if statement.kind == db::StatementKind::UndefinedTable =>
                    {
                        Some("a migration may be missing: run `manage migrate`".to_owned())
                    }
                    db::Error::Pooler { alias, .. } => Some(format!(
                        "name the server itself for `migrate`, as in `MANAGE__DATABASES__{}__URL=... manage migrate`, or set \
                         `pool_mode = session` for this database in the pooler",
                        alias.to_uppercase()
                    )),
                    db::Error::Statement(statement) if statement.kind == db::StatementKind::Pooled => Some(
                        "a pooler passes statements to changing sessions: set `pool_mode = session` there, or from PgBouncer \
                         1.21 on `max_prepared_statements`"
                            .to_owned(),
                    ),
                    db::Error::Statement(statement) if statement.kind == db::StatementKind::Locked => {
                        Some("another program is writing to it: let it finish, then try again".to_owned())
                    }
                    db::Error::Statement(statement) => refusal_hint(statement.kind)
                        .map(|hint| format!("{hint}; refused was `{}`", beginning(&statement.sql))),
                    _ => None,
                };
                let kind = match &error {
                    db::Error::Connect { .. } => ErrorKind::Unreachable,
                    _ => ErrorKind::Failed,
                };
                let mut failed = Self::new(kind, error.into());
                failed.hints.extend(hint);
                failed
            }
        }
    }
}

/// What to do where a database takes no change at all, or none from this account.
fn refusal_hint(kind: db::StatementKind) -> Option<&'static str> {
    match kind {
        db::StatementKind::Forbidden => {
            Some("grant the account of the settings this right, or name one there that has it")
        }
        db::StatementKind::ReadOnly => Some(
            "the server, the account or the file is set to be read only: name the database that is written to, or lift that",
        ),
        _ => None,
    }
}

/// The first words of a statement, none of which is a text.
fn beginning(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().take_while(|word| !word.contains('\'')).collect();
    text::truncate(&words.join(" "), 60)
}

impl From<migrations::Error> for CommandError {
    fn from(error: migrations::Error) -> Self {
        match error {
            migrations::Error::Database(error) => error.into(),
            migrations::Error::UnknownApp { ref app, ref known } => Self::unknown(&error, app, known),
            migrations::Error::UnknownMigration { ref name, ref known, .. } => {
                Self::unknown(&error, name, known)
            }
            migrations::Error::AmbiguousMigration { .. } => Self::usage(&error).hint("type more of the name"),
            migrations::Error::NoMigrations { .. } => Self::usage(&error),
            migrations::Error::Squashed { ref squash, .. } => {
                Self::usage(&error).hint(format!("name {squash}, or what comes before or after it"))
            }
            migrations::Error::Import(ref problem @ ImportProblem::Unknown { .. }) => {
                Self::usage(&error).hint(import_hint(problem))
            }
            migrations::Error::NotHere { ref homes, .. } => {
                Self::usage(&error).hint(format!("it lives on: {}", homes.join(", ")))
            }
            error => {
                let hints = migration_hints(&error);
                let mut failed = Self::new(ErrorKind::Failed, error.into());
                failed.hints = hints;
                failed
            }
        }
    }
}

/// What to type after a failure of the migrations.
fn migration_hints(error: &migrations::Error) -> Vec<String> {
    match error {
        migrations::Error::File(_) => {
            vec!["correct the file and run the command again; no database was changed".to_owned()]
        }
        migrations::Error::MissingParent { nearest, .. } if !nearest.is_empty() => {
            vec![format!("did you mean {}? Correct `depends`", text::alternatives(nearest))]
        }
        migrations::Error::MissingParent { parent, .. } => {
            let app = parent.split('.').next().unwrap_or_default();
            vec![format!("correct `depends`, or bring the file back; is `{app}` among the installed apps?")]
        }
        migrations::Error::Cycle { .. } => {
            vec!["take one of them out of the other's `depends`".to_owned()]
        }
        migrations::Error::Conflict { .. } => vec![
            "`manage makemigrations --merge` joins them, `manage rebasemigration APP` puts one behind the other".to_owned(),
            "by hand: make one continue the other, `depends = [\"app.NNNN_name\"]`, in SQL `-- depends: app.NNNN_name` at the top"
                .to_owned(),
        ],
        migrations::Error::History(problems) => {
            let mut hints: Vec<String> = problems.iter().map(history_hint).collect();
            hints.dedup();
            hints
        }
        migrations::Error::Irreversible { place, .. } => vec![
            match place.rsplit_once(':') {
                Some((path, _)) if path.ends_with(".sql") => {
                    "say behind `-- down` what undoes it, or name a later migration".to_owned()
                }
                _ => "give the operation `backwards`, or name a later migration".to_owned(),
            },
            "when it was undone by hand, `--fake` changes the history alone".to_owned(),
        ],
        migrations::Error::PendingElsewhere { alias, .. } => vec![format!(
            "migrate `{alias}` first (`manage migrate --database {alias}`), both (`--with-dependencies`), or all of them: \
             `manage migrate`"
        )],
        migrations::Error::NeededElsewhere { alias, .. } => vec![format!(
            "undo that first (on `{alias}`), both (`--with-dependencies`), or name no database"
        )],
        migrations::Error::Waits { .. } => {
            vec!["once they are gone, `manage migrate --contract` applies it with what waits".to_owned()]
        }
        migrations::Error::ChangedMeanwhile { .. } => vec!["run the command again".to_owned()],
        migrations::Error::HalfSquashed { missing, .. } => vec![format!(
            "bring the file of {missing} back, or migrate this database with the release before first"
        )],
        migrations::Error::NoFrame { place, .. } if place.is_empty() => vec![
            "`--plan` shows what would be done; `--database` chooses others; without `--single-transaction` each migration \
             is resumable"
                .to_owned(),
        ],
        migrations::Error::NoFrame { .. } => {
            vec!["apply up to it and it first, in runs of their own: `manage migrate APP NAME`".to_owned()]
        }
        migrations::Error::NothingKept { migration, .. } => vec![
            "undo it with the release that has its file".to_owned(),
            format!("when it was undone by hand, `manage migrate --forget {migration}`"),
        ],
        migrations::Error::Apply(error) => apply_hints(error),
        migrations::Error::Unsafe(findings) => unsafe_hints(findings),
        migrations::Error::Reading { way_out, .. } => {
            vec![format!("say at the top of the file how it is meant, such as `{way_out}`")]
        }
        migrations::Error::Rows(_) => vec![
            "an operation before it can do that (`RunSql`, `RunRust`), or you by hand; then run the command again"
                .to_owned(),
        ],
        migrations::Error::Import(problem) => vec![import_hint(problem)],
        migrations::Error::Locked { alias, .. } => vec![format!(
            "let it finish and run the command again; `--wait`, or `lock_timeout` of `databases.{alias}`, says how long to wait"
        )],
        _ => Vec::new(),
    }
}

fn unsafe_hints(findings: &[Finding]) -> Vec<String> {
    let mut rules: Vec<&Rule> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_by_key(|rule| rule.code);
    rules.dedup();
    let codes: Vec<&str> = rules.iter().map(|rule| rule.code).collect();
    let mut hints: Vec<String> =
        rules.iter().map(|rule| format!("{}: {}", rule.code, rule.way_out)).collect();
    hints.push(format!(
        "where nobody is in the way, `manage migrate --allow-unsafe` runs them; so does `allow_unsafe = {codes:?}` in the file, in SQL \
         `-- allow_unsafe: {}`",
        codes.join(", ")
    ));
    hints.extend(codes.first().map(|code| format!("`manage lintmigrations --explain {code}` tells more")));
    hints
}

fn import_hint(problem: &ImportProblem) -> String {
    match problem {
        ImportProblem::Unknown { known, .. } => format!("known: {}", known.join(", ")),
        ImportProblem::Several { tables, .. } => {
            let flags: Vec<String> = tables.iter().map(|table| format!("--import={table}")).collect();
            format!("choose one: {}", text::alternatives(&flags))
        }
        ImportProblem::App { apps, .. } if apps.is_empty() => {
            "put the files into `migrations/<app>/` first, as they are".to_owned()
        }
        ImportProblem::App { .. } => "name the app: `manage migrate APP --import`".to_owned(),
        ImportProblem::Failed { .. } => {
            "finish or withdraw it with that tool (`migrate force VERSION`, `flyway repair`, `prisma migrate resolve`), and try \
             again"
                .to_owned()
        }
        ImportProblem::Gap { parent, .. } => format!(
            "apply {parent} with that tool first, or give its file a number behind all that are applied"
        ),
        ImportProblem::NoFile { .. } => {
            "bring the files back, or pass these rows over: `--allow-missing`".to_owned()
        }
    }
}

fn history_hint(problem: &HistoryProblem) -> String {
    let name = problem.migration.replace('.', " ");
    match &problem.kind {
        HistoryProblemKind::Edited { path } => format!(
            "put the file back as it was (`git checkout {path}`, if it is in git) and write the change as a new \
             migration; when the database has the change already, `manage migrate --accept-edit {}`",
            problem.migration
        ),
        HistoryProblemKind::MissingFile { folder } => format!(
            "bring the file back (`git log --diff-filter=D -- {folder}` finds who deleted it), go on without it \
             (`--allow-missing`), or forget that it was applied: `manage migrate --forget {}`",
            problem.migration
        ),
        HistoryProblemKind::BeforeParent { .. } => {
            "correct `depends`, or bring back the file as it was when it was applied".to_owned()
        }
        HistoryProblemKind::Unfinished { is_backwards: false } => {
            format!("finish it: `manage migrate {name} --database {}`", problem.alias)
        }
        HistoryProblemKind::Unfinished { is_backwards: true } => format!(
            "finish undoing it: `manage migrate {} zero` or the name of an earlier migration, with --database {}",
            problem.migration.split('.').next().unwrap_or_default(),
            problem.alias
        ),
        HistoryProblemKind::Unrepeatable { .. } | HistoryProblemKind::InDoubt { .. } => {
            "undo by hand what is done, forget it (`manage migrate --repair`) and run the migration from its beginning"
                .to_owned()
        }
        HistoryProblemKind::UnfinishedWithoutFile { .. } => {
            "bring the file back and run `manage migrate`, or forget what is half done: `manage migrate --repair`"
                .to_owned()
        }
        HistoryProblemKind::ChangedStep { .. } => {
            "put that statement back as it was; those behind it may be changed".to_owned()
        }
    }
}

fn apply_hints(error: &ApplyError) -> Vec<String> {
    let again = match error.outcome {
        Outcome::RolledBack | Outcome::RunRolledBack => "correct the cause and run `manage migrate` again",
        Outcome::Kept(_) => {
            "correct the cause and run `manage migrate` again: it goes on with this statement"
        }
    };
    let mut hints = vec![again.to_owned()];
    if error.source.statement_kind() == Some(db::StatementKind::Locked) {
        hints.extend(error.blockers.iter().map(|blocker| format!("the lock was held by {blocker}")));
        hints.push("`--lock-timeout` says how long to wait for locks".to_owned());
    }
    hints.extend(error.source.statement_kind().and_then(refusal_hint).map(str::to_owned));
    // "active SQL transaction": the statement wants to be alone.
    if matches!(&error.source, db::Error::Statement(statement) if statement.code.as_deref() == Some("25001"))
    {
        hints.push(
            "a statement that cannot be part of a transaction needs `atomic = false` in its file".to_owned(),
        );
    }
    hints
}

impl From<fixtures::Error> for CommandError {
    fn from(error: fixtures::Error) -> Self {
        match error {
            fixtures::Error::Database(error) => error.into(),
            error => Self::new(ErrorKind::Failed, error.into()),
        }
    }
}

impl From<certificates::Error> for CommandError {
    fn from(mut error: certificates::Error) -> Self {
        let kind = match error.kind {
            certificates::ErrorKind::Refused => ErrorKind::Usage,
            certificates::ErrorKind::Failed => ErrorKind::Failed,
        };
        let hints = std::mem::take(&mut error.hints);
        Self { hints, ..Self::new(kind, error.into()) }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Failed, error.into())
    }
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        Self::new(ErrorKind::Failed, error)
    }
}
