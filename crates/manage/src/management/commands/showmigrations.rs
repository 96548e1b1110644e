use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use crate::db::migrations::recorder::is_edited;
use crate::db::migrations::{self, Graph, Migration, Session, load};
use crate::db::{self, Homes, Router};
use crate::management::databases::show_doubles;
use crate::management::{BaseCommand, CommandResult, Format, Group, Manage, Output, Style, block_on};
use crate::setup::Project;
use crate::timezone;

/// List migrations and which databases have applied them
///
/// As JSON: `{"databases": [{"alias": "default", "migrations": [{"app": "blog", "name": "0001_initial", "state":
/// "applied", "applied_at": "2026-03-04T15:04:05Z", "depends": ["auth.0001_initial"]}]}]}`. States are `applied`,
/// `pending`, `half done`, `missing file` and `edited`. A database that does not answer has `error` instead of
/// `migrations`; the exit status is 5 then.
#[derive(Debug, Args)]
pub(super) struct ShowMigrations {
    /// Labels of the apps to show, instead of all
    #[arg(id = "app_label", value_name = "APP_LABEL")]
    app_labels: Vec<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Group by app (this is the default)
    #[arg(short, long, conflicts_with = "plan")]
    list: bool,
    /// In the order in which they run
    #[arg(short, long)]
    plan: bool,
    /// How to show them; `plain` is Django's list
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// One migration on one database.
struct Line {
    app: String,
    name: String,
    state: &'static str,
    applied_at: Option<jiff::Timestamp>,
    depends: Vec<String>,
}

impl Line {
    fn is_applied(&self) -> bool {
        !matches!(self.state, PENDING | HALF_DONE)
    }
}

const APPLIED: &str = "applied";
const PENDING: &str = "pending";
const MISSING: &str = "missing file";
const EDITED: &str = "edited";
const HALF_DONE: &str = "half done";

/// A database with its migrations, or why it cannot be asked.
struct Shown {
    alias: String,
    lines: Result<Vec<Line>, db::Error>,
}

impl BaseCommand for ShowMigrations {
    const NAME: &'static str = "showmigrations";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        self.app_labels.iter().try_for_each(|app| graph.check_app(app))?;
        let homes = block_on(async { Ok(Homes::look_at(&project.connections, &self.databases).await?) })?;
        show_doubles(&homes, out)?;
        let router = homes.router(&project.router);
        let databases = block_on(self.read(project, &graph, &homes, &router))?;
        match self.format {
            Format::Json => show_json(out, &databases)?,
            Format::Plain => self.show_plain(out, &graph, &router, &databases)?,
            Format::Table => show_table(out, &databases)?,
        }
        let away = databases.into_iter().find_map(|database| database.lines.err());
        away.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl ShowMigrations {
    /// The migrations of each database, in the order in which they were named, `default` first.
    async fn read(
        &self,
        project: &Project,
        graph: &Graph,
        homes: &Homes,
        router: &Router,
    ) -> CommandResult<Vec<Shown>> {
        let mut aliases = self.databases.clone();
        if aliases.is_empty() {
            aliases = project.connections.primaries().into_iter().map(str::to_owned).collect();
        }
        let mut databases: Vec<Shown> = Vec::new();
        for alias in aliases.iter().map(|alias| homes.of(alias)) {
            if databases.iter().any(|shown| shown.alias == alias) {
                continue;
            }
            let lines = match Session::open(project.connections.backend(alias)?).await {
                Ok(session) => Ok(self.lines(router, graph, &session)),
                Err(migrations::Error::Database(error @ db::Error::Connect { .. })) => Err(error),
                Err(error) => return Err(error.into()),
            };
            databases.push(Shown { alias: alias.to_owned(), lines });
        }
        Ok(databases)
    }

    fn is_shown(&self, app: &str) -> bool {
        self.app_labels.is_empty() || self.app_labels.iter().any(|label| label == app)
    }

    /// The migrations of the apps that live on a database, and those it remembers though their files are gone.
    fn lines(&self, router: &Router, graph: &Graph, session: &Session) -> Vec<Line> {
        let lives = |app: &str| router.allow_migrate(session.alias(), app) && self.is_shown(app);
        let mut lines: Vec<Line> = graph
            .migrations()
            .filter(|migration| lives(&migration.key.app))
            .map(|migration| line(graph, migration, session))
            .collect();
        for applied in &session.history.applied {
            let Some(key) = &applied.key else { continue };
            let is_ours = graph.apps().contains(&key.app) && self.is_shown(&key.app);
            if is_ours && graph.get(key).is_none() {
                let (app, name) = (key.app.clone(), key.name.clone());
                let applied_at = applied.applied_on;
                lines.push(Line { app, name, state: MISSING, applied_at, depends: Vec::new() });
            }
        }
        if !self.plan {
            lines.sort_by(|a, b| a.app.cmp(&b.app));
        }
        lines
    }

    fn show_plain(
        &self,
        out: &mut Output,
        graph: &Graph,
        router: &Router,
        databases: &[Shown],
    ) -> CommandResult {
        for Shown { alias, lines } in databases {
            if databases.len() > 1 {
                let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
                out.line(heading)?;
            }
            let Ok(lines) = lines else {
                out.line(" (does not answer)")?;
                continue;
            };
            if self.plan {
                lines.iter().try_for_each(|line| show_planned(out, line))?;
                continue;
            }
            let empty = graph.apps().iter().filter(|app| {
                self.is_shown(app) && router.allow_migrate(alias, app) && graph.of_app(app).next().is_none()
            });
            let mut apps: BTreeSet<&str> = empty.map(String::as_str).collect();
            apps.extend(lines.iter().map(|line| line.app.as_str()));
            for app in apps {
                show_app(out, app, lines)?;
            }
        }
        Ok(())
    }
}

fn line(graph: &Graph, migration: &Migration, session: &Session) -> Line {
    let applied = session.history.get(&migration.key);
    let dialect = session.backend().features().dialect;
    let is_begun = session.history.journal.keys().any(|key| key.version == migration.version());
    Line {
        app: migration.key.app.clone(),
        name: migration.key.name.clone(),
        state: match applied {
            None if is_begun => HALF_DONE,
            None => PENDING,
            Some(applied) if is_edited(migration, applied, dialect) => EDITED,
            Some(_) => APPLIED,
        },
        applied_at: applied.and_then(|applied| applied.applied_on),
        depends: graph.parents(&migration.key).map(|parent| parent.key.to_string()).collect(),
    }
}

fn show_app(out: &mut Output, app: &str, lines: &[Line]) -> CommandResult {
    let label = out.styled(Style::Label, app);
    out.line(label)?;
    let mut is_empty = true;
    for line in lines.iter().filter(|line| line.app == app) {
        is_empty = false;
        let mark = if line.is_applied() { "X" } else { " " };
        let when = line.applied_at.filter(|_| out.verbosity() > 1);
        let when = when.map(|when| format!(" (applied at {})", timezone::plain(when))).unwrap_or_default();
        let state = if matches!(line.state, MISSING | EDITED | HALF_DONE) {
            format!(" ({})", line.state)
        } else {
            String::new()
        };
        out.line(format!(" [{mark}] {}{when}{state}", line.name))?;
    }
    if is_empty {
        out.line(" (no migrations)")?;
    }
    Ok(())
}

fn show_planned(out: &mut Output, line: &Line) -> CommandResult {
    let mark = if line.is_applied() { "X" } else { " " };
    let depends = if out.verbosity() > 1 && !line.depends.is_empty() {
        format!(" ... ({})", line.depends.join(", "))
    } else {
        String::new()
    };
    Ok(out.line(format!("[{mark}]  {}.{}{depends}", line.app, line.name))?)
}

fn show_table(out: &mut Output, databases: &[Shown]) -> CommandResult {
    let mut rows = Vec::new();
    for Shown { alias, lines } in databases {
        for line in lines.iter().flatten() {
            rows.push(vec![
                line.app.clone(),
                line.name.clone(),
                alias.clone(),
                line.applied_at.map(timezone::plain).unwrap_or_default(),
                line.state.to_owned(),
            ]);
        }
    }
    if rows.is_empty() {
        return Ok(out.status("No migrations.")?);
    }
    Ok(out.table(&["App", "Migration", "Database", "Applied at", "State"], rows)?)
}

fn show_json(out: &mut Output, databases: &[Shown]) -> CommandResult {
    let migration = |line: &Line| {
        json!({
            "app": line.app,
            "name": line.name,
            "state": line.state,
            "applied_at": line.applied_at.map(timezone::iso),
            "depends": line.depends,
        })
    };
    let databases: Vec<serde_json::Value> = databases
        .iter()
        .map(|Shown { alias, lines }| match lines {
            Ok(lines) => {
                json!({ "alias": alias, "migrations": lines.iter().map(migration).collect::<Vec<_>>() })
            }
            Err(error) => json!({ "alias": alias, "error": error.to_string() }),
        })
        .collect();
    Ok(out.json(&json!({ "databases": databases }))?)
}
