//! `migrate`.

mod history;
mod show;

use clap::Args;

use crate::db::migrations::{Fake, Mode, Request, Target, Work, load, run};
use crate::management::checks::apps;
use crate::management::{
    BaseCommand, CommandError, CommandResult, Group, Manage, Output, PostMigrate, PreMigrate, block_on,
};
use crate::setup::Project;
use show::Show;

/// Apply migrations, or undo them, on every database
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Label of one app; what it depends on is applied too
    app_label: Option<String>,
    /// Last migration of the app to be applied, or a prefix that only it has; `zero` undoes all of the app
    #[arg(requires = "app_label")]
    migration_name: Option<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Exit with 4 if anything is to be done, and do nothing
    #[arg(long)]
    check: bool,
    /// Change the history alone, without running anything
    #[arg(long, conflicts_with = "fake_initial")]
    fake: bool,
    /// So for the first migrations of apps whose tables and columns exist already
    #[arg(long)]
    fake_initial: bool,
    /// Go on where migrations are applied whose files are missing
    #[arg(long)]
    allow_missing: bool,
    /// Forget what is half done: the next run begins with the first statement
    #[arg(long, help_heading = "The history", group = "amendment")]
    repair: bool,
    /// Take an edited file for the one that was applied; repeatable
    #[arg(long, value_name = "APP.NAME", help_heading = "The history", group = "amendment")]
    accept_edit: Vec<String>,
    /// Forget that a migration, or all of an app, is applied, without undoing it; repeatable
    #[arg(long, value_name = "APP[.NAME]", help_heading = "The history", group = "amendment")]
    forget: Vec<String>,
    /// Call an app otherwise, whose files were moved already; repeatable
    #[arg(long, value_name = "OLD=NEW", help_heading = "The history", group = "amendment")]
    rename_app: Vec<String>,
    /// Change the history without asking
    #[arg(long, requires = "amendment", help_heading = "The history")]
    yes: bool,
}

impl BaseCommand for Migrate {
    const NAME: &'static str = "migrate";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        for label in apps::uninstalled(project, &manage.installed) {
            let place = apps::folder(project, &label);
            out.warning(format!(
                "{place} is there, but no installed app has this label: nothing of it is applied"
            ))?;
        }
        let graph = load(&project.files, &project.apps)?;
        let amendments = self.amendments()?;
        if !amendments.is_empty() {
            return amendments.iter().try_for_each(|amendment| self.amend(project, &graph, amendment, out));
        }
        graph.check_conflicts()?;
        let target = Target::named(&graph, self.app_label.as_deref(), self.migration_name.as_deref())?;
        let request = Request {
            connections: &project.connections,
            work: Work { graph: &graph, router: &project.router, functions: &project.functions },
            target,
            aliases: self.databases.clone(),
            allow_missing: self.allow_missing,
            mode: if self.plan || self.check { Mode::Plan } else { Mode::Apply(self.fake_mode()) },
        };
        let is_run = request.mode != Mode::Plan;
        if is_run {
            tell(project, &PreMigrate { databases: self.databases.clone() })?;
        }
        let mut show = Show::new(out, &request, self.plan);
        let answer = block_on(async { Ok(run(&request, &mut |event| show.event(&event)).await?) });
        let number = show.end(answer)?;
        if is_run {
            tell(project, &PostMigrate { databases: self.databases.clone(), migrations: number })?;
        }
        if self.check && number > 0 { Err(CommandError::pending()) } else { Ok(()) }
    }
}

impl Migrate {
    fn fake_mode(&self) -> Fake {
        match (self.fake, self.fake_initial) {
            (true, _) => Fake::Yes,
            (false, true) => Fake::Initial,
            (false, false) => Fake::No,
        }
    }
}

/// Tells whoever asked for it; where nobody did, nothing is made for it.
fn tell<T: std::any::Any + Sync>(project: &Project, signal: &T) -> CommandResult {
    if !project.signals.has_receivers::<T>() {
        return Ok(());
    }
    block_on(async { Ok(project.signals.send(project, signal).await?) })
}
