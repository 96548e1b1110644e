//! Which stores there are on a machine, and which of them are meant.

use super::machine::Machine;
use super::store::{Found, Kind, TrustStore};
use super::{chromium, firefox, java, macos, nss, system, windows};

/// What the stores are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An authority is to be put into them.
    Install,
    /// An authority is to be taken out of them.
    Uninstall,
}

/// The stores of the chosen kinds on this machine, in the order in which they are to be served.
///
/// The system comes first, for hooks may carry what it gets to Java. Without a choice these are all but the policy
/// files, which only stand in for databases that nothing can change. An authority is taken out of all.
pub(super) fn stores<'a>(machine: &'a Machine, chosen: Option<&[Kind]>, purpose: Purpose) -> Vec<Found<'a>> {
    let kinds = Kind::ALL.into_iter().filter(|kind| match chosen {
        Some(chosen) => chosen.contains(kind),
        None => *kind != Kind::Policies || purpose == Purpose::Uninstall || nss::certutil(machine).is_none(),
    });
    kinds.flat_map(|kind| of_kind(machine, kind, chosen.is_some())).collect()
}

fn of_kind(machine: &Machine, kind: Kind, is_named: bool) -> Vec<Found<'_>> {
    let found = match kind {
        Kind::System => systems(machine),
        Kind::Nss => nss::find(machine),
        Kind::Policies => policies(machine),
        Kind::Java => java::find(machine).into_iter().collect(),
    };
    // Who names a kind is told that there is none.
    if found.is_empty() && is_named {
        return vec![Found::skipped(kind, "-", "there is none on this machine")];
    }
    found
}

fn systems(machine: &Machine) -> Vec<Found<'_>> {
    if machine.system == "macos" {
        return vec![Found::store(macos::find(machine))];
    }
    let windows = windows::find(machine).map(Found::store);
    [system::find(machine)].into_iter().chain(windows).collect()
}

fn policies(machine: &Machine) -> Vec<Found<'_>> {
    // Elsewhere browsers read the system's store, and policies are not files.
    if machine.system != "linux" {
        return Vec::new();
    }
    let chromium = chromium::find(machine).into_iter().map(boxed);
    chromium.chain(firefox::find(machine).map(boxed)).collect()
}

fn boxed<'a>(store: impl TrustStore + 'a) -> Found<'a> {
    Found::store(store)
}
