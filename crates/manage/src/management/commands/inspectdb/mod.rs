//! `inspectdb`.

mod rust;
mod unsaid;

use std::collections::BTreeSet;

use clap::Args;

use crate::db::backends::base::BackendRef;
use crate::db::introspection::{self, Live, LiveTable, Relation};
use crate::db::migrations::inspector::{Choice, Unsaid, inspect};
use crate::db::migrations::{ProjectState, is_bookkeeping, tables_of, write_models};
use crate::db::{DEFAULT_ALIAS, Result};
use crate::management::names::check_app;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;

/// Write models of the tables that a database has
///
/// They make the same tables: write them to models/<app>.toml, run `makemigrations`, and `migrate --fake-initial` where the
/// tables are. What no model can say, such as triggers, stands as operations in a comment at the end. Tables that are models of
/// other apps here are left out unless they are named, and so are the histories of this and other tools.
#[derive(Debug, Args)]
pub(super) struct InspectDb {
    /// Names of tables or views, instead of all
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// The database to look at
    #[arg(long, value_name = "ALIAS", default_value = DEFAULT_ALIAS)]
    database: String,
    /// Label of the app that the models are for; otherwise the project's only one, or `app`
    #[arg(long, value_name = "LABEL")]
    app: Option<String>,
    /// Write models of the parts of divided tables as well
    #[arg(long)]
    include_partitions: bool,
    /// Write models of views as well
    #[arg(long)]
    include_views: bool,
    /// Write structs of Rust instead of a file of models
    #[arg(long)]
    rust: bool,
}

impl BaseCommand for InspectDb {
    const NAME: &'static str = "inspectdb";
    const GROUP: Group = Group::Databases;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project_to_be()?;
        let app = self.label(project)?;
        let backend = project.connections.backend(&self.database)?;
        let live = block_on(async { Ok(self.look(backend).await?) })?;
        self.check_names(&live)?;
        let known = known(project, &app, &self.database)?;
        let of_others: BTreeSet<String> = tables_of(&**backend, &|_| true, &known, &|_| true)?
            .into_iter()
            .map(|table| table.name)
            .collect();
        let is_meant = |table: &LiveTable| self.is_meant(table, &of_others);
        let is_reserved = |name: &str| self.rust && rust::is_reserved(name);
        let choice = Choice { app: &app, is_meant: &is_meant, known: &known, is_reserved: &is_reserved };
        let inspection = inspect(&**backend, &live, &choice)?;
        let text = match self.rust {
            true => rust::structs(&inspection.models),
            false => write_models(&inspection.models).map_err(CommandError::failed)?,
        };
        let mut unsaid = inspection.unsaid;
        unsaid.extend(self.passed_over(&live, &of_others));
        unsaid.sort_by_key(|one| one.stage);
        let is_empty = inspection.models.is_empty() && unsaid.is_empty();
        if is_empty {
            return Ok(out.status(format!("Database {} has no tables to write models of.", self.database))?);
        }
        out.part(text)?;
        out.part(unsaid::comment(&unsaid, if self.rust { "//" } else { "#" }))?;
        if let Some(sentence) = unsaid::sentence(&unsaid) {
            out.status(sentence)?;
        }
        Ok(())
    }
}

impl InspectDb {
    /// The app's label.
    fn label(&self, project: &Project) -> CommandResult<String> {
        let only = match project.apps.as_slice() {
            [only] => only.as_str(),
            _ => "app",
        };
        let label = self.app.as_deref().unwrap_or(only);
        check_app(label)?;
        Ok(label.to_owned())
    }

    async fn look(&self, backend: &BackendRef) -> Result<Live> {
        let mut connection = backend.connect_to_look().await?;
        let mut live = introspection::live(&**backend, &mut *connection).await?;
        let is_named = |table: &LiveTable| self.tables.contains(&table.name);
        if self.include_views || live.tables.iter().any(|table| table.relation.is_view() && is_named(table)) {
            introspection::view_columns(&**backend, &mut *connection, &mut live).await?;
        }
        Ok(live)
    }

    /// Refuses names of tables that are not there.
    fn check_names(&self, live: &Live) -> CommandResult {
        let Some(name) = self.tables.iter().find(|name| live.table(name).is_none()) else { return Ok(()) };
        let known: Vec<&str> = live.tables.iter().map(|table| table.name.as_str()).collect();
        let message = format!("database `{}` has no table `{name}`", self.database);
        Err(CommandError::unknown(message, name, &known))
    }

    fn is_meant(&self, table: &LiveTable, of_others: &BTreeSet<String>) -> bool {
        if table.relation.is_view() && table.columns.is_empty() {
            // Broken: it stands in the comment.
            return false;
        }
        if !self.tables.is_empty() {
            return self.tables.contains(&table.name);
        }
        let is_own = !is_bookkeeping(&table.name) && !of_others.contains(&table.name);
        is_own
            && match table.relation {
                Relation::Table => true,
                Relation::Partition | Relation::ForeignTable => self.include_partitions,
                Relation::View | Relation::MaterializedView => self.include_views,
                Relation::VirtualTable => false,
            }
    }

    /// Views and other relations of which no model is written.
    fn passed_over(&self, live: &Live, of_others: &BTreeSet<String>) -> Vec<Unsaid> {
        let is_passed = |table: &&LiveTable| {
            let is_wanted = self.tables.is_empty() || self.tables.contains(&table.name);
            table.relation != Relation::Table && is_wanted && !self.is_meant(table, of_others)
        };
        let passed = live.tables.iter().filter(is_passed);
        passed.flat_map(|table| Unsaid::of_relation(live, table)).collect()
    }
}

/// The models of all other apps that live on the database.
fn known(project: &Project, app: &str, alias: &str) -> CommandResult<ProjectState> {
    let mut state = ProjectState::default();
    let is_here = |other: &str| other != app && project.router.allow_migrate(alias, other);
    for model in project.models.iter().filter(|model| is_here(&model.app)) {
        state.add((**model).clone()).map_err(CommandError::failed)?;
    }
    // A model may point to one of the app that is looked at: its own tables are not needed then.
    Ok(state)
}
