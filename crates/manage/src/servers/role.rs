//! Whether a process of `serve` is an arbiter of its own, a worker, or the successor of an arbiter.

use crate::conf::Environment;

/// The variable that tells.
const VARIABLE: &str = "MANAGE_SERVE_ROLE";

/// What another process of `serve` started this one for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// To answer requests.
    Worker,
    /// To be the arbiter after it.
    Successor,
}

impl Role {
    const ALL: [(Self, &'static str); 2] = [(Self::Worker, "worker"), (Self::Successor, "successor")];

    /// That of this process.
    pub(super) fn of(environment: &Environment) -> Option<Self> {
        let word = environment.get(VARIABLE)?;
        Self::ALL.into_iter().find(|(_, known)| *known == word).map(|(role, _)| role)
    }

    /// The variable that makes a process one.
    pub(super) fn variable(self) -> (&'static str, &'static str) {
        match self {
            Self::Worker => (VARIABLE, "worker"),
            Self::Successor => (VARIABLE, "successor"),
        }
    }
}
