//! The operations that one comes to, and the phase of each.

use crate::migrations::operations::Operation;

/// The phases of a change, each a migration of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// What is new comes, open, and triggers.
    Ahead,
    /// The rows that are there get their values.
    Fill,
    /// Indexes, keys and rules are built while others write.
    Build,
    /// The new takes the place of the old.
    Swap,
    /// What holds from then on.
    Close,
    /// What programs of before needed goes.
    Contract,
}

impl Phase {
    pub(super) const ALL: [Self; 6] =
        [Self::Ahead, Self::Fill, Self::Build, Self::Swap, Self::Close, Self::Contract];
}

/// An operation and its phase.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub phase: Phase,
    pub operation: Operation,
}

/// What one operation comes to.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub entries: Vec<Entry>,
    /// The one behind it that is done with it.
    pub folds: Option<usize>,
}

impl Group {
    /// An operation that is done as it is.
    pub(super) fn plain(operation: Operation) -> Self {
        Self::default().with(Phase::Ahead, operation)
    }

    #[must_use]
    pub(super) fn with(mut self, phase: Phase, operation: Operation) -> Self {
        self.entries.push(Entry { phase, operation });
        self
    }

    #[must_use]
    pub(super) fn with_all(mut self, entries: impl IntoIterator<Item = (Phase, Operation)>) -> Self {
        self.entries.extend(entries.into_iter().map(|(phase, operation)| Entry { phase, operation }));
        self
    }

    /// The phases in which its operations may stand, the best first: one alone may have to wait for others, yet not longer
    /// than the programs that need it.
    pub(super) fn placings(&self) -> Vec<Vec<Phase>> {
        let own: Vec<Phase> = self.entries.iter().map(|entry| entry.phase).collect();
        let mut placings = vec![own.clone()];
        if let [phase] = own[..] {
            let later = |other: &Phase| *other > phase && *other < Phase::Contract;
            placings.extend(Phase::ALL.into_iter().filter(later).map(|phase| vec![phase]));
        }
        placings
    }
}
