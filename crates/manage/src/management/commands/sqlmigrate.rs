use clap::Args;

use crate::db::backends::base::schema::Step;
use crate::db::migrations::action::{Action, ScriptStep};
use crate::db::migrations::program::Part;
use crate::db::migrations::{self, Work, compile, load};
use crate::db::{self, Homes};
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;

/// Print the SQL of a migration without running it
#[derive(Debug, Args)]
pub(super) struct SqlMigrate {
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
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        let migration = graph.find(&self.app_label, &self.migration_name)?;
        if let Some(located) = migration.irreversible().filter(|_| self.backwards) {
            let (place, operation) = (migration.place(located.line), located.operation.change().describe());
            return Err(migrations::Error::Irreversible {
                place: place.to_string(),
                migration: migration.key.to_string(),
                operation,
            }
            .into());
        }
        let homes = block_on(async { Ok(Homes::look(&project.connections).await?) })?;
        let router = homes.router(&project.router);
        let alias = self.alias(project, &homes)?;
        let backend = project.connections.backend(alias)?;
        if !router.allow_migrate(alias, &self.app_label) {
            let (app, aliases) = (self.app_label.clone(), vec![alias.to_owned()]);
            let homes = router.aliases(&app).map(str::to_owned).collect();
            return Err(migrations::Error::NotHere { app, aliases, homes }.into());
        }
        let work = Work { graph: &graph, router: &router, functions: &project.functions };
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

impl SqlMigrate {
    /// The alias that stands for the database whose dialect is written.
    fn alias<'a>(&'a self, project: &'a Project, homes: &'a Homes) -> CommandResult<&'a str> {
        let Some(alias) = &self.database else { return Ok(homes.of(project.router.alias(&self.app_label))) };
        match project.connections.original(alias)? {
            Some(original) => {
                Err(db::Error::Replica { alias: alias.clone(), original: original.to_owned() }.into())
            }
            None => Ok(homes.of(alias)),
        }
    }
}

fn show(out: &mut Output, part: &Part) -> CommandResult {
    out.line(format!("--\n-- {}\n--", part.description))?;
    match (part.is_joined, part.actions.is_empty()) {
        (true, _) => out.line("-- (together with another operation)")?,
        (false, true) => out.line("-- (no-op)")?,
        (false, false) => {}
    }
    for action in &part.actions {
        match action {
            Action::Step(step) => {
                step.statements().try_for_each(|sql| out.line(format!("{sql};")))?;
                if matches!(step, Step::Several(several) if several.after.is_some()) {
                    out.line("-- and again: triggers and indexes that were made by hand")?;
                }
            }
            Action::Script(step) => show_script(out, step)?,
            Action::Fill(filling) => {
                out.line(format!("-- {} rows at a time", filling.batch))?;
                out.line(format!("{};", filling.whole))?;
            }
            Action::Function { name, .. } => {
                out.line(format!("-- THIS OPERATION CANNOT BE WRITTEN AS SQL: function {name}"))?;
            }
        }
    }
    Ok(())
}

fn show_script(out: &mut Output, step: &ScriptStep) -> CommandResult {
    if step.is_transaction {
        out.line("BEGIN;")?;
    }
    for statement in &step.statements {
        out.line(format!("{};", statement.sql))?;
        if let Some(rows) = &statement.rows {
            out.line(format!("{rows}\\."))?;
        }
    }
    if step.is_transaction {
        out.line("COMMIT;")?;
    }
    Ok(())
}
