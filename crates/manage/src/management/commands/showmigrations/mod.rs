//! `showmigrations`: what is read, and one file for each way to show it.

mod lines;

mod plain;
mod summary;
mod table;

mod below;
mod json;

use clap::Args;

use crate::db::Homes;
use crate::db::migrations::load;
use crate::management::databases::show_doubles;
use crate::management::{BaseCommand, CommandResult, Format, Group, Manage, Output, block_on};
use lines::{Reading, Shown};
use plain::Plain;
use table::Table;

/// List migrations and which databases have applied them
///
/// As JSON: `{"databases": [{"alias": "default", "migrations": [{"app": "blog", "name": "0001_initial", "state":
/// "applied", "applied_at": "2026-03-04T15:04:05Z", "depends": ["auth.0001_initial"]}]}], "summary": {"migrations": 1,
/// "applied": 1, "pending": 0, ...}}`. States are `applied`, `pending`, `half done`, `newer release`,
/// `missing file`, `edited` and `unreachable`; the summary counts all, also what `--pending` leaves out. A database that does not answer has `error`
/// instead of `migrations`; the exit status is 5 then.
#[derive(Debug, Args)]
pub(super) struct ShowMigrations {
    /// Labels of the apps to show, instead of all
    #[arg(id = "app_label", value_name = "APP_LABEL")]
    app_labels: Vec<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Only what is not applied, or not as its file is now
    #[arg(long)]
    pending: bool,
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

impl BaseCommand for ShowMigrations {
    const NAME: &'static str = "showmigrations";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        self.app_labels.iter().try_for_each(|app| graph.check_app(app))?;
        if let Err(conflict) = graph.check_conflicts() {
            out.warning(format!("{conflict}; `manage makemigrations --merge` joins them"))?;
        }
        let homes = block_on(async { Ok(Homes::look_at(&project.connections, &self.databases).await?) })?;
        show_doubles(&homes, out)?;
        let router = homes.router(&project.router);
        let (apps, is_plan) = (self.app_labels.as_slice(), self.plan);
        let reading = Reading { project, graph: &graph, homes: &homes, router: &router, apps, is_plan };
        let databases = block_on(reading.databases(&self.databases))?;
        databases.iter().flat_map(|shown| &shown.unexplained).try_for_each(|words| out.warning(words))?;
        match self.format {
            Format::Json => out.json(&json::json(&databases, self.pending))?,
            Format::Plain => self.show_plain(out, &reading, &databases)?,
            Format::Table => self.show_table(out, &databases)?,
        }
        if self.format != Format::Json {
            out.status(summary::sentence(&databases))?;
        }
        let away = databases.into_iter().find_map(|shown| shown.error);
        away.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl ShowMigrations {
    fn show_plain(&self, out: &mut Output, reading: &Reading<'_>, databases: &[Shown]) -> CommandResult {
        let (graph, router) = (reading.graph, reading.router);
        let is_empty = |alias: &str, app: &str| {
            !self.pending
                && reading.is_chosen(app)
                && router.allow_migrate(alias, app)
                && graph.of_app(app).next().is_none()
        };
        let plain = Plain { databases, is_plan: self.plan, is_pending: self.pending };
        plain.show(out, |alias| {
            graph.apps().iter().map(String::as_str).filter(|app| is_empty(alias, app)).collect()
        })
    }

    fn show_table(&self, out: &mut Output, databases: &[Shown]) -> CommandResult {
        let table = Table::new(databases, self.plan, self.pending);
        if !table.rows.is_empty() && !table.show(out)? {
            below::show(&table, out)?;
        }
        Ok(())
    }
}
