use clap::Args;

use crate::db::backends::base::schema::Step;
use crate::db::migrations::program::Part;
use crate::db::migrations::schema::Action;
use crate::db::migrations::{self, Work, compile, load};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Print the SQL of a migration without running it
#[derive(Debug, Args)]
pub struct SqlMigrate {
    /// Label of the app that owns the migration
    app_label: String,
    /// Its name, or a prefix that only it has
    migration_name: String,
    /// Print the SQL that undoes it
    #[arg(long)]
    backwards: bool,
    /// Database whose dialect to write
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
}

impl BaseCommand for SqlMigrate {
    const NAME: &'static str = "sqlmigrate";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let graph = load(&project.files, &project.apps)?;
        let migration = graph.find(&self.app_label, &self.migration_name)?;
        if let Some(located) = migration.irreversible().filter(|_| self.backwards) {
            let (place, operation) = (migration.place(located.line), located.operation.change().describe());
            return Err(migrations::Error::Irreversible {
                place,
                migration: migration.key.to_string(),
                operation,
            }
            .into());
        }
        let alias = match &self.database {
            Some(alias) => alias,
            None => project.router.alias(&self.app_label),
        };
        let backend = project.connections.backend(alias)?;
        if !project.router.allow_migrate(alias, &self.app_label) {
            let homes: Vec<&str> = project.router.aliases(&self.app_label).collect();
            let message = format!("app `{}` does not live on database `{alias}`", self.app_label);
            return Err(CommandError::usage(message).hint(format!("it lives on: {}", homes.join(", "))));
        }
        let work = Work { graph: &graph, router: &project.router, functions: &project.functions };
        let program = compile(work, backend, &migration.key, self.backwards)?;
        if program.parts.is_empty() {
            return Ok(out.status("No operations found.")?);
        }
        let is_whole = program.is_atomic && backend.features().can_rollback_ddl;
        for sql in program.guard.map_or(&[][..], |guard| guard.before) {
            out.line(format!("{sql};"))?;
        }
        if is_whole {
            out.line("BEGIN;")?;
        }
        program.parts.iter().try_for_each(|part| show(out, part))?;
        if is_whole {
            out.line("COMMIT;")?;
        }
        for sql in program.guard.map_or(&[][..], |guard| guard.after) {
            out.line(format!("{sql};"))?;
        }
        Ok(())
    }
}

fn show(out: &mut Output, part: &Part) -> CommandResult {
    out.line(format!("--\n-- {}\n--", part.description))?;
    if part.actions.is_empty() {
        out.line("-- (no-op)")?;
    }
    for action in &part.actions {
        match action {
            Action::Step(step) => {
                step.statements().try_for_each(|sql| out.line(format!("{sql};")))?;
                if let Step::Several { after: Some(_), .. } = step {
                    out.line("-- and again: triggers and indexes that were made by hand")?;
                }
            }
            Action::Function { name, .. } => {
                out.line(format!("-- THIS OPERATION CANNOT BE WRITTEN AS SQL: function {name}"))?;
            }
        }
    }
    Ok(())
}
