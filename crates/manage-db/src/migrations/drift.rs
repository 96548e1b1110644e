//! The tables that are there against those that the applied migrations make.

use std::collections::{BTreeMap, BTreeSet};

use super::applied_sql::AppliedSql;
use super::error::{Error, Result};
use super::foreign::is_history;
use super::inspector::{Choice, Unsaid, inspect};
use super::migration::Key;
use super::prepare::applied_state;
use super::program::Site;
use super::recorder::{HISTORY_TABLE, History, REVERSALS_TABLE, STEPS_TABLE};
use super::state::ProjectState;
use super::tables::Tables;
use super::work::Work;
use crate::backends::base::tables::Table;
use crate::backends::base::{Backend, BackendRef};
use crate::introspection::{
    Difference, Live, LiveTable, Part, Relation, differences, expected, live, respelled, retold,
};

/// What one database has that the applied migrations do not make, and the other way round.
#[derive(Debug, Clone)]
pub struct Drift {
    /// In what the tables of the apps differ.
    pub differences: Vec<Difference>,
    /// Tables that are no app's.
    pub strangers: Vec<String>,
    /// What no model can say and no statement of an applied migration makes.
    pub unsaid: Vec<Unsaid>,
    /// Migrations that are not applied.
    pub pending: Vec<Key>,
    /// Why expressions were compared by their words, where the database could not be asked to say them in its own.
    pub by_words: Option<String>,
    /// The models as the applied migrations leave them.
    pub state: ProjectState,
    /// What is there.
    pub live: Live,
}

/// Whether a table is kept by this program, or is the history of another tool.
pub fn is_bookkeeping(table: &str) -> bool {
    [HISTORY_TABLE, STEPS_TABLE, REVERSALS_TABLE].contains(&table) || is_history(table)
}

/// Looks for what differs on one database; `apps`: only in the tables of these, instead of all that live there. The database
/// is not changed.
///
/// # Errors
/// [`Error::Database`]; [`Error::File`] when a migration makes no sense where it stands.
pub async fn drift(work: Work<'_>, backend: &BackendRef, apps: &[String]) -> Result<Drift> {
    let mut connection = backend.connect_to_look().await?;
    let history = History::read(backend, &mut *connection).await?;
    let live = live(&**backend, &mut *connection).await?;
    let is_here = |app: &str| work.router.allow_migrate(backend.alias(), app);
    let applied = history.keys();
    let state = applied_state(work.graph, &is_here, &applied)?;
    // Also of migrations that are still to come: their tables may be there.
    let every = work.graph.migrations().map(|migration| migration.key.clone()).collect();
    let whole = applied_state(work.graph, &is_here, &every)?;
    let mut all = tables_of(&**backend, &is_here, &whole, &|_| true)?;
    all.extend(tables_of(&**backend, &is_here, &state, &|_| true)?);
    let is_meant = |app: &str| is_here(app) && (apps.is_empty() || apps.iter().any(|label| label == app));
    let tables = tables_of(&**backend, &is_here, &state, &is_meant)?;
    let mut drift = Drift {
        differences: Vec::new(),
        strangers: Vec::new(),
        unsaid: Vec::new(),
        pending: Vec::new(),
        by_words: None,
        state,
        live,
    };
    let pending = work.graph.migrations().filter(|migration| is_meant(&migration.key.app));
    let pending = pending.filter(|migration| !applied.contains(&migration.key));
    drift.pending = pending.map(|migration| migration.key.clone()).collect();
    drift.compare(&**backend, &mut *connection, &tables).await?;
    drift.unknown(&all, work, &is_meant);
    let own: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let site = Site { backend: &**backend, is_here: &is_here };
    drift.leave_over(site, &own, &AppliedSql::read(work.graph, &applied, site))?;
    Ok(drift)
}

impl Drift {
    /// Compares words first, and has the database say in its own what differs by them.
    async fn compare(
        &mut self,
        backend: &dyn Backend,
        connection: &mut dyn crate::backends::base::Connection,
        tables: &[Table],
    ) -> Result<()> {
        let made = self.state.models().filter(|model| model.is_managed());
        let models: BTreeSet<String> = made.map(|model| model.table()).collect();
        let keys: BTreeSet<(&str, &str)> = tables.iter().flat_map(keys_of).collect();
        let tables_there = self.live.tables.iter().filter(|table| !table.relation.is_view());
        let found: BTreeMap<&str, LiveTable> =
            tables_there.map(|table| (table.name.as_str(), sayable(table, &models, &keys))).collect();
        let there = |name: &str| found.get(name).map_or(&[][..], std::slice::from_ref);
        let mut open: Vec<&Table> = Vec::new();
        let mut said = BTreeMap::new();
        for table in tables {
            let wanted = expected(backend, table)?;
            let other = there(&table.name);
            let different = differences(backend, &[wanted], other);
            if different.is_empty() {
                continue;
            }
            if !other.is_empty() && backend.features().rewrites_sql {
                open.push(table);
            }
            said.insert(table.name.clone(), different);
        }
        if !open.is_empty() {
            match retold(backend, connection, &open).await {
                Ok(told) => {
                    for (table, told) in open.iter().zip(told) {
                        let told = [told];
                        let mut different = differences(backend, &told, there(&table.name));
                        if let (false, [found]) = (different.is_empty(), there(&table.name)) {
                            let found = respelled(backend, connection, table, found).await;
                            different = differences(backend, &told, &[found]);
                        }
                        said.insert(table.name.clone(), different);
                    }
                }
                Err(error) => self.by_words = Some(error.to_string()),
            }
        }
        self.differences = said.into_values().flatten().collect();
        Ok(())
    }

    /// Tables in no model: those with the label of an app in front are that app's, others are strangers.
    fn unknown(&mut self, tables: &[Table], work: Work<'_>, is_meant: &dyn Fn(&str) -> bool) {
        let known: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let unmanaged: BTreeSet<String> = self.state.models().map(|model| model.table()).collect();
        let apps = work.graph.apps();
        let unknown = self.live.tables.iter().filter(|table| {
            table.relation == Relation::Table
                && !known.contains(table.name.as_str())
                && !unmanaged.contains(&table.name)
                && !is_bookkeeping(&table.name)
        });
        for table in unknown {
            let owner = apps.iter().find(|app| is_of(app, &table.name));
            match owner {
                Some(app) if is_meant(app) => self.differences.push(Difference {
                    table: table.name.clone(),
                    part: Part::Table,
                    name: String::new(),
                    expected: None,
                    found: Some(
                        table.columns.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
                    ),
                }),
                Some(_) => {}
                None => self.strangers.push(table.name.clone()),
            }
        }
    }
}

impl Drift {
    /// Finds what no model can say: of the tables of models, and what belongs to no table.
    fn leave_over(&mut self, site: Site<'_>, own: &BTreeSet<&str>, sql: &AppliedSql) -> Result<()> {
        let is_own = |table: &LiveTable| own.contains(table.name.as_str());
        // No app: the models have their names, and these are looked at for what they leave out alone.
        let choice = Choice { app: "", is_meant: &is_own, known: &self.state, is_reserved: &|_| false };
        let of_tables = inspect(site.backend, &self.live, &choice)?.unsaid;
        let is_model = |table: &&LiveTable| self.state.models().any(|model| model.table() == table.name);
        let others = self.live.tables.iter().filter(|table| table.relation != Relation::Table);
        let others =
            others.filter(|table| !is_model(table)).flat_map(|table| Unsaid::of_relation(&self.live, table));
        self.unsaid = of_tables.into_iter().chain(others).filter(|one| !sql.says(&one.marks)).collect();
        self.unsaid.sort_by(|one, other| one.what.cmp(&other.what));
        Ok(())
    }
}

/// The table's name with each column for which a model makes a key.
fn keys_of(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    let columns = table.columns.iter().filter(|column| column.foreign_key.is_some());
    columns.map(|column| (table.name.as_str(), column.name.as_str()))
}

/// The table without what no model can say: keys of several columns, those that say more than a field can where the field makes
/// none, else what it leaves out of one; parts of texts in indexes, how rows are divided. `models`: tables that models make;
/// `keys`: those of models.
fn sayable(table: &LiveTable, models: &BTreeSet<String>, keys: &BTreeSet<(&str, &str)>) -> LiveTable {
    let mut table = LiveTable { unsaid: Vec::new(), options: Vec::new(), ..table.clone() };
    let columns = std::mem::take(&mut table.columns);
    let mut seen = BTreeSet::new();
    table.keys.retain(|key| {
        let column = columns.iter().find(|column| key.columns == [column.name.as_str()]);
        let is_field = column.is_some_and(|column| {
            let is_set = (column.null || !key.does("SET NULL"))
                && (column.default.is_some() || !key.does("SET DEFAULT"));
            column.generated.is_none() && is_set && seen.insert(column.name.clone())
        });
        let is_made = key.columns.iter().any(|column| keys.contains(&(table.name.as_str(), column.as_str())));
        let is_meant = is_made || (key.unsaid.is_empty() && models.contains(&key.table));
        is_field && is_meant && key.targets.len() == 1
    });
    table.keys.iter_mut().for_each(|key| key.unsaid.clear());
    table.columns = columns;
    table
}

/// Whether a table is called as those of an app are.
pub fn is_of(app: &str, table: &str) -> bool {
    table.strip_prefix(app).is_some_and(|rest| rest.starts_with('_'))
}

/// The tables of all models and many-to-many relations that migrations look after.
///
/// # Errors
/// [`Error::NoWay`] when a model makes no sense.
pub fn tables_of(
    backend: &dyn Backend,
    is_here: &dyn Fn(&str) -> bool,
    state: &ProjectState,
    is_meant: &dyn Fn(&str) -> bool,
) -> Result<Vec<Table>> {
    let tables = Tables { backend, is_here };
    let mut all = Vec::new();
    let is_own = |app: &str| is_here(app) && is_meant(app);
    for model in state.models().filter(|model| is_own(&model.app) && model.is_managed()) {
        let problem = |problem: String| Error::NoWay { what: model.label(), problem };
        all.push(tables.table(state, model).map_err(problem)?);
        for field in &model.fields {
            all.extend(tables.relation_table(state, model, field).map_err(problem)?);
        }
    }
    Ok(all)
}
