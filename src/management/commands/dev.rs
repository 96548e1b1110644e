use clap::Args;

use crate::management::serving;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output, block_on};
use crate::servers::Address;
use crate::views::pending_migrations;

/// Make what is missing, then serve the site for development
#[derive(Debug, Args)]
pub struct Dev {
    /// Address to listen on, such as 127.0.0.1:8000 or :8000; repeatable
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Vec<Address>,
    /// Leave an empty blog empty
    #[arg(long)]
    no_seed: bool,
}

impl BaseCommand for Dev {
    const NAME: &'static str = "dev";
    const GROUP: Group = Group::Serving;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        serving::check_bind(manage.project()?, &self.bind)?;
        let pending = block_on(async { Ok(pending_migrations(manage.project()?).await?) })?;
        if pending.is_new && !pending.migrations.is_empty() {
            out.status("A new project: making its databases.")?;
            manage.call("migrate", &[], out)?;
            if !self.no_seed && manage.installed.commands.iter().any(|command| command.name == "seed") {
                manage.call("seed", &[], out)?;
            }
            out.flush()?;
        }
        let mut project = manage.new_project()?;
        project.settings.debug = true;
        serving::run(manage, project, &self.bind, out)
    }
}
