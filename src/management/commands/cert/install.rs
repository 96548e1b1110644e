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
pub struct Install {
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
        let authority =
            desk::open_or_create(&Hosts::of(manage), &desk::lock(&folder, out)?, &self.profile, out)?;
        authority.check()?;
        let machine = trust::machine(folder.person(), out);
        let reports = truststores::install(&machine, kinds.as_deref(), &trust::anchor(&authority));
        trust::show(&reports, self.stores.format, out)?;
        self.stores.check_named(&reports)
    }
}
