use clap::Args;
use serde_json::{Value, json};

use super::desk::{self, Hosts, ProfileArgs};
use super::password::LockArgs;
use super::renew::{self, Fate};
use super::trust::{self, StoreArgs};
use crate::certificates::issued::{Index, Issued};
use crate::certificates::order::deliver_all;
use crate::certificates::truststores::{self, Anchor, Kind, Machine, Outcome, Report};
use crate::certificates::{Authority, Constraints, Folder, Home, Locked, Name, Profile, Subtree};
use crate::management::{CommandError, CommandResult, Format, Manage, Output};
use crate::text;

/// Make a new authority beside the old one, and renew what was issued
///
/// The new authority may sign for what the old one may and for what --permit adds; one that may sign for everything is
/// followed by one for private names and those of what was issued, unless --unconstrained is given. It is put into the
/// trust stores when the old one is in one of them. The old one stays trusted, so that programs that run go on; --finish
/// takes it out of all stores and deletes it with its key, unless something still needs it. Nothing is changed when it
/// is seen that a certificate cannot be renewed.
///
/// As JSON: `{"stores": [{"store", "place", "result", "why"}], "certificates": [{"names", "file", "result", "why",
/// "not_after"}]}`.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Take the authorities that were replaced out of the stores and delete them
    #[arg(long, conflicts_with_all = ["permit", "unconstrained", "force", "password_file", "legacy"])]
    finish: bool,
    /// Overwrite files of certificates that something else has written
    #[arg(long)]
    force: bool,
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
        let kinds = self.stores.kinds()?;
        let folder = desk::folder(manage, Home::Manage)?;
        desk::existing(&folder)?;
        let folder = desk::lock(&folder, out)?;
        match self.finish {
            true => self.finish(&folder, kinds.as_deref(), out),
            false => self.rotate(manage, &folder, kinds.as_deref(), out),
        }
    }

    fn rotate(
        &self,
        manage: &Manage,
        folder: &Locked<'_>,
        kinds: Option<&[Kind]>,
        out: &mut Output,
    ) -> CommandResult {
        let old = desk::existing_locked(folder)?;
        let index = Index::read(folder)?;
        let profile = with_names(desk::profile(&Hosts::of(manage), &self.profile)?, &index);
        let mut new = old.successor(&profile)?;
        let results = self.renew(folder, &old, &mut new, &index, out)?;
        desk::say_made("a new local authority", &new, out)?;

        let machine = trust::machine(folder.person(), out);
        let is_trusted = |old: &Authority| {
            let stores = truststores::status(&machine, kinds, &trust::anchor(old));
            stores.iter().any(|report| matches!(report.outcome, Outcome::AlreadyThere))
        };
        // Not the last one alone: a rotation that was killed may not have come to this.
        let reports = match new.rotated().iter().any(is_trusted) {
            true => truststores::install(&machine, kinds, &trust::anchor(&new)),
            false => Vec::new(),
        };
        self.show(&reports, &results, out)?;
        out.status("When nothing uses the old authority any more: manage cert rotate --finish")?;
        trust::judge_failures(&reports)
    }

    /// Renews all that was issued by `new`, which is saved then; or changes nothing.
    fn renew(
        &self,
        folder: &Locked<'_>,
        old: &Authority,
        new: &mut Authority,
        index: &Index,
        out: &mut Output,
    ) -> CommandResult<Vec<(Issued, Fate)>> {
        let unchanged = |error: CommandError| error.hint("nothing was changed");
        let chosen = index.certificates.iter().map(|issued| match renew::fate(issued, true, old) {
            // Who deleted all of a certificate's files does not want it back.
            Fate::Renewed if !issued.has_files() => (issued.clone(), Fate::Missing),
            fate => (issued.clone(), fate),
        });
        let planned = renew::plan(&self.lock, chosen.collect(), folder, out).map_err(unchanged)?;
        let (mut results, orders) = renew::apart(planned);
        renew::judge(&results).map_err(unchanged)?;
        let issued = deliver_all(folder, new, &orders, self.force).map_err(|error| match new.is_saved() {
            true => CommandError::from(error).hint("renew what is left: manage cert renew"),
            false => unchanged(error.into()),
        })?;
        let renewed = results.iter_mut().filter(|(_, fate)| *fate == Fate::Renewed);
        renewed.zip(issued).for_each(|((issued, _), new)| *issued = new);
        renew::forget(folder, &results)?;
        Ok(results)
    }

    fn show(&self, reports: &[Report], results: &[(Issued, Fate)], out: &mut Output) -> CommandResult {
        if self.stores.format == Format::Json {
            let stores: Vec<Value> = reports.iter().map(trust::to_json).collect();
            return Ok(out.json(&json!({ "stores": stores, "certificates": renew::to_json(results) }))?);
        }
        if !reports.is_empty() {
            trust::show_reports(reports, self.stores.format, out)?;
        }
        match results {
            [] => Ok(()),
            results => renew::show(results, self.stores.format, out),
        }
    }

    fn finish(&self, folder: &Locked<'_>, kinds: Option<&[Kind]>, out: &mut Output) -> CommandResult {
        let machine = trust::machine(folder.person(), out);
        let living = desk::existing_locked(folder)?;
        let rotated = living.rotated();
        if rotated.is_empty() {
            out.status("No authority waits to be forgotten.")?;
            return self.show(&[], &[], out);
        }
        check_unused(&rotated, &Index::read(folder)?, folder)?;
        check_succeeded(&machine, &living, &rotated)?;
        let anchors: Vec<Anchor> = rotated.iter().map(trust::anchor).collect();
        let reports = truststores::uninstall(&machine, kinds, &anchors);
        self.show(&reports, &[], out)?;
        trust::judge_failures(&reports)?;
        for (old, anchor) in rotated.iter().zip(&anchors) {
            // Without its certificate nothing could take it out of a store that was left out here.
            let everywhere = truststores::status(&machine, None, anchor);
            if let Some(report) =
                everywhere.iter().find(|report| matches!(report.outcome, Outcome::AlreadyThere))
            {
                return Err(CommandError::failed(format!(
                    "{} is still trusted in {}",
                    old.facts.subject, report.place
                ))
                .hint("take it out of all stores: manage cert rotate --finish, without --stores"));
            }
            old.forget()?;
            out.status(format!("Deleted {}.", old.facts.subject))?;
        }
        Ok(())
    }
}

/// Whether no certificate that was issued needs one of the authorities any more.
fn check_unused(rotated: &[Authority], index: &Index, folder: &Folder) -> CommandResult {
    let is_by_one = |issued: &Issued| rotated.iter().any(|old| old.facts.fingerprint == issued.authority);
    // A run that was killed lists what is not in its place yet: the files are another authority's then.
    let is_needed = |issued: &&Issued| {
        issued.has_files() && (is_by_one(issued) || !renew::belong_together(issued, folder))
    };
    let count = index.certificates.iter().filter(is_needed).count();
    if count == 0 {
        return Ok(());
    }
    let certificates = text::count(count, "certificate");
    Err(CommandError::failed(format!(
        "{certificates} of an authority that would be forgotten: nobody would trust it"
    ))
    .hint("make them the living one's first: manage cert renew"))
}

/// Whether the living authority is trusted wherever one of those is that it replaced.
fn check_succeeded(machine: &Machine, living: &Authority, rotated: &[Authority]) -> CommandResult {
    let trusting = |authority: &Authority| {
        let stores = truststores::status(machine, None, &trust::anchor(authority)).into_iter();
        stores.filter(|report| matches!(report.outcome, Outcome::AlreadyThere)).map(|report| report.place)
    };
    let now: Vec<String> = trusting(living).collect();
    match rotated.iter().flat_map(trusting).find(|place| !now.contains(place)) {
        None => Ok(()),
        Some(place) => Err(CommandError::failed(format!(
            "the living authority is not trusted in {place}, where one is that would be forgotten"
        ))
        .hint("have it trusted first: manage cert install")),
    }
}
