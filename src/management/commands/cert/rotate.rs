use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::desk::{self, Hosts, ProfileArgs};
use super::password::LockArgs;
use super::renew::{self, Fate, Planned};
use super::trust::{self, StoreArgs};
use crate::certificates::issued::{Index, Issued};
use crate::certificates::truststores::{self, Anchor, Kind, Outcome, Report};
use crate::certificates::{Authority, Constraints, Home, Locked, Name, Profile, Subtree};
use crate::management::{CommandError, CommandResult, Format, Manage, Output};
use crate::timezone;

/// Make a new authority beside the old one, and renew what was issued
///
/// The new authority may sign for what the old one may and for what --permit adds; one that may sign for everything is
/// followed by one for private names and those of what was issued, unless --unconstrained is given. It is put into the
/// trust stores when the old one is in one of them. The old one stays trusted, so that programs that run go on; --finish
/// takes it out of all stores and deletes it with its key. Nothing is changed when a certificate cannot be renewed.
///
/// As JSON: `{"stores": [{"store", "place", "result", "why"}], "certificates": [{"names", "file", "result", "why",
/// "not_after"}]}`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Take the authorities that were replaced out of the stores and delete them
    #[arg(long, conflicts_with_all = ["permit", "unconstrained"])]
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
        let planned = self.plan(folder, &old, &index, out)?;
        let new = old.rotate(folder, &profile)?;
        let until = timezone::iso_date(new.facts.not_after);
        out.status(format!("Made a new local authority in {}, until {until}.", folder.path().display()))?;

        let machine = trust::machine(folder.person(), out);
        let was_trusted = truststores::status(&machine, kinds, &trust::anchor(&old));
        let was_trusted = was_trusted.iter().any(|report| matches!(report.outcome, Outcome::AlreadyThere));
        let reports = match was_trusted {
            true => truststores::install(&machine, kinds, &trust::anchor(&new)),
            false => Vec::new(),
        };
        let results = renew::renew(folder, &new, planned, self.force, out)?;
        self.show(&reports, &results, out)?;
        out.status("When nothing uses the old authority any more: manage cert rotate --finish")?;
        trust::judge_failures(&reports)
    }

    /// The orders for all that was issued, passwords asked and every file looked at, before anything is changed.
    fn plan(
        &self,
        folder: &Locked<'_>,
        old: &Authority,
        index: &Index,
        out: &mut Output,
    ) -> CommandResult<Vec<Planned>> {
        let now = timezone::now();
        let chosen = index.certificates.iter().map(|issued| match renew::fate(issued, true, now) {
            // Who deleted all of a certificate's files does not want it back.
            Fate::Renewed if !issued.files().any(Path::exists) => (issued.clone(), Fate::Missing),
            fate => (issued.clone(), fate),
        });
        let planned = renew::plan(&self.lock, chosen.collect(), folder, out)?;
        // The old authority may sign for fewer names than the new one will: only the files are looked at.
        let checked = |one: Planned| one.checked_files(folder, old, index, self.force);
        let planned: Vec<Planned> = planned.into_iter().map(checked).collect();
        let fates: Vec<(Issued, Fate)> =
            planned.iter().map(|one| (one.issued.clone(), one.fate.clone())).collect();
        renew::judge(&fates).map_err(|error| error.hint("nothing was changed"))?;
        Ok(planned)
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
        let rotated = desk::existing_locked(folder)?.rotated();
        if rotated.is_empty() {
            out.status("No authority waits to be forgotten.")?;
        }
        let anchors: Vec<Anchor> = rotated.iter().map(trust::anchor).collect();
        let reports = match rotated.is_empty() {
            true => Vec::new(),
            false => truststores::uninstall(&machine, kinds, &anchors),
        };
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
