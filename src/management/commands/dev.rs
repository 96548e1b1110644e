use clap::Args;

use crate::management::serving;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};
use crate::servers::Address;

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
        let mut project = manage.new_project()?;
        project.settings.debug = true;
        serving::run(manage, project, &self.bind, out)
    }
}
