//! What a database remembers: which migrations were applied, and how far an unfinished one had come.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;

use super::error::{HistoryProblem, HistoryProblemKind, Result};
use super::file_name::number_of;
use super::graph::Graph;
use super::migration::{Key, Migration};
use crate::DatabaseSettings;
use crate::backends;
use crate::backends::base::{BackendRef, Connection, Features, Row, Statement};

/// refinery's table of applied migrations.
pub(crate) const HISTORY_TABLE: &str = "manage_migrations";

/// The journal of migrations that do not run in one transaction. It holds rows of unfinished ones only.
pub(crate) const STEPS_TABLE: &str = "manage_migration_steps";

/// What undoes applied migrations.
pub(crate) const REVERSALS_TABLE: &str = "manage_migration_reversals";

/// Whether the settings lead to a file in which migrations were recorded. Nothing is opened for writing.
pub fn holds_history(settings: &DatabaseSettings, root: &Path) -> bool {
    backends::is_file_with(settings, root, HISTORY_TABLE)
}

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The migration; none when the name is not one of ours.
    pub key: Option<Key>,
    /// The name as it is written.
    pub name: String,
    /// The version.
    pub version: i64,
    /// When it was applied, if that can be read.
    pub applied_on: Option<Timestamp>,
    /// refinery's checksum of the canonical text.
    pub checksum: String,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Whether the step is known to be done; otherwise it was begun, and nobody knows.
    pub is_done: bool,
    /// Hash of what the step ran.
    pub hash: String,
}

/// Which migration a journal is of, and in which direction it was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalKey {
    /// Version of the migration.
    pub version: i64,
    /// Whether it was being undone.
    pub is_backwards: bool,
}

impl JournalKey {
    /// The word of the direction.
    pub fn direction(self) -> &'static str {
        if self.is_backwards { "backwards" } else { "forwards" }
    }
}

/// What a database remembers, as read at one moment.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Names of all tables.
    pub tables: BTreeSet<String>,
    /// The applied migrations, in the order of versions.
    pub applied: Vec<Applied>,
    /// Steps of unfinished migrations by number.
    pub journal: BTreeMap<JournalKey, BTreeMap<usize, JournalRow>>,
}

impl History {
    /// The name of a migration, as far as files or history tell it.
    pub(super) fn name_of(&self, graph: &Graph, version: i64) -> String {
        let found = graph.migrations().find(|migration| migration.version() == version);
        let applied = || self.applied.iter().find(|applied| applied.version == version)?.key.as_ref();
        let key = found.map(|migration| &migration.key).or_else(applied);
        key.map_or_else(|| format!("a migration of version {version}"), ToString::to_string)
    }

    /// Reads it in two queries: which tables there are, and what ours hold.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn read(backend: &BackendRef, connection: &mut dyn Connection) -> crate::Result<Self> {
        let tables = backend.introspection().table_names(connection).await?;
        let mut history = Self { tables, ..Self::default() };
        let quote = |name: &str| backend.features().quote_name(name);
        let mut parts = Vec::new();
        if history.tables.contains(HISTORY_TABLE) {
            let table = quote(HISTORY_TABLE);
            parts.push(format!("SELECT version, name, applied_on, checksum, -1 AS step FROM {table}"));
        }
        if history.tables.contains(STEPS_TABLE) {
            let table = quote(STEPS_TABLE);
            parts.push(format!("SELECT version, direction, state, hash, step FROM {table}"));
        }
        if parts.is_empty() {
            return Ok(history);
        }
        let sql = format!("{} ORDER BY 1", parts.join(" UNION ALL "));
        for row in connection.query(Statement { sql: &sql, params: &[] }).await? {
            history.add(row)?;
        }
        Ok(history)
    }

    fn add(&mut self, mut row: Row) -> crate::Result<()> {
        let version: i64 = row.take(0)?;
        let second: String = row.take(1)?;
        let third: String = row.take(2)?;
        let fourth: String = row.take(3)?;
        let step: i64 = row.take(4)?;
        match usize::try_from(step) {
            Err(_) => self.applied.push(Applied {
                key: Key::from_recorded_name(&second),
                name: second,
                version,
                applied_on: third.parse().ok(),
                checksum: fourth,
            }),
            Ok(step) => {
                let key = JournalKey { version, is_backwards: second == "backwards" };
                let row = JournalRow { is_done: third == "done", hash: fourth };
                self.journal.entry(key).or_default().insert(step, row);
            }
        }
        Ok(())
    }

    /// Keys of the applied migrations.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.applied.iter().filter_map(|applied| applied.key.clone()).collect()
    }

    /// Keys of what is applied in this graph: also of a squash all of whose migrations are, whether it has a row or not.
    pub fn keys_in(&self, graph: &Graph) -> BTreeSet<Key> {
        graph.completed(self.keys())
    }

    /// Squashes that count as applied, because all that they stand for is, and have no row yet.
    pub fn unrecorded(&self, graph: &Graph) -> BTreeSet<Key> {
        let recorded = self.keys();
        let complete = graph.completed(recorded.clone());
        complete.into_iter().filter(|key| !recorded.contains(key) && graph.get(key).is_some()).collect()
    }

    /// The graph as it is for this history of a database.
    ///
    /// # Errors
    /// Those of [`Graph::for_history`].
    pub fn graph<'a>(&self, alias: &str, graph: &'a Graph) -> Result<Cow<'a, Graph>> {
        let half_done = self.journal.keys().map(|key| key.version).collect();
        graph.for_history(alias, &self.keys(), &half_done)
    }

    /// The row of a migration.
    pub fn get(&self, key: &Key) -> Option<&Applied> {
        self.applied.iter().find(|applied| applied.key.as_ref() == Some(key))
    }

    /// Applied migrations that no file explains because they come from a later release or another branch: their numbers are
    /// greater than those of all files of their app.
    pub fn newer(&self, graph: &Graph) -> Vec<&Key> {
        let keys = self.applied.iter().filter_map(|applied| applied.key.as_ref());
        let mut newer: Vec<&Key> = keys.filter(|key| !graph.explains(key) && is_newer(key, graph)).collect();
        newer.sort();
        newer
    }

    /// Labels of apps that are not installed, with the number of their migrations that are applied.
    pub fn strangers(&self, graph: &Graph) -> BTreeMap<&str, usize> {
        let mut strangers = BTreeMap::new();
        let keys = self.applied.iter().filter_map(|applied| applied.key.as_ref());
        for key in keys.filter(|key| !graph.apps().contains(&key.app)) {
            *strangers.entry(key.app.as_str()).or_default() += 1;
        }
        strangers
    }

    /// Everything about which this history of a database and the files disagree. Rows of apps that are not installed
    /// are nobody's business.
    pub fn problems(&self, backend: &BackendRef, graph: &Graph) -> Vec<HistoryProblem> {
        let (alias, dialect) = (backend.alias(), backend.features().dialect);
        let rows: HashMap<&Key, &Applied> =
            self.applied.iter().filter_map(|applied| Some((applied.key.as_ref()?, applied))).collect();
        let problem =
            |key: &Key, kind| HistoryProblem { alias: alias.to_owned(), migration: key.to_string(), kind };
        let mut problems = Vec::new();
        for applied in &self.applied {
            let Some(key) = applied.key.as_ref().filter(|key| graph.apps().contains(&key.app)) else {
                continue;
            };
            match graph.get(key) {
                None if graph.explains(key) || is_newer(key, graph) => {}
                None => {
                    let folder = format!("migrations/{}", key.app);
                    problems.push(problem(key, HistoryProblemKind::MissingFile { folder }));
                }
                Some(migration) if is_edited(migration, applied, dialect) => {
                    let path = migration.path.clone();
                    problems.push(problem(key, HistoryProblemKind::Edited { path }));
                }
                Some(_) => {}
            }
        }
        // A parent that lives on another database has no row here; its app has none at all.
        let apps: BTreeSet<&str> = rows.keys().map(|key| key.app.as_str()).collect();
        let complete = self.keys_in(graph);
        for migration in graph.migrations().filter(|migration| rows.contains_key(&migration.key)) {
            for parent in graph.parents(&migration.key) {
                if !complete.contains(&parent.key) && apps.contains(parent.key.app.as_str()) {
                    let named = migration.depends.iter().find(|reference| reference.key == parent.key);
                    let place = migration.place(named.map_or(1, |reference| reference.line)).to_string();
                    let parent = parent.key.to_string();
                    problems
                        .push(problem(&migration.key, HistoryProblemKind::BeforeParent { place, parent }));
                }
            }
        }
        problems
    }
}

fn is_newer(key: &Key, graph: &Graph) -> bool {
    let greatest = graph.greatest_number(&key.app);
    number_of(&key.name).zip(greatest).is_some_and(|(number, greatest)| number > greatest)
}

/// Whether the file is another one than was applied on a database of this dialect.
pub fn is_edited(migration: &Migration, applied: &Applied, dialect: &str) -> bool {
    migration.version() != applied.version
        || !checksums(migration, dialect).any(|checksum| checksum == applied.checksum)
}

/// The checksums that a migration may have on a database of this dialect: that which is recorded today, and those of
/// earlier versions, which cost more to find out.
pub fn checksums(migration: &Migration, dialect: &str) -> impl Iterator<Item = String> {
    let of = |text: &str| recorded_as(migration, text).map(|recorded| recorded.checksum().to_string());
    let today = of(migration.canonical.text(dialect));
    let earlier = std::iter::once_with(|| migration.canonical.earlier()).flatten();
    today.into_iter().chain(earlier.filter_map(move |text| of(&text)))
}

/// The migration as refinery records it on a database of this dialect.
pub fn recorded(migration: &Migration, dialect: &str) -> Option<refinery::Migration> {
    recorded_as(migration, migration.canonical.text(dialect))
}

/// With prefix `U`, so that branches and late arrivals are applied in any order.
fn recorded_as(migration: &Migration, text: &str) -> Option<refinery::Migration> {
    let name = format!("U{}__{}", migration.version(), migration.key.recorded_name());
    refinery::Migration::unapplied(&name, text).ok()
}

/// Where a database keeps what it remembers: in the schema in which a session begins, whatever a migration makes of it.
#[derive(Debug)]
pub(super) struct Home {
    history: String,
    journal: String,
    reversals: String,
    /// Whether the history's table exists.
    pub has_history: bool,
    /// Whether the journal's table exists.
    pub has_journal: bool,
    /// Whether the table of reversals exists.
    pub has_reversals: bool,
    /// The number of the session that asked, where there are such numbers.
    pub session: Option<i64>,
}

impl Home {
    /// Asks for it.
    ///
    /// # Errors
    /// Those of the query.
    pub(super) async fn find(
        backend: &BackendRef,
        connection: &mut dyn Connection,
        tables: &BTreeSet<String>,
    ) -> crate::Result<Self> {
        let features = backend.features();
        let (schema, session) = Self::ask(backend, connection).await?;
        let prefix = schema.map(|schema| format!("{}.", features.quote_name(&schema))).unwrap_or_default();
        let table = |name: &str| format!("{prefix}{}", features.quote_name(name));
        Ok(Self {
            history: table(HISTORY_TABLE),
            journal: table(STEPS_TABLE),
            reversals: table(REVERSALS_TABLE),
            has_reversals: tables.contains(REVERSALS_TABLE),
            has_history: tables.contains(HISTORY_TABLE),
            has_journal: tables.contains(STEPS_TABLE),
            session,
        })
    }

    /// The number of a session, where there are such numbers.
    ///
    /// # Errors
    /// Those of the query.
    pub(super) async fn session(
        backend: &BackendRef,
        connection: &mut dyn Connection,
    ) -> crate::Result<Option<i64>> {
        Ok(Self::ask(backend, connection).await?.1)
    }

    async fn ask(
        backend: &BackendRef,
        connection: &mut dyn Connection,
    ) -> crate::Result<(Option<String>, Option<i64>)> {
        let Some(sql) = backend.script_rules().home else { return Ok((None, None)) };
        let rows = connection.query(Statement { sql, params: &[] }).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok((None, None)) };
        Ok((row.take(0)?, row.take(1)?))
    }

    /// The history's table.
    pub(super) fn history(&self) -> &str {
        &self.history
    }

    /// The journal's table.
    pub(super) fn journal(&self) -> &str {
        &self.journal
    }

    /// The table of what undoes applied migrations.
    pub(super) fn reversals(&self) -> &str {
        &self.reversals
    }

    /// Makes the table of reversals, unless it is there.
    pub(super) fn missing_reversals(&self, features: &Features) -> Option<String> {
        let text = features.long_text;
        let columns = format!(
            "(version bigint NOT NULL PRIMARY KEY, checksum varchar(255) NOT NULL, body {text} NOT NULL)"
        );
        (!self.has_reversals).then(|| format!("CREATE TABLE {} {columns}", self.reversals))
    }

    /// Makes the history's table, unless it is there.
    pub(super) fn missing_history(&self) -> Option<String> {
        let columns = "(version bigint NOT NULL PRIMARY KEY, name varchar(255) NOT NULL, \
                       applied_on varchar(255) NOT NULL, checksum varchar(255) NOT NULL)";
        (!self.has_history).then(|| format!("CREATE TABLE {} {columns}", self.history))
    }

    /// Makes the journal's table, unless it is there.
    pub(super) fn missing_journal(&self) -> Option<String> {
        let columns = "(version bigint NOT NULL, direction varchar(9) NOT NULL, step integer NOT NULL, \
                       state varchar(7) NOT NULL, hash varchar(64) NOT NULL, \
                       PRIMARY KEY (version, direction, step))";
        (!self.has_journal).then(|| format!("CREATE TABLE {} {columns}", self.journal))
    }
}
