//! Amendments of what databases remember, where people would otherwise write SQL by hand. Each is shown before it is made,
//! and noted in the history.

use std::time::Duration;

use super::error::{Error, Result};
use super::foreign::{self, Foreign, Search};
use super::graph::Graph;
use super::migration::{Key, Migration, version};
use super::recorder::{Applied, History, Home, is_edited, recorded};
use super::session::Session;
use crate::backends::base::{BackendRef, Statement, Value};
use crate::connections::Connections;
use crate::homes::Homes;
use crate::params;
use crate::router::Router;
use manage_leaves::{text, timezone};

/// A change of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amendment {
    /// The migration's file is right as it is now.
    AcceptEdit(Key),
    /// The migration counts as not applied, and nothing is undone.
    Forget(Key),
    /// So do all migrations of an app.
    ForgetApp(String),
    /// An app is called otherwise.
    RenameApp {
        /// What the history calls it.
        from: String,
        /// What it is called now.
        to: String,
    },
    /// What is half done is forgotten: the next run begins with the first statement.
    Repair,
    /// What another tool remembers is remembered here as well.
    Import {
        /// The tool or its table, where there may be several.
        tool: Option<String>,
        /// The app whose migrations they are, where the tool knows no apps.
        app: Option<String>,
        /// Rows that no file explains are passed over.
        allow_missing: bool,
    },
}

/// The histories of databases.
#[derive(Clone, Copy)]
pub struct Histories<'a> {
    /// The databases.
    pub connections: &'a Connections,
    /// All migrations.
    pub graph: &'a Graph,
    /// Which app lives where.
    pub router: &'a Router,
    /// Aliases of the databases; an empty list is all.
    pub aliases: &'a [String],
}

/// What an amendment comes to on one database.
#[derive(Default)]
struct Outcome {
    /// What people agree to, in lines.
    shown: Vec<String>,
    /// How many rows of the history it is about.
    number: usize,
    changes: Vec<Change>,
}

impl From<Vec<Change>> for Outcome {
    fn from(changes: Vec<Change>) -> Self {
        let shown = changes.iter().map(|change| change.words.clone()).collect();
        Self { shown, number: changes.len(), changes }
    }
}

/// A change, noted in one row.
struct Change {
    words: String,
    statements: Vec<(String, Vec<Value>)>,
}

/// Where a history is and what is in it.
struct Place<'a> {
    alias: &'a str,
    history: &'a History,
    graph: &'a Graph,
    router: &'a Router,
    /// What another tool remembers there.
    foreign: Option<&'a Foreign>,
    dialect: &'static str,
    table: &'a str,
    journal: Option<&'a str>,
    reversals: Option<&'a str>,
}

/// Amends the histories of databases, an empty list of which is all, and gives the number of changes.
///
/// `agree` is asked once for each database, with what would
/// be changed there, while its lock is held; `waiting` is told the alias of a database whose lock somebody else has, who that
/// is, and for how long it waits.
///
/// # Errors
/// [`Error::Amendment`] when nothing fits, [`Error::Locked`], and those of databases.
pub async fn amend(
    histories: &Histories<'_>,
    amendment: &Amendment,
    agree: &mut impl FnMut(&str, &[String]) -> bool,
    waiting: &mut (dyn FnMut(&str, Option<&str>, Duration) + Send),
) -> Result<usize> {
    amendment.check(histories.graph)?;
    let homes = Homes::ask(histories.connections, histories.aliases).await?;
    let router = homes.router(histories.router);
    let histories = Histories { router: &router, ..*histories };
    let (mut number, mut is_found) = (0, false);
    for alias in homes.chosen() {
        let mut waiting = |holder: Option<&str>, limit| waiting(alias, holder, limit);
        let mut session =
            Session::open_locked(histories.connections.backend(alias)?, None, &mut waiting).await?;
        let done = amend_one(&mut session, &histories, amendment, agree).await;
        let released = session.release().await;
        let changed = done?;
        released?;
        if let Some(changed) = changed {
            is_found = true;
            number += changed;
        }
    }
    if is_found { Ok(number) } else { Err(Error::Amendment(amendment.nothing())) }
}

/// None where nothing fits.
async fn amend_one(
    session: &mut Session,
    histories: &Histories<'_>,
    amendment: &Amendment,
    agree: &mut impl FnMut(&str, &[String]) -> bool,
) -> Result<Option<usize>> {
    let home = session.home().await?;
    let foreign = match amendment {
        Amendment::Import { tool, .. } => session.foreign(tool.as_deref()).await?,
        _ => None,
    };
    let place = Place {
        alias: session.alias(),
        history: &session.history,
        graph: histories.graph,
        router: histories.router,
        foreign: foreign.as_ref(),
        dialect: session.backend().features().dialect,
        table: home.history(),
        journal: home.has_journal.then(|| home.journal()),
        reversals: home.has_reversals.then(|| home.reversals()),
    };
    let Some(outcome) = amendment.outcome(&place)? else { return Ok(None) };
    let alias = session.alias().to_owned();
    if outcome.number == 0 || !agree(&alias, &outcome.shown) {
        return Ok(Some(0));
    }
    if let Some(sql) = home.missing_history() {
        // By itself: some databases commit with it what was open before.
        session.connection().batch(&[&sql]).await.map_err(|failure| failure.error)?;
    }
    session.write(&statements(outcome.changes, &home)).await?;
    Ok(Some(outcome.number))
}

/// The statements of all changes, each with its note.
fn statements(changes: Vec<Change>, home: &Home) -> Vec<(String, Vec<Value>)> {
    let now = timezone::now();
    let mut all = Vec::new();
    for (position, change) in changes.into_iter().enumerate() {
        all.extend(change.statements);
        // A row that no migration has: its number is negative, and its name has no app.
        let number = -(now.as_microsecond() + i64::try_from(position).unwrap_or(0));
        let sql = format!(
            "INSERT INTO {} (version, name, applied_on, checksum) VALUES (?, ?, ?, '0')",
            home.history()
        );
        let words = text::truncate(&change.words.replace("__", "_"), 250);
        all.push((sql, params![number, words, now.to_string()].to_vec()));
    }
    all
}

impl Amendment {
    /// Refuses what makes no sense on any database.
    fn check(&self, graph: &Graph) -> Result<()> {
        match self {
            Self::ForgetApp(app) | Self::RenameApp { from: app, .. } if app.is_empty() => {
                Err(Error::Amendment("say which app: its label is empty".to_owned()))
            }
            Self::RenameApp { from, to } if from == to => Err(Error::Amendment(format!(
                "`{from}` is the app's old name and its new one: nothing would change"
            ))),
            Self::RenameApp { to, .. } => graph.check_app(to),
            _ => Ok(()),
        }
    }

    fn nothing(&self) -> String {
        match self {
            Self::AcceptEdit(key) => format!(
                "{key} is nowhere applied from another file than the one that is there: nothing is to be accepted"
            ),
            Self::Forget(key) => format!("no database remembers {key}"),
            Self::ForgetApp(app) | Self::RenameApp { from: app, .. } => {
                format!("no database remembers migrations of an app `{app}`")
            }
            Self::Repair => "no migration is half done on any database".to_owned(),
            Self::Import { tool: None, .. } => "no database has the history of another tool".to_owned(),
            Self::Import { tool: Some(tool), .. } => format!("no database has the history of `{tool}`"),
        }
    }

    /// None where nothing fits.
    fn outcome(&self, place: &Place<'_>) -> Result<Option<Outcome>> {
        if let Self::Import { app, allow_missing, .. } = self {
            return place.import(app.as_deref(), *allow_missing);
        }
        let changes = self.changes(place)?;
        Ok((!changes.is_empty()).then(|| changes.into()))
    }

    fn changes(&self, place: &Place<'_>) -> Result<Vec<Change>> {
        let applied = |fits: &dyn Fn(&Key) -> bool| -> Vec<(&Key, &Applied)> {
            let rows = place.history.applied.iter().filter_map(|row| Some((row.key.as_ref()?, row)));
            rows.filter(|(key, _)| fits(key)).collect()
        };
        match self {
            Self::AcceptEdit(key) => applied(&|one| one == key)
                .into_iter()
                .filter_map(|row| place.accept(row).transpose())
                .collect(),
            Self::Forget(key) => {
                place.check_unneeded(key)?;
                Ok(applied(&|one| one == key).into_iter().map(|row| place.forget(row)).collect())
            }
            Self::ForgetApp(app) => {
                Ok(applied(&|one| one.app == *app).into_iter().map(|row| place.forget(row)).collect())
            }
            Self::RenameApp { from, to } => {
                let rows = applied(&|one| one.app == *from).into_iter();
                let mut changes: Vec<Change> =
                    rows.map(|row| place.rename(row, to)).collect::<Result<_>>()?;
                changes.extend(place.rename_half_done(from, to));
                Ok(changes)
            }
            Self::Repair => Ok(place.repair()),
            Self::Import { .. } => Ok(Vec::new()),
        }
    }
}

impl Place<'_> {
    /// What others that are applied depend on cannot be forgotten before them: no run would go on.
    fn check_unneeded(&self, key: &Key) -> Result<()> {
        let depends = |one: &Key| self.graph.parents(one).any(|parent| parent.key == *key);
        let mut keys = self.history.applied.iter().filter_map(|row| row.key.as_ref());
        match keys.find(|one| depends(one)) {
            Some(child) => Err(Error::Amendment(format!(
                "{child} is applied on database `{}` and depends on {key}: forget that first",
                self.alias
            ))),
            None => Ok(()),
        }
    }

    /// None where the file is what was applied.
    fn accept(&self, (key, row): (&Key, &Applied)) -> Result<Option<Change>> {
        let migration = self.graph.get(key);
        let migration =
            migration.ok_or_else(|| Error::Amendment(format!("{key} has no file that could be accepted")))?;
        if !is_edited(migration, row, self.dialect) {
            return Ok(None);
        }
        let statement = format!("UPDATE {} SET checksum = ? WHERE version = ?", self.table);
        let params = params![self.checksum(migration)?, row.version].to_vec();
        let words = format!("accepts {key} as its file is now");
        let mut statements = vec![(statement, params.clone())];
        // What undoes it is what undoes what was applied.
        statements.extend(
            self.reversals
                .map(|reversals| (format!("UPDATE {reversals} SET checksum = ? WHERE version = ?"), params)),
        );
        Ok(Some(Change { words, statements }))
    }

    fn forget(&self, (key, row): (&Key, &Applied)) -> Change {
        let mut statements = vec![self.delete(self.table, row.version)];
        statements.extend(self.journal.map(|journal| self.delete(journal, row.version)));
        statements.extend(self.reversals.map(|reversals| self.delete(reversals, row.version)));
        Change { words: format!("forgets that {key} is applied"), statements }
    }

    fn delete(&self, table: &str, version: i64) -> (String, Vec<Value>) {
        (format!("DELETE FROM {table} WHERE version = ?"), params![version].to_vec())
    }

    fn rename(&self, (key, row): (&Key, &Applied), app: &str) -> Result<Change> {
        let renamed = Key::new(app, &key.name);
        let migration = self.graph.get(&renamed).ok_or_else(|| {
            Error::Amendment(format!("{key} is applied, and there is no {renamed}: move the files first"))
        })?;
        if self.history.get(&renamed).is_some() {
            return Err(Error::Amendment(format!(
                "{key} and {renamed} are both applied: forget the one that is not, then rename the app"
            )));
        }
        let sql = format!("UPDATE {} SET version = ?, name = ?, checksum = ? WHERE version = ?", self.table);
        let (version, name) = (migration.version(), renamed.recorded_name());
        let checksum = self.checksum(migration)?;
        let mut statements = vec![(sql, params![version, name, checksum.clone(), row.version].to_vec())];
        statements.extend(self.reversals.map(|reversals| {
            let sql = format!("UPDATE {reversals} SET version = ?, checksum = ? WHERE version = ?");
            (sql, params![version, checksum, row.version].to_vec())
        }));
        Ok(Change { words: format!("calls {key} {renamed}"), statements })
    }

    /// What is half done of an app's migrations goes on under its new name.
    fn rename_half_done(&self, from: &str, to: &str) -> Vec<Change> {
        let Some(journal) = self.journal else { return Vec::new() };
        let half_done = self.graph.of_app(to).filter_map(|migration| {
            let key = Key::new(from, &migration.key.name);
            let version = version(&key, migration.number);
            self.history.journal.keys().find(|half_done| half_done.version == version)?;
            let sql = format!("UPDATE {journal} SET version = ? WHERE version = ?");
            let params = params![migration.version(), version].to_vec();
            Some(Change {
                words: format!("calls {key}, which is half done, {}", migration.key),
                statements: vec![(sql, params)],
            })
        });
        half_done.collect()
    }

    fn checksum(&self, migration: &Migration) -> Result<String> {
        let recorded = recorded(migration, self.dialect);
        let recorded =
            recorded.ok_or_else(|| Error::Amendment(format!("{} cannot be recorded", migration.key)))?;
        Ok(recorded.checksum().to_string())
    }

    /// None where there is no other tool's history.
    fn import(&self, app: Option<&str>, allow_missing: bool) -> Result<Option<Outcome>> {
        let Some(foreign) = self.foreign else { return Ok(None) };
        let recorded = &self.history.keys();
        let Self { alias, graph, router, .. } = *self;
        let matched = Search { graph, router, alias, app, allow_missing, recorded }.find(foreign)?;
        if matched.migrations.is_empty() {
            return Ok(Some(Outcome::default()));
        }
        let number = matched.migrations.len();
        let migrations = text::count(number, "migration");
        let words = format!("takes {migrations} from {}", foreign.table);
        let records = matched.migrations.iter().map(|migration| self.record(migration));
        let statements = records.collect::<Result<_>>()?;
        let heading = (foreign.table.to_owned(), "migration".to_owned());
        let shown = columns(std::iter::once(heading).chain(matched.rows).collect());
        Ok(Some(Outcome { shown, number, changes: vec![Change { words, statements }] }))
    }

    fn record(&self, migration: &Migration) -> Result<(String, Vec<Value>)> {
        let sql =
            format!("INSERT INTO {} (version, name, applied_on, checksum) VALUES (?, ?, ?, ?)", self.table);
        let (version, name) = (migration.version(), migration.key.recorded_name());
        let params = params![version, name, timezone::now().to_string(), self.checksum(migration)?];
        Ok((sql, params.to_vec()))
    }

    fn repair(&self) -> Vec<Change> {
        let Some(journal) = self.journal else { return Vec::new() };
        let half_done = self.history.journal.iter().map(|(key, steps)| {
            let name = self.history.name_of(self.graph, key.version);
            let done = steps.values().filter(|step| step.is_done).count();
            let verb = if key.is_backwards { "undone" } else { "done" };
            let words = format!(
                "forgets that {name} is half {verb}: {} done and stay as they are",
                text::count(done, "statement")
            );
            let sql = format!("DELETE FROM {journal} WHERE version = ? AND direction = ?");
            let params = params![key.version, key.direction()].to_vec();
            Change { words, statements: vec![(sql, params)] }
        });
        half_done.collect()
    }
}

/// Lines of two columns.
fn columns(rows: Vec<(String, String)>) -> Vec<String> {
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default();
    rows.into_iter().map(|(left, right)| format!("{left:width$}  {right}")).collect()
}

impl Session {
    /// What another tool remembers on this database.
    async fn foreign(&mut self, tool: Option<&str>) -> Result<Option<Foreign>> {
        let backend = BackendRef::clone(self.backend());
        foreign::read(&backend, self.connection(), tool).await
    }

    /// Runs statements about the history in one transaction.
    async fn write(&mut self, statements: &[(String, Vec<Value>)]) -> Result<()> {
        let connection = self.connection();
        connection.begin().await?;
        for (sql, params) in statements {
            if let Err(error) = connection.execute(Statement { sql, params }).await {
                drop(connection.rollback().await);
                return Err(error.into());
            }
        }
        Ok(connection.commit().await?)
    }
}
