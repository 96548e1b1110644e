use clap::Args;

use super::desk;
use super::trust::{self, StoreArgs};
use crate::certificates::truststores::{self, Anchor};
use crate::certificates::{Authority, Home};
use crate::management::{CommandResult, Manage, Output};

/// Take the local authority out of every trust store
///
/// Its folder stays. When the folder is gone, or its certificate cannot be read, every authority goes that this program
/// has put into a store. As JSON: `{"stores": [{"store", "place", "result", "why"}]}`.
#[derive(Debug, Default, Args)]
pub(super) struct Uninstall {
    #[command(flatten)]
    pub(super) stores: StoreArgs,
    /// Whose folder.
    #[arg(skip)]
    pub(super) home: Home,
}

impl Uninstall {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let kinds = self.stores.kinds()?;
        let folder = desk::folder(manage, self.home)?;
        let machine = trust::machine(folder.person(), out);
        // Held to the end, as by `install`; a folder that is gone is not made for it.
        let _lock = folder.path().is_dir().then(|| desk::lock(&folder, out)).transpose();
        // A folder in a bad state must not keep an authority trusted.
        let found =
            Authority::find(&folder).or_else(|error| out.warning(error.to_string()).map(|()| None))?;
        let Some(authority) = found else {
            out.status(format!(
                "There is no local authority in {}: removing all that this program has installed.",
                folder.path().display()
            ))?;
            let reports = truststores::uninstall(&machine, kinds.as_deref(), None);
            return trust::show(&reports, self.stores.format, out);
        };
        let rotated = authority.rotated();
        let anchors: Vec<Anchor> = std::iter::once(&authority).chain(&rotated).map(trust::anchor).collect();
        let reports = truststores::uninstall(&machine, kinds.as_deref(), &anchors);
        trust::show(&reports, self.stores.format, out)
    }
}
