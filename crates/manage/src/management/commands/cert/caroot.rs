use clap::Args;

use super::desk;
use crate::certificates::Home;
use crate::management::{CommandResult, Manage, Output};

/// Print the folder of the local authority
///
/// It is `$CAROOT` where that is set. Nothing is made.
#[derive(Debug, Default, Args)]
pub(super) struct Caroot {
    /// Whose folder.
    #[arg(skip)]
    pub(super) home: Home,
}

impl Caroot {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let folder = desk::folder(manage, self.home)?;
        Ok(out.line(folder.path().display().to_string())?)
    }
}
