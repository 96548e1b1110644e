//! A run of `migrate` for programs: one JSON object at its end, or a line for each thing that happens.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::watcher::{Answer, Watcher};
use super::words::{Talk, talk};
use crate::db::migrations::program::Part;
use crate::db::migrations::{Event, Mode, Program, Site, Touched};
use crate::management::{CommandError, CommandResult, Output};

/// Collects what happens, or writes it at once.
pub(super) struct Report<'a> {
    out: &'a mut Output,
    is_plan: bool,
    /// Whether each event is a line of its own.
    is_lines: bool,
    databases: Vec<Map<String, Value>>,
    warnings: Vec<String>,
    /// What became of writing it.
    written: CommandResult,
}

impl<'a> Report<'a> {
    pub(super) fn new(out: &'a mut Output, mode: Mode, is_lines: bool) -> Self {
        let is_plan = matches!(mode, Mode::Plan(_));
        Self { out, is_plan, is_lines, databases: Vec::new(), warnings: Vec::new(), written: Ok(()) }
    }

    /// Writes a line, where lines are wanted.
    fn line(&mut self, event: &str, alias: Option<&str>, facts: Value) {
        if !self.is_lines || self.written.is_err() {
            return;
        }
        let mut line = Map::new();
        line.insert("event".to_owned(), event.into());
        line.extend(alias.map(|alias| ("database".to_owned(), alias.into())));
        if let Value::Object(facts) = facts {
            line.extend(facts);
        }
        let text = format!("{}\n", Value::Object(line));
        self.written = self.out.part(text).map_err(CommandError::from);
    }

    fn say(&mut self, event: &Event<'_>) {
        let (said, text) = match talk(event) {
            None => return,
            Some(Talk::Status(text)) => (self.out.status(&text), text),
            Some(Talk::Warning(text)) => (self.out.warning(&text), text),
        };
        // When stderr is closed it is still in the answer.
        drop(said);
        self.line("message", None, json!({ "message": text }));
        self.warnings.push(text);
    }

    fn begun(&mut self, site: &Site<'_>) {
        let state = if self.is_plan { "planned" } else { "pending" };
        let programs: Vec<Value> = programs(site, state);
        let facts = json!({
            "dialect": site.dialect,
            "direction": if site.plan.is_backwards { "backwards" } else { "forwards" },
            "migrations": programs,
        });
        self.line("database", Some(site.alias), facts.clone());
        let mut database = Map::new();
        database.insert("alias".to_owned(), site.alias.into());
        if let Value::Object(facts) = facts {
            database.extend(facts);
        }
        self.databases.push(database);
    }

    fn database(&mut self, alias: &str) -> Option<&mut Map<String, Value>> {
        self.databases.iter_mut().find(|database| database["alias"] == alias)
    }

    /// The migration of a database that is in hand: the first that was not finished.
    fn in_hand(&mut self, alias: &str) -> Option<&mut Value> {
        let migrations = self.database(alias)?.get_mut("migrations")?.as_array_mut()?;
        migrations.iter_mut().find(|migration| matches!(migration["state"].as_str(), Some("pending")))
    }

    fn finished(&mut self, alias: &str, state: &str, took: Duration, more: Value) {
        let milliseconds = (took.as_secs_f64() * 1e6).round() / 1e3;
        let mut facts = json!({ "state": state, "milliseconds": milliseconds });
        if let (Value::Object(facts), Value::Object(more)) = (&mut facts, more) {
            facts.extend(more);
        }
        let Some(migration) = self.in_hand(alias) else { return };
        if let (Value::Object(migration), Value::Object(facts)) = (&mut *migration, &facts) {
            migration.extend(facts.clone());
        }
        let (app, name) = (migration["app"].clone(), migration["name"].clone());
        if let Value::Object(facts) = &mut facts {
            facts.insert("app".to_owned(), app);
            facts.insert("name".to_owned(), name);
        }
        self.line("migration", Some(alias), facts);
    }

    /// What was applied is not any more.
    fn rolled_back(&mut self, alias: &str) {
        self.line("rolled back", Some(alias), json!({}));
        let Some(database) = self.database(alias) else { return };
        database.insert("rolled_back".to_owned(), true.into());
        let migrations = database.get_mut("migrations").and_then(Value::as_array_mut);
        for migration in migrations.into_iter().flatten().filter(|one| one["state"] != "failed") {
            migration["state"] = match migration["state"].as_str() {
                Some("pending") => "pending".into(),
                _ => "rolled back".into(),
            };
        }
    }

    fn dry_run(&mut self, alias: &str, touched: &[Touched]) {
        let tables: Vec<Value> = touched
            .iter()
            .map(|one| {
                let Touched { table, inserted, updated, deleted, lock } = one;
                json!({ "table": table, "inserted": inserted, "updated": updated, "deleted": deleted, "lock": lock })
            })
            .collect();
        self.line("touched", Some(alias), json!({ "touched": tables }));
        if let Some(database) = self.database(alias) {
            database.insert("touched".to_owned(), tables.into());
        }
    }
}

impl Watcher for Report<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.say(event);
        match event {
            Event::Database(site) => self.begun(site),
            Event::Finished { alias, is_faked, took, notes } => {
                let is_backwards = self.database(alias).is_some_and(|one| one["direction"] == "backwards");
                let state = match (is_faked, is_backwards) {
                    (true, _) => "faked",
                    (false, true) => "undone",
                    (false, false) => "applied",
                };
                self.finished(alias, state, *took, json!({ "notes": notes }));
            }
            Event::Failed { alias, took, error } => {
                self.finished(alias, "failed", *took, json!({ "error": with_causes(error) }));
            }
            Event::Away { alias, error } => {
                let error = with_causes(error);
                self.line("unreachable", Some(alias), json!({ "error": error }));
                let away = json!({ "alias": alias, "error": error });
                self.databases.extend(away.as_object().cloned());
            }
            Event::DryRun { alias, touched } => self.dry_run(alias, touched),
            Event::Progress { alias, done } => {
                self.line("progress", Some(alias), json!({ "rows": done.rows, "of": done.of }));
            }
            Event::RolledBack { alias } => self.rolled_back(alias),
            _ => {}
        }
    }

    fn end(mut self: Box<Self>, answer: Answer) -> CommandResult<usize> {
        let error = answer.as_ref().err().map(|error| {
            json!({ "message": format!("{:#}", error.source), "hints": error.hints, "exit_status": error.exit_status() })
        });
        let number = answer.as_ref().ok().copied();
        if self.is_lines {
            self.line("end", None, json!({ "migrations": number, "error": error }));
        } else {
            let whole = json!({
                "databases": self.databases,
                "messages": self.warnings,
                "migrations": number,
                "error": error,
            });
            self.written = self.out.json(&whole).map_err(CommandError::from);
        }
        let number = answer?;
        self.written?;
        Ok(number)
    }
}

fn programs(site: &Site<'_>, state: &str) -> Vec<Value> {
    let refused = |part: &Part| -> Vec<Value> {
        let found = site.refused.iter().filter(|finding| finding.place == part.place);
        found.map(|finding| json!({ "code": finding.rule.code, "text": finding.to_string() })).collect()
    };
    let written = |program: &Program| -> Vec<Value> {
        let sql = |part: &Part| -> Vec<String> {
            part.actions.iter().flat_map(|action| action.statements()).map(str::to_owned).collect()
        };
        let parts = program.parts.iter();
        let told = |part: &Part| {
            let mut told = json!({ "description": part.description, "sql": sql(part) });
            let refused = refused(part);
            if !refused.is_empty() {
                told["refused"] = refused.into();
            }
            told
        };
        parts.map(told).collect()
    };
    let programs = site.prepared.programs();
    programs
        .map(|(migration, program)| {
            json!({
                "app": migration.key.app,
                "name": migration.key.name,
                "state": state,
                "operations": written(program),
            })
        })
        .collect()
}

/// What went wrong and why, as the whole run's error has it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
