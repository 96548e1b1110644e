//! What there is to show: each migration on each database.

use crate::db::migrations::error::HistoryProblemKind;
use crate::db::migrations::recorder::is_edited;
use crate::db::migrations::{self, Graph, Key, Migration, Plan, Session};
use crate::db::{self, Homes, Router};
use crate::management::databases::stranger;
use crate::management::{CommandResult, Style};
use crate::setup::Project;
use crate::timezone;

/// What has become of a migration on a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Applied,
    Pending,
    /// All that the squash stands for is applied, and it has no row of its own yet.
    Unfinished,
    HalfDone,
    MissingFile,
    /// Applied by a later release or another branch, with a number above all files of its app.
    Newer,
    Edited,
    /// The database does not answer.
    Unreachable,
}

impl State {
    /// All of them, in the order in which they are summed up.
    pub(super) const ALL: [Self; 8] = [
        Self::Applied,
        Self::Pending,
        Self::Unfinished,
        Self::HalfDone,
        Self::Newer,
        Self::MissingFile,
        Self::Edited,
        Self::Unreachable,
    ];

    /// Its word, the same in every format.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Unfinished => "squash to finish",
            Self::HalfDone => "half done",
            Self::MissingFile => "missing file",
            Self::Newer => "newer release",
            Self::Edited => "edited",
            Self::Unreachable => "unreachable",
        }
    }

    /// Its colour.
    pub(super) fn style(self) -> Style {
        match self {
            Self::Applied => Style::Success,
            Self::Pending | Self::Unfinished | Self::Newer => Style::Warning,
            Self::HalfDone | Self::MissingFile | Self::Edited | Self::Unreachable => Style::Error,
        }
    }

    /// Whether somebody has to do something about the migration.
    pub(super) fn is_noteworthy(self) -> bool {
        !matches!(self, Self::Applied | Self::Newer | Self::Unreachable)
    }

    /// Whether the history has it.
    pub(super) fn is_recorded(self) -> bool {
        matches!(self, Self::Applied | Self::MissingFile | Self::Newer | Self::Edited)
    }
}

/// One migration on one database.
#[derive(Debug)]
pub(super) struct Line {
    pub key: Key,
    pub state: State,
    pub applied_at: Option<jiff::Timestamp>,
    pub depends: Vec<String>,
    /// How many migrations it stands for.
    pub squashed: usize,
    /// Where it stands among all migrations; those without a file stand behind.
    pub position: usize,
}

impl Line {
    /// When it was applied, for people.
    pub(super) fn moment(&self) -> Option<String> {
        self.applied_at.map(timezone::local)
    }
}

/// A database with its migrations.
#[derive(Debug)]
pub(super) struct Shown {
    pub alias: String,
    pub lines: Vec<Line>,
    /// What it remembers and no line shows.
    pub unexplained: Vec<String>,
    /// Why it could not be asked.
    pub error: Option<db::Error>,
}

/// What to read.
pub(super) struct Reading<'a> {
    pub project: &'a Project,
    pub graph: &'a Graph,
    pub homes: &'a Homes,
    pub router: &'a Router,
    /// Labels of apps; none is all.
    pub apps: &'a [String],
    /// Whether the order is that of a run, instead of app by app.
    pub is_plan: bool,
}

impl Reading<'_> {
    /// The migrations of each database, in the order in which they were named, `default` first.
    pub(super) async fn databases(&self, named: &[String]) -> CommandResult<Vec<Shown>> {
        let connections = &self.project.connections;
        let aliases: Vec<&str> = match named {
            [] => connections.primaries(),
            named => named.iter().map(String::as_str).collect(),
        };
        let mut databases: Vec<Shown> = Vec::new();
        for alias in aliases.into_iter().map(|alias| self.homes.of(alias)) {
            if databases.iter().any(|shown| shown.alias == alias) {
                continue;
            }
            let (session, error) = match Session::open(connections.backend(alias)?).await {
                Ok(session) => (Some(session), None),
                Err(migrations::Error::Database(error @ db::Error::Connect { .. })) => (None, Some(error)),
                Err(error) => return Err(error.into()),
            };
            let graph = session.as_ref().map(|session| session.graph(self.graph)).transpose()?;
            let graph = graph.as_deref().unwrap_or(self.graph);
            let lines = self.lines(graph, alias, session.as_ref());
            let unexplained = session.map(|session| self.unexplained(graph, &session)).unwrap_or_default();
            databases.push(Shown { alias: alias.to_owned(), lines, unexplained, error });
        }
        Ok(databases)
    }

    /// Whether an app was asked for.
    pub(super) fn is_chosen(&self, app: &str) -> bool {
        self.apps.is_empty() || self.apps.iter().any(|label| label == app)
    }

    /// The migrations of the apps that live on a database, and those it remembers though their files are gone.
    fn lines(&self, graph: &Graph, alias: &str, session: Option<&Session>) -> Vec<Line> {
        let lives = |app: &str| self.router.allow_migrate(alias, app) && self.is_chosen(app);
        let migrations = graph.migrations().filter(|migration| lives(&migration.key.app));
        let mut lines: Vec<Line> = migrations.map(|migration| self.line(graph, migration, session)).collect();
        let newer = session.map(|session| session.history.newer(graph)).unwrap_or_default();
        let rows = session.map(|session| session.history.applied.as_slice()).unwrap_or_default();
        for (key, row) in rows.iter().filter_map(|row| Some((row.key.clone()?, row))) {
            let is_ours = self.graph.apps().contains(&key.app) && self.is_chosen(&key.app);
            if is_ours && graph.get(&key).is_none() && graph.stand_in(&key).is_none() {
                let state = if newer.contains(&&key) { State::Newer } else { State::MissingFile };
                let (applied_at, depends) = (row.applied_on, Vec::new());
                lines.push(Line { key, state, applied_at, depends, squashed: 0, position: usize::MAX });
            }
        }
        if !self.is_plan {
            lines.sort_by(|a, b| a.key.app.cmp(&b.key.app));
        }
        lines
    }

    /// What the database remembers and no line can show, in sentences.
    fn unexplained(&self, graph: &Graph, session: &Session) -> Vec<String> {
        let alias = session.alias();
        let strangers = session.history.strangers(graph);
        let strangers = strangers.into_iter().map(|(app, number)| stranger(app, number, alias));
        let half_done = session.unfinished(graph, &Plan::default()).into_iter();
        let without_file = half_done
            .filter(|problem| matches!(problem.kind, HistoryProblemKind::UnfinishedWithoutFile { .. }));
        let problems = session.history.problems(session.backend(), graph).into_iter();
        let out_of_order = problems.filter(|problem| {
            matches!(problem.kind, HistoryProblemKind::BeforeParent { .. })
                && problem.migration.split('.').next().is_some_and(|app| self.is_chosen(app))
        });
        strangers.chain(without_file.chain(out_of_order).map(|problem| problem.message())).collect()
    }

    fn line(&self, graph: &Graph, migration: &Migration, session: Option<&Session>) -> Line {
        let key = &migration.key;
        let applied = session.and_then(|session| session.history.get(key));
        Line {
            key: key.clone(),
            state: session.map_or(State::Unreachable, |session| state(graph, migration, session)),
            applied_at: applied.and_then(|applied| applied.applied_on),
            depends: graph.parents(key).map(|parent| parent.key.to_string()).collect(),
            squashed: graph.replaced(key).len(),
            position: self.graph.position(key).unwrap_or(usize::MAX),
        }
    }
}

fn state(graph: &Graph, migration: &Migration, session: &Session) -> State {
    let dialect = session.backend().features().dialect;
    if session.history.journal.keys().any(|key| key.version == migration.version()) {
        return State::HalfDone;
    }
    match session.history.get(&migration.key) {
        Some(applied) if is_edited(migration, applied, dialect) => State::Edited,
        Some(_) => State::Applied,
        None if session.history.keys_in(graph).contains(&migration.key) => State::Unfinished,
        None => State::Pending,
    }
}
