use clap::Args;

use super::desk::{self, Hosts, ProfileArgs};
use super::trust::{self, StoreArgs};
use crate::certificates::{Home, truststores};
use crate::management::{CommandResult, Manage, Output};

/// Make the local authority once and have it trusted wherever a trust store is found
///
/// A new authority can sign only for private names (localhost, test, example, invalid, internal, local, home.arpa and
/// private addresses), the hosts of the project and those of --permit. Root's rights are asked for where a store needs
/// them, for single commands; without sudo, doas and pkexec those commands are printed. Exit status 0 when no store
/// that was found failed. As JSON: `{"stores": [{"store", "place", "result", "why"}]}`.
#[derive(Debug, Default, Args)]
pub(super) struct Install {
    #[command(flatten)]
    pub(super) stores: StoreArgs,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
    /// Whose folder.
    #[arg(skip)]
    pub(super) home: Home,
}

impl Install {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let kinds = self.stores.kinds()?;
        let folder = desk::folder(manage, self.home)?;
        // Held to the end: two runs that change a store at once undo each other's work.
        let folder = desk::lock(&folder, out)?;
        let mut authority = desk::open_or_draft(&Hosts::of(manage), &folder, &self.profile)?;
        if !authority.is_saved() {
            authority.save(&folder)?;
            desk::say_made("a local authority", &authority, out)?;
        }
        authority.check()?;
        let machine = trust::machine(folder.person(), out);
        let reports = truststores::install(&machine, kinds.as_deref(), &trust::anchor(&authority));
        trust::show(&reports, self.stores.format, out)?;
        self.stores.check_named(&reports)
    }
}
