use clap::Args;

use super::desk::{self, LockArgs, ProfileArgs};
use super::renew::{self, Fate};
use super::trust::{self, StoreArgs};
use crate::certificates::issued::Index;
use crate::certificates::truststores::{self, Outcome};
use crate::certificates::{Authority, Constraints, Home, Locked, Name, Profile, Subtree};
use crate::management::{CommandResult, Format, Manage, Output};
use crate::timezone;

/// Make a new authority beside the old one, and renew what was issued
///
/// The new authority may sign for what the old one may, and for what --permit adds. It is put into the trust stores
/// when the old one is in one of them. The old one stays trusted, so that programs that run go on; --finish takes it out of
/// the stores and deletes it with its key.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Take the authorities that were replaced out of the stores and delete them
    #[arg(long, conflicts_with_all = ["permit", "unconstrained"])]
    finish: bool,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    lock: LockArgs,
}

/// The profile, with the names of what was issued: all of it is to be renewed.
fn with_names(mut profile: Profile, index: &Index) -> Profile {
    let private = Constraints::private(&profile.permit);
    let names = index.certificates.iter().flat_map(|issued| &issued.names);
    let beyond = names.filter(|name| Name::parse(name).is_ok_and(|name| !private.allow(&name)));
    profile.permit.extend(beyond.filter_map(|name| Subtree::parse(name.trim_start_matches("*.")).ok()));
    profile
}

impl Rotate {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        out.outlive_pipe();
        let folder = desk::folder(manage, Home::Manage)?;
        desk::existing(&folder)?;
        let folder = folder.lock()?;
        match self.finish {
            true => self.finish(&folder, out),
            false => self.rotate(manage, &folder, out),
        }
    }

    fn rotate(&self, manage: &Manage, folder: &Locked<'_>, out: &mut Output) -> CommandResult {
        let kinds = self.stores.kinds()?;
        let profile = desk::profile(manage, &self.profile)?;
        let old = Authority::open(folder)?.map_or_else(|| desk::existing(folder), Ok)?;
        let index = Index::read(folder)?;
        let profile = with_names(profile, &index);
        let new = old.rotate(folder, &profile)?;
        let until = timezone::iso_date(new.facts.not_after);
        out.status(format!("Made a new local authority in {}, until {until}.", folder.path().display()))?;

        let machine = trust::machine(folder.person(), out);
        let was_trusted = truststores::status(&machine, kinds.as_deref(), &trust::anchor(&old))
            .iter()
            .any(|report| matches!(report.outcome, Outcome::AlreadyThere));
        let installed = match was_trusted {
            true => {
                let reports = truststores::install(&machine, kinds.as_deref(), &trust::anchor(&new));
                trust::show(&reports, self.stores.format, out)
            }
            false => Ok(()),
        };
        let now = timezone::now();
        let chosen = index.certificates.iter().map(|issued| match renew::fate(issued, true, now) {
            Fate::Renewed if !issued.files().any(std::path::Path::exists) => (issued.clone(), Fate::Missing),
            fate => (issued.clone(), fate),
        });
        let results = renew::renew(folder, &new, chosen.collect(), &self.lock, out)?;
        if self.stores.format != Format::Json {
            renew::show(&results, self.stores.format, out)?;
        }
        out.status("When nothing uses the old authority any more: manage cert rotate --finish")?;
        installed
    }

    fn finish(&self, folder: &Locked<'_>, out: &mut Output) -> CommandResult {
        let kinds = self.stores.kinds()?;
        let machine = trust::machine(folder.person(), out);
        let rotated = Authority::rotated(folder)?;
        if rotated.is_empty() {
            return Ok(out.status("No authority waits to be forgotten.")?);
        }
        for old in rotated {
            let reports = truststores::uninstall(&machine, kinds.as_deref(), Some(&trust::anchor(&old)));
            // An authority that is still trusted somewhere must not lose its certificate.
            trust::show(&reports, self.stores.format, out)?;
            old.forget()?;
            out.status(format!("Deleted {}.", old.facts.subject))?;
        }
        Ok(())
    }
}
