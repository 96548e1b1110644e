//! What undoes an applied migration, kept in the database: a program that does not have its file any more can still undo it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::action::{Action, ScriptStatement, ScriptStep};
use super::file_name::number_of;
use super::migration::{Key, Migration, Reference};
use super::place::Place;
use super::program::{Part, Program};
use super::recorder::{Applied, History, REVERSALS_TABLE};
use crate::backends::base::schema::{Several, Step};
use crate::backends::base::{BackendRef, Connection, Statement, Value};

/// Most rows that are written at once.
const ROWS: usize = 100;

/// The number of the form in which it is written. Programs that are older than what they read have to know that they are.
const FORM: u32 = 1;

/// The form in which it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    form: u32,
    depends: Vec<String>,
    atomic: bool,
    guarded: bool,
    parts: Vec<WrittenPart>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPart {
    description: String,
    actions: Vec<WrittenAction>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WrittenAction {
    Sql(String),
    Several { before: Option<String>, statements: Vec<String>, after: Option<String> },
    Script { statements: Vec<WrittenStatement>, is_transaction: bool, is_as_client: bool },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStatement {
    sql: String,
    rows: Option<String>,
    is_setting: bool,
    is_tame: bool,
}

/// What undoes a migration with these parents, as it is kept; none where that takes a function of an app.
pub(super) fn written<'a>(parents: impl Iterator<Item = &'a Key>, program: &Program) -> Option<String> {
    let mut parts = Vec::with_capacity(program.parts.len());
    for part in &program.parts {
        let actions = part.actions.iter().map(written_action).collect::<Option<_>>()?;
        parts.push(WrittenPart { description: part.description.clone(), actions });
    }
    let depends = parents.map(ToString::to_string).collect();
    let (atomic, guarded) = (program.is_atomic, program.guard.is_some());
    let written = Written { form: FORM, depends, atomic, guarded, parts };
    serde_json::to_string(&written).ok()
}

fn written_action(action: &Action) -> Option<WrittenAction> {
    Some(match action {
        Action::Step(Step::Sql(sql)) => WrittenAction::Sql(sql.clone()),
        Action::Step(Step::Several(several)) => {
            let Several { before, statements, after } = (**several).clone();
            WrittenAction::Several { before, statements, after }
        }
        Action::Script(step) => WrittenAction::Script {
            statements: step
                .statements
                .iter()
                .map(|statement| WrittenStatement {
                    sql: statement.sql.to_string(),
                    rows: statement.rows.as_ref().map(ToString::to_string),
                    is_setting: statement.is_setting,
                    is_tame: statement.is_tame,
                })
                .collect(),
            is_transaction: step.is_transaction,
            is_as_client: step.is_as_client,
        },
        Action::Fill(filling) => WrittenAction::Sql(filling.whole.clone()),
        Action::Function { .. } => return None,
    })
}

/// Writes what undoes the migrations that are about to be applied, before they are: version, checksum and what is kept of
/// each.
///
/// # Errors
/// Those of the statements.
pub(super) async fn keep(
    connection: &mut dyn Connection,
    table: &str,
    rows: &[(i64, String, String)],
) -> crate::Result<()> {
    for rows in rows.chunks(ROWS) {
        let marks = vec!["?"; rows.len()].join(", ");
        let versions: Vec<Value> = rows.iter().map(|(version, ..)| Value::Int(*version)).collect();
        let sql = format!("DELETE FROM {table} WHERE version IN ({marks})");
        connection.execute(Statement { sql: &sql, params: &versions }).await?;
        let marks = vec!["(?, ?, ?)"; rows.len()].join(", ");
        let params: Vec<Value> = rows
            .iter()
            .flat_map(|(version, checksum, body)| {
                [Value::Int(*version), Value::Text(checksum.clone()), Value::Text(body.clone())]
            })
            .collect();
        let sql = format!("INSERT INTO {table} (version, checksum, body) VALUES {marks}");
        connection.execute(Statement { sql: &sql, params: &params }).await?;
    }
    Ok(())
}

/// An applied migration without a file, with what the database keeps to undo it.
#[derive(Debug, Clone)]
pub struct Gone {
    /// Alias of the database.
    pub alias: String,
    /// It, without operations.
    pub migration: Arc<Migration>,
    /// What undoes it; none where nothing is kept.
    pub program: Option<Arc<Program>>,
}

/// The applied migrations of installed apps that have no file here, the last applied first.
///
/// # Errors
/// Those of the query.
pub(super) async fn gone(
    backend: &BackendRef,
    connection: &mut dyn Connection,
    history: &History,
    has_file: impl Fn(&Key) -> bool,
) -> crate::Result<Vec<Gone>> {
    let lacks_file = |applied: &&Applied| applied.key.as_ref().is_some_and(|key| !has_file(key));
    let mut rows: Vec<&Applied> = history.applied.iter().filter(lacks_file).collect();
    rows.sort_by_key(|applied| std::cmp::Reverse((applied.applied_on, applied.version)));
    let mut kept = BTreeMap::new();
    if !rows.is_empty() && history.tables.contains(REVERSALS_TABLE) {
        let sql =
            format!("SELECT version, checksum, body FROM {}", backend.features().quote_name(REVERSALS_TABLE));
        for mut row in connection.query(Statement { sql: &sql, params: &[] }).await? {
            kept.insert((row.take::<i64>(0)?, row.take::<String>(1)?), row.take::<String>(2)?);
        }
    }
    let found = rows.into_iter().filter_map(|applied| {
        let key = applied.key.clone()?;
        let body = kept.get(&(applied.version, applied.checksum.clone()));
        let written = body.and_then(|body| serde_json::from_str::<Written>(body).ok());
        Some(read(backend, &key, written.filter(|written| written.form == FORM)))
    });
    Ok(found.collect())
}

fn read(backend: &BackendRef, key: &Key, written: Option<Written>) -> Gone {
    let path = format!("{REVERSALS_TABLE} ({key})");
    let depends = written.iter().flat_map(|written| &written.depends);
    let depends = depends.filter_map(|name| name.split_once('.'));
    let migration = Migration {
        path: path.clone(),
        depends: depends.map(|(app, name)| Reference { key: Key::new(app, name), line: 1 }).collect(),
        atomic: written.as_ref().is_none_or(|written| written.atomic),
        ..Migration::new(key.clone(), number_of(&key.name).unwrap_or_default(), Vec::new())
    };
    let program = written.map(|written| Arc::new(program(backend, &path, written)));
    Gone { alias: backend.alias().to_owned(), migration: Arc::new(migration), program }
}

fn program(backend: &BackendRef, path: &str, written: Written) -> Program {
    let guard = backend.script_rules().guard.filter(|_| written.guarded);
    let parts = written.parts.into_iter().zip(1..).map(|(part, line)| {
        let place = Place::new(path, line);
        let actions = part.actions.into_iter().map(|action| read_action(action, &place)).collect();
        Part { description: part.description, place, actions, is_joined: false }
    });
    Program { parts: parts.collect(), guard, is_atomic: written.atomic, ..Program::empty() }
}

fn read_action(action: WrittenAction, place: &Place) -> Action {
    match action {
        WrittenAction::Sql(sql) => Action::Step(Step::Sql(sql)),
        WrittenAction::Several { before, statements, after } => {
            Action::Step(Step::Several(Box::new(Several { before, statements, after })))
        }
        WrittenAction::Script { statements, is_transaction, is_as_client } => {
            let statements = statements.into_iter().map(|statement| ScriptStatement {
                sql: statement.sql.into(),
                rows: statement.rows.map(|rows| Box::new(rows.into())),
                place: place.clone(),
                is_setting: statement.is_setting,
                is_tame: statement.is_tame,
            });
            Action::Script(ScriptStep { statements: statements.collect(), is_transaction, is_as_client })
        }
    }
}

/// Those of `gone` that have to be undone where everything of an app behind `number` is, and `victims`: what depends on one of
/// them, and on those again.
pub(super) fn victims<'a>(
    gone: &'a [Gone],
    app: &str,
    number: Option<u64>,
    victims: &BTreeSet<Key>,
) -> Vec<&'a Gone> {
    let is_behind = |one: &&Gone| {
        one.migration.key.app == app && number.is_none_or(|number| one.migration.number > number)
    };
    let key = |one: &Gone| one.migration.key.clone();
    let mut chosen: BTreeSet<Key> = victims.clone();
    chosen.extend(gone.iter().filter(is_behind).map(key));
    loop {
        let depends = |one: &&Gone| one.migration.depends.iter().any(|parent| chosen.contains(&parent.key));
        let more: Vec<Key> =
            gone.iter().filter(|one| !chosen.contains(&one.migration.key)).filter(depends).map(key).collect();
        if more.is_empty() {
            break;
        }
        chosen.extend(more);
    }
    dependants_first(gone.iter().filter(|one| chosen.contains(&one.migration.key)).collect())
}

/// In an order in which none comes behind what it depends on; otherwise as they are.
fn dependants_first(mut waiting: Vec<&Gone>) -> Vec<&Gone> {
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_needed = |one: &Gone| {
            let depends =
                |other: &&Gone| other.migration.depends.iter().any(|parent| parent.key == one.migration.key);
            waiting.iter().any(depends)
        };
        let next = waiting.iter().position(|one| !is_needed(one)).unwrap_or_default();
        order.push(waiting.remove(next));
    }
    order
}
