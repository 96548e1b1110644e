use std::path::PathBuf;

use clap::Args;

use super::desk;
use crate::certificates::issued::Index;
use crate::certificates::{Authority, Home};
use crate::management::{CommandResult, Manage, Output};
use crate::timezone;

/// Take over the authority of another folder, such as mkcert's
///
/// The folder holds `rootCA.pem` and `rootCA-key.pem`, with a key of P-256, P-384, RSA or Ed25519. It stays as it is; stores
/// that trust it trust the copy. `manage cert import "$(mkcert -CAROOT)"` brings over mkcert's.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The folder
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,
    /// When there is an authority already: keep it beside the new one, trusted as it is
    #[arg(long)]
    force: bool,
}

impl Import {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let folder = desk::folder(manage, Home::Manage)?;
        let from = desk::absolute(&self.folder)?;
        let folder = desk::lock(&folder, out)?;
        let authority = Authority::import(&folder, &from, self.force)?;
        let until = timezone::iso_date(authority.facts.not_after);
        out.line(format!("Took over {}, until {until}.", authority.facts.subject))?;
        let listed = Index::read(&folder)?.certificates;
        if listed.iter().any(|issued| issued.authority != authority.facts.fingerprint) {
            out.status("Certificates of the authority before: `manage cert renew` makes them this one's.")?;
        }
        Ok(out.status("Is it trusted everywhere? `manage cert install` looks and adds what is missing.")?)
    }
}
