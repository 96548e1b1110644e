//! Puts an authority into every store, and takes it out of every store.

use std::fmt::{self, Display};

use super::machine::Machine;
use super::search::{Purpose, stores};
use super::store::{Anchor, Entry, Found, Kind, TrustStore};
use crate::{Error, Result};

/// What came of one store.
#[derive(Debug)]
pub struct Report {
    /// What kind of store it is.
    pub kind: Kind,
    /// Where it is, as people are told.
    pub place: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What can come of a store.
#[derive(Debug)]
pub enum Outcome {
    /// It trusts the authority now, which was read back.
    Installed,
    /// It trusted the authority before.
    AlreadyThere,
    /// The authority is out of it, which was read back.
    Removed,
    /// The authority was not in it.
    NotThere,
    /// It was left alone, and why.
    Skipped(String),
    /// It could not be read or changed; the hints say what to do.
    Failed(Error),
}

impl Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installed => out.write_str("installed"),
            Self::AlreadyThere => out.write_str("already there"),
            Self::Removed => out.write_str("removed"),
            Self::NotThere => out.write_str("not there"),
            Self::Skipped(reason) => write!(out, "skipped: {reason}"),
            Self::Failed(error) => write!(out, "failed: {}", error.with_cause()),
        }
    }
}

/// Puts an authority into every store of the chosen kinds.
pub fn install(machine: &Machine, chosen: Option<&[Kind]>, anchor: &Anchor) -> Vec<Report> {
    each(stores(machine, chosen, Purpose::Install), |store| install_into(store, anchor))
}

/// Looks into every store of the chosen kinds, without a change.
pub fn status(machine: &Machine, chosen: Option<&[Kind]>, anchor: &Anchor) -> Vec<Report> {
    let look = |store: &dyn TrustStore| {
        let is_there = trusts(store, anchor)?;
        Ok(if is_there { Outcome::AlreadyThere } else { Outcome::NotThere })
    };
    each(stores(machine, chosen, Purpose::Uninstall), look)
}

/// Takes authorities out of every store of the chosen kinds.
///
/// Without any, when their folder is gone, everything goes that this program has put there.
pub fn uninstall<'a>(
    machine: &Machine,
    chosen: Option<&[Kind]>,
    anchors: impl IntoIterator<Item = &'a Anchor>,
) -> Vec<Report> {
    let anchors: Vec<&Anchor> = anchors.into_iter().collect();
    each(stores(machine, chosen, Purpose::Uninstall), |store| uninstall_from(store, &anchors))
}

fn each(found: Vec<Found<'_>>, work: impl Fn(&dyn TrustStore) -> Result<Outcome>) -> Vec<Report> {
    let report = |found| match found {
        Found::Skipped { kind, place, reason } => Report { kind, place, outcome: Outcome::Skipped(reason) },
        Found::Store(store) => Report {
            kind: store.kind(),
            place: store.place(),
            outcome: work(store.as_ref()).unwrap_or_else(Outcome::Failed),
        },
    };
    found.into_iter().map(report).collect()
}

fn install_into(store: &dyn TrustStore, anchor: &Anchor) -> Result<Outcome> {
    if trusts(store, anchor)? {
        return Ok(Outcome::AlreadyThere);
    }
    store.add(anchor)?;
    if trusts(store, anchor)? {
        return Ok(Outcome::Installed);
    }
    let text = "everything went well, but the CA is not in the store that was read back";
    Err(Error::failed(text).hint(format!("look into {}", store.place())))
}

fn trusts(store: &dyn TrustStore, anchor: &Anchor) -> Result<bool> {
    Ok(store.entries()?.iter().any(|entry| entry.is_trusted && entry.der == anchor.der))
}

fn uninstall_from(store: &dyn TrustStore, anchors: &[&Anchor]) -> Result<Outcome> {
    let entries = meant(store, anchors)?;
    if entries.is_empty() {
        return Ok(Outcome::NotThere);
    }
    store.remove(&entries)?;
    match meant(store, anchors)?.first() {
        None => Ok(Outcome::Removed),
        Some(entry) => {
            Err(Error::failed(format_args!("`{}` is still in the store that was read back", entry.name)))
        }
    }
}

/// What is to go: the authorities under whatever name, or without any all that bears our name.
fn meant(store: &dyn TrustStore, anchors: &[&Anchor]) -> Result<Vec<Entry>> {
    let mut entries = store.entries()?;
    entries.retain(|entry| match anchors {
        [] => entry.is_ours(),
        anchors => anchors.iter().any(|anchor| anchor.der == entry.der),
    });
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A store in memory, which may lie about what it did.
    #[derive(Default)]
    struct Memory {
        entries: RefCell<Vec<Entry>>,
        is_deaf: bool,
        is_broken: bool,
    }

    impl TrustStore for Memory {
        fn kind(&self) -> Kind {
            Kind::System
        }

        fn place(&self) -> String {
            "memory".into()
        }

        fn entries(&self) -> Result<Vec<Entry>> {
            if self.is_broken { Err(Error::failed("broken")) } else { Ok(self.entries.borrow().clone()) }
        }

        fn add(&self, anchor: &Anchor) -> Result {
            if !self.is_deaf {
                self.entries.borrow_mut().push(entry(&anchor.label, &anchor.der));
            }
            Ok(())
        }

        fn remove(&self, entries: &[Entry]) -> Result {
            if !self.is_deaf {
                self.entries.borrow_mut().retain(|entry| !entries.contains(entry));
            }
            Ok(())
        }
    }

    fn entry(name: &str, der: &[u8]) -> Entry {
        Entry { name: name.to_owned(), der: der.to_owned(), is_trusted: true }
    }

    fn anchor() -> Anchor {
        Anchor::new(vec![1], "/ca/rootCA.pem".into())
    }

    fn said(outcome: Result<Outcome>) -> String {
        outcome.unwrap_or_else(Outcome::Failed).to_string()
    }

    #[test]
    fn an_authority_is_installed_once_and_removed_once() {
        let store = Memory::default();
        assert_eq!(said(install_into(&store, &anchor())), "installed");
        assert_eq!(said(install_into(&store, &anchor())), "already there");
        assert_eq!(store.entries.borrow().len(), 1);
        assert_eq!(said(uninstall_from(&store, &[&anchor()])), "removed");
        assert_eq!(said(uninstall_from(&store, &[&anchor()])), "not there");
    }

    #[test]
    fn an_authority_under_another_name_is_there_and_goes() {
        let store = Memory::default();
        store
            .entries
            .borrow_mut()
            .extend([entry("mkcert development CA 1", &[1]), entry("a company's", &[2])]);
        assert_eq!(said(install_into(&store, &anchor())), "already there");
        assert_eq!(said(uninstall_from(&store, &[&anchor()])), "removed");
        assert_eq!(*store.entries.borrow(), [entry("a company's", &[2])]);
    }

    #[test]
    fn a_file_that_no_client_believes_is_added_again() {
        let store = Memory::default();
        store.entries.borrow_mut().push(Entry { is_trusted: false, ..entry("manage-local-ca-1", &[1]) });
        assert_eq!(said(install_into(&store, &anchor())), "installed");
    }

    #[test]
    fn without_the_authority_all_that_bears_our_name_goes_and_nothing_else() {
        let store = Memory::default();
        let others = [entry("mkcert development CA 1", &[3]), entry("a company's", &[4])];
        store
            .entries
            .borrow_mut()
            .extend([entry("manage-local-ca-1", &[1]), entry("manage-local-ca-2", &[2])]);
        store.entries.borrow_mut().extend(others.clone());
        assert_eq!(said(uninstall_from(&store, &[])), "removed");
        assert_eq!(*store.entries.borrow(), others);
        assert_eq!(said(uninstall_from(&store, &[])), "not there");
    }

    #[test]
    fn a_store_that_only_says_so_is_a_failure() {
        let deaf = Memory { is_deaf: true, ..Memory::default() };
        let said_of_deaf = said(install_into(&deaf, &anchor()));
        assert_eq!(
            said_of_deaf,
            "failed: everything went well, but the CA is not in the store that was read back"
        );
        deaf.entries.borrow_mut().push(entry("x", &[1]));
        let said_of_deaf = said(uninstall_from(&deaf, &[&anchor()]));
        assert_eq!(said_of_deaf, "failed: `x` is still in the store that was read back");
        let broken = Memory { is_broken: true, ..Memory::default() };
        assert_eq!(said(install_into(&broken, &anchor())), "failed: broken");
    }
}
