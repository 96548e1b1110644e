use clap::Args;

use crate::conf::Address;
use crate::management::serving;
use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};

/// Serve the site until TERM or Ctrl-C
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on, such as 127.0.0.1:8000 or :8000; repeatable
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Vec<Address>,
    /// Threads that answer requests; 0: one per core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: Option<u16>,
}

impl BaseCommand for Serve {
    const NAME: &'static str = "serve";
    const GROUP: Group = Group::Serving;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let mut project = manage.new_project()?;
        if let Some(threads) = self.threads {
            project.settings.server.threads = threads.into();
        }
        serving::run(manage, project, &self.bind, out)
    }
}
