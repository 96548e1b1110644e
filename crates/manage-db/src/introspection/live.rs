//! Everything that a database holds.

use std::collections::BTreeMap;

use crate::Row;
use crate::backends::base::definition::{Definition, definition};
use crate::backends::base::live::{LiveColumn, LiveTable, Relation, Remain};
use crate::backends::base::tables::{Constraint, Index, IndexPart, Rule};
use crate::backends::base::{Backend, Connection, Said, Statement, Syntax, Value};
use crate::error::{Error, Result};

/// Everything that a database holds, but for what only reaches it otherwise, such as rights.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Tables and views, in the order in which the database tells them.
    pub tables: Vec<LiveTable>,
    /// What is neither a table nor a part of one that can be compared.
    pub remains: Vec<Remain>,
}

impl Live {
    /// The table called `name`.
    pub fn table(&self, name: &str) -> Option<&LiveTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// What is there, by a few queries; where the vendor tells a table by its text alone, by one more for each.
///
/// # Errors
/// Those of the queries.
pub async fn live(backend: &dyn Backend, connection: &mut dyn Connection) -> Result<Live> {
    chosen(backend, connection, &|_| true).await
}

/// As [`live`], of the tables that are meant.
pub(super) async fn chosen(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    is_meant: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Live> {
    let introspection = backend.introspection();
    let rows = connection.query(Statement { sql: introspection.objects, params: &[] }).await?;
    let mut said = Said::default();
    let mut builder = Builder { syntax: backend.script_rules().syntax, live: Live::default() };
    for row in rows {
        let mut object = Object::read(row)?;
        match object.what.as_str() {
            "database" => said.database = Some(object.name),
            "default collation" => said.collation = Some(object.name),
            "collation of tables" => said.of_tables = Some(object.name),
            _ if !object.table.is_empty() && !is_meant(&object.table) => {}
            _ => {
                object.complete(backend, connection).await?;
                builder.add(object);
            }
        }
    }
    let mut live = builder.live;
    live.tables.iter_mut().for_each(|table| (introspection.settle)(table, &said));
    live.remains.iter_mut().for_each(|remain| (introspection.settle_remain)(remain, &said));
    point_to_keys(&mut live.tables);
    Ok(live)
}

/// Reads the columns of views, which their own statements do not tell. One that is broken keeps none, and says why.
///
/// # Errors
/// [`Error::Connection`] and the like; not those of a view.
pub async fn view_columns(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    live: &mut Live,
) -> Result<()> {
    let introspection = backend.introspection();
    for view in live.tables.iter_mut().filter(|table| table.relation.is_view()) {
        let params = [Value::Text(view.name.clone())];
        let statement = Statement { sql: introspection.view_columns, params: &params };
        match connection.query(statement).await {
            Ok(rows) => {
                for mut row in rows {
                    let (name, type_name) = (row.take(0)?, row.take(1)?);
                    view.columns.push(LiveColumn { name, type_name, null: true, ..LiveColumn::default() });
                }
                (introspection.settle)(view, &Said::default());
                if view.columns.is_empty() {
                    view.remarks.push("its columns cannot be read".to_owned());
                }
            }
            Err(error @ Error::Statement { .. }) => {
                view.remarks.push(format!("its columns cannot be read: {error}"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A row of the query for everything.
struct Object {
    what: String,
    table: String,
    name: String,
    sql: Option<String>,
}

impl Object {
    fn read(mut row: Row) -> Result<Self> {
        Ok(Self { what: row.take(0)?, table: row.take(1)?, name: row.take(2)?, sql: row.take(3)? })
    }

    /// Asks for its text where the query did not tell it.
    async fn complete(&mut self, backend: &dyn Backend, connection: &mut dyn Connection) -> Result<()> {
        let texts = backend.introspection().texts;
        let Some((_, show, column)) = texts.iter().find(|(what, ..)| *what == self.what) else {
            return Ok(());
        };
        let sql = format!("{show} {}", backend.features().quote_name(&self.name));
        if let Some(mut row) =
            connection.query(Statement { sql: &sql, params: &[] }).await?.into_iter().next()
        {
            self.sql = row.take(*column)?;
        }
        Ok(())
    }
}

/// Puts together what belongs together.
pub(super) struct Builder {
    pub(super) syntax: Syntax,
    pub(super) live: Live,
}

impl Builder {
    fn add(&mut self, object: Object) {
        let Object { what, table, name, sql } = object;
        let sql = sql.unwrap_or_default();
        match (Relation::of_word(&what), what.as_str()) {
            (Some(Relation::Table | Relation::Partition | Relation::ForeignTable), _) => {
                let relation = Relation::of_word(&what).unwrap_or_default();
                let unread = LiveTable { name, sql: sql.clone(), ..LiveTable::default() };
                let read = match definition(&sql, self.syntax) {
                    Some(Definition::Table(read)) => *read,
                    _ => LiveTable { unsaid: vec![sql], ..unread },
                };
                self.live.tables.push(LiveTable { relation, ..read });
            }
            (Some(relation), _) => {
                self.live.tables.push(LiveTable { name, relation, sql, ..LiveTable::default() });
            }
            (None, "index") => self.index(&table, &name, sql),
            (None, "table comment" | "column comment") => self.comment(&table, &name, sql),
            _ => {
                let table = Some(table).filter(|table| !table.is_empty());
                self.live.remains.push(Remain { what, table, name, sql });
            }
        }
    }

    /// Reads a statement that somebody would run.
    pub(super) fn statement(&mut self, sql: &str) {
        match definition(sql, self.syntax) {
            Some(Definition::Table(table)) => self.live.tables.push(*table),
            Some(Definition::Index { table, .. }) => self.index(&table, "", sql.to_owned()),
            Some(Definition::Comment { table, column, text }) => {
                self.comment(&table, column.as_deref().unwrap_or_default(), text);
            }
            None => {}
        }
    }

    fn index(&mut self, table: &str, name: &str, sql: String) {
        let index = match definition(&sql, self.syntax) {
            Some(Definition::Index { index, .. }) => index,
            _ => None,
        };
        let found = self.live.tables.iter_mut().find(|one| one.name == table);
        let constraint = index.as_ref().filter(|index| index.unique).map(as_constraint);
        match (index, constraint, found) {
            (Some(_), Some(Some(constraint)), Some(table)) => {
                table.constraints.push(constraint);
                table.index_sql.push(sql);
            }
            (Some(index), None, Some(table)) => {
                table.indexes.push(index);
                table.index_sql.push(sql);
            }
            (_, _, _) => self.remain_index(table, name, sql),
        }
    }

    fn remain_index(&mut self, table: &str, name: &str, sql: String) {
        let (what, table) = ("index".to_owned(), Some(table.to_owned()));
        self.live.remains.push(Remain { what, table, name: name.to_owned(), sql });
    }

    fn comment(&mut self, table: &str, column: &str, text: String) {
        let Some(table) = self.live.tables.iter_mut().find(|one| one.name == table) else { return };
        match column {
            "" => table.comment = Some(text),
            name => {
                let column = table.columns.iter_mut().find(|column| column.name == name);
                column.into_iter().for_each(|column| column.comment = Some(text.clone()));
            }
        }
    }
}

/// A unique index as the constraint that demands the same; none where it demands more than a constraint can.
fn as_constraint(index: &Index) -> Option<Constraint> {
    let column = |part: &IndexPart| match part {
        IndexPart::Column { name, descending: false, opclass: None } => Some(name.clone()),
        _ => None,
    };
    let is_plain = index.include.is_empty() && index.method.is_none();
    let columns = index.parts.iter().map(column).collect::<Option<Vec<_>>>().filter(|_| is_plain)?;
    let condition = index.condition.clone();
    let rule = Rule::Unique { columns, condition, deferrable: false, nulls_distinct: true };
    Some(Constraint { name: index.name.clone(), rule })
}

/// Keys that name no column point to the primary key; a table is found in another case than its own where there is none of the
/// very name.
pub(super) fn point_to_keys(tables: &mut [LiveTable]) {
    let keys: BTreeMap<String, Vec<String>> =
        tables.iter().map(|table| (table.name.clone(), table.primary_key.clone())).collect();
    for key in tables.iter_mut().flat_map(|table| &mut table.keys) {
        if !keys.contains_key(&key.table) {
            let own = keys.keys().find(|name| name.eq_ignore_ascii_case(&key.table));
            own.into_iter().for_each(|own| key.table.clone_from(own));
        }
        let Some(columns) = keys.get(&key.table) else { continue };
        if key.targets.is_empty() {
            key.targets.clone_from(columns);
        }
        for target in &mut key.targets {
            let own = columns.iter().find(|column| column.eq_ignore_ascii_case(target));
            own.into_iter().for_each(|own| target.clone_from(own));
        }
    }
}
