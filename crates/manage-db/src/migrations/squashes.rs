//! Which migrations stand for others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manage_leaves::text::nearest;

use super::error::Result;
use super::file_name::number_of;
use super::migration::{Key, Migration};
use crate::models::document::Mistake;

/// The squashes among migrations, each with those that it stands for. One of these may be a squash itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Squashes {
    members: BTreeMap<Key, Vec<Key>>,
}

impl Squashes {
    /// The squashes among `migrations`.
    ///
    /// # Errors
    /// [`super::Error::File`] for one that stands for itself or for a migration of another app, for two that stand for
    /// one migration while neither stands for the other, and for a name that is another one's with a slip.
    pub(super) fn among(migrations: &[Arc<Migration>]) -> Result<Self> {
        let mut squashes = Self::default();
        let found = migrations.iter().filter(|migration| !migration.replaces.is_empty());
        for squash in found.clone() {
            let members = squash.replaces.iter().map(|reference| reference.key.clone()).collect();
            squashes.members.insert(squash.key.clone(), members);
        }
        let mut owners: BTreeMap<&Key, &Key> = BTreeMap::new();
        for squash in found {
            for reference in &squash.replaces {
                let wrong = |message: String| {
                    let mistake = Mistake { path: squash.path.clone(), line: reference.line, message };
                    Err(mistake.into())
                };
                let (key, member) = (&squash.key, &reference.key);
                if member.app != key.app {
                    return wrong(format!("{key} cannot replace {member}, which is of another app"));
                }
                if squashes.members(member).contains(key) || member == key {
                    return wrong(format!("{key} cannot replace itself"));
                }
                if let Some(meant) = meant(migrations, squash, member) {
                    return wrong(format!(
                        "{key} replaces {member}, which has no file; did you mean {meant}?"
                    ));
                }
                // A squash of a squash also names what that one stands for: its file may go.
                let is_around = |outer: &Key, inner: &Key| squashes.members(outer).contains(inner);
                let other = owners.insert(member, key);
                if let Some(other) = other.filter(|other| !is_around(key, other) && !is_around(other, key)) {
                    return wrong(format!(
                        "{other} replaces {member} already: name {other} among what {key} replaces instead"
                    ));
                }
            }
        }
        Ok(squashes)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// All that a squash stands for, also through another one; nothing for any other migration.
    pub(super) fn members(&self, key: &Key) -> Vec<Key> {
        let (mut found, mut waiting) = (Vec::new(), vec![key]);
        while let Some(key) = waiting.pop() {
            for member in self
                .members
                .get(key)
                .into_iter()
                .flatten()
                .filter(|one| !found.contains(*one))
                .collect::<Vec<_>>()
            {
                found.push(member.clone());
                waiting.push(member);
            }
        }
        found
    }

    /// The squashes that stand for a migration, also through another one.
    pub(super) fn around(&self, key: &Key) -> Vec<Key> {
        self.members.keys().filter(|squash| self.members(squash).contains(key)).cloned().collect()
    }

    /// What is applied, with the squashes all of whose migrations are, and with all that applied squashes stand for.
    pub(super) fn completed(&self, mut applied: BTreeSet<Key>) -> BTreeSet<Key> {
        let recorded: Vec<Key> = self.members.keys().filter(|key| applied.contains(*key)).cloned().collect();
        applied.extend(recorded.iter().flat_map(|key| self.members(key)));
        loop {
            let is_complete = |(key, members): &(&Key, &Vec<Key>)| {
                !applied.contains(*key) && members.iter().all(|member| applied.contains(member))
            };
            let more: Vec<Key> =
                self.members.iter().filter(is_complete).map(|(key, _)| key.clone()).collect();
            if more.is_empty() {
                return applied;
            }
            applied.extend(more);
        }
    }

    /// The squashes of which some migrations are applied or begun, and others are not: those go on one by one.
    pub(super) fn begun(&self, applied: &BTreeSet<Key>, begun: &BTreeSet<Key>) -> BTreeSet<Key> {
        let complete = self.completed(applied.clone());
        let is_begun = |key: &&Key| {
            let mut members = self.members(key).into_iter();
            !complete.contains(*key) && members.any(|one| complete.contains(&one) || begun.contains(&one))
        };
        self.members.keys().filter(is_begun).cloned().collect()
    }

    /// Of each migration for which another one stands, that one; those `unused` stand for nothing.
    pub(super) fn stand_ins(&self, unused: &BTreeSet<Key>) -> BTreeMap<Key, Key> {
        let mut stand_ins = BTreeMap::new();
        let used: Vec<&Key> = self.members.keys().filter(|key| !unused.contains(*key)).collect();
        let is_inner = |key: &Key| used.iter().any(|other| self.members(other).contains(key));
        for key in used.iter().filter(|key| !is_inner(key)) {
            stand_ins.extend(self.members(key).into_iter().map(|member| (member, (*key).clone())));
        }
        stand_ins
    }
}

/// The migration that was meant by a name without a file: a file that has its number, nearly its name, and no squash that
/// stands for it. Other names without a file are those of files that were deleted.
fn meant<'a>(migrations: &'a [Arc<Migration>], squash: &Migration, member: &Key) -> Option<&'a Key> {
    if migrations.iter().any(|migration| migration.key == *member) {
        return None;
    }
    let number = number_of(&member.name);
    let is_free = |migration: &&Arc<Migration>| {
        let key = &migration.key;
        key.app == member.app
            && Some(migration.number) == number
            && migration.replaces.is_empty()
            && !squash.replaces.iter().any(|other| other.key == *key)
    };
    let free: Vec<&Key> = migrations.iter().filter(is_free).map(|migration| &migration.key).collect();
    let nearest = nearest(&member.name, free.iter().map(|key| key.name.as_str()));
    free.into_iter().find(|key| nearest.first() == Some(&key.name.as_str()))
}
