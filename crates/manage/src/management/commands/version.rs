use clap::Args;

use crate::management::{BaseCommand, CommandResult, Group, Manage, Output};

/// Print the version
#[derive(Debug, Args)]
pub(super) struct Version;

impl BaseCommand for Version {
    const NAME: &'static str = "version";
    const GROUP: Group = Group::Project;

    fn handle(&self, _manage: &Manage, out: &mut Output) -> CommandResult {
        Ok(out.line(env!("CARGO_PKG_VERSION"))?)
    }
}
