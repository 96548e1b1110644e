use clap::Args;

use crate::db::migrations::{Migration, load, optimized};
use crate::management::applied::refuse_applied;
use crate::management::new_migrations::{Written, lock_project, refuse_embedded, save};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Write a migration with fewer operations, where they come to the same
///
/// The file is written anew, so comments in it are lost. One that a database has applied stays as it is.
#[derive(Debug, Args)]
pub(super) struct OptimizeMigration {
    /// Label of the app that owns the migration
    app_label: String,
    /// Its name, or a prefix that only it has
    migration_name: String,
    /// Write nothing, and exit with 1 if there is something to merge
    #[arg(long)]
    check: bool,
    /// Leave the comment at the top out
    #[arg(long)]
    no_header: bool,
}

impl BaseCommand for OptimizeMigration {
    const NAME: &'static str = "optimizemigration";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let _lock = lock_project(project)?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        let migration = graph.find(&self.app_label, &self.migration_name)?;
        let operations = migration.operations.iter().map(|located| located.operation.clone()).collect();
        let operations = optimized(&self.app_label, operations);
        let (before, after) = (migration.operations.len(), operations.len());
        if before == after {
            return Ok(out.line("No optimizations possible.")?);
        }
        out.line(format!("Optimizing from {before} operations to {after}."))?;
        if self.check {
            return Err(CommandError::silent());
        }
        refuse_embedded(project, [&**migration])?;
        let way_out =
            format!("undo it first: `manage migrate {}`, and the name of the one before it", self.app_label);
        refuse_applied(project, &[migration], &way_out)?;
        let shorter = Migration::with_operations(migration, operations);
        let written = Written::new(project, shorter, !self.no_header)?;
        save(project, &[written], &[&migration.path])?;
        Ok(out.line(format!("Optimized migration {}", migration.path))?)
    }
}
