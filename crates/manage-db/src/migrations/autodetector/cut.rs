//! From operations in one order to migrations of apps: each app's together, cut where two apps wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Changes;
use super::detector::Found;
use super::replayed::Replayed;
use crate::migrations::migration::Key;
use crate::migrations::operations::Operation;

/// The operations of one migration.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Label of its app.
    pub app: String,
    /// What it does.
    pub operations: Vec<Operation>,
    /// Positions of the pieces that it depends on.
    pub pieces: BTreeSet<usize>,
    /// Labels of other apps whose last migration it depends on.
    pub apps: BTreeSet<String>,
    /// Migrations of other apps that changed a model which it is about.
    pub migrations: BTreeSet<Key>,
}

/// What is known of the pieces so far.
struct Cutter<'a> {
    replayed: &'a Replayed,
    pieces: Vec<Piece>,
    /// The last piece of each app.
    last: BTreeMap<String, usize>,
    /// By model, the last piece that changed it.
    changed: BTreeMap<String, usize>,
    /// By model, the pieces that let something no longer point to it.
    released: BTreeMap<String, BTreeSet<usize>>,
}

/// Cuts operations into pieces, in an order in which none stands before one that it depends on.
pub(super) fn cut(replayed: &Replayed, found: Vec<Found>) -> Vec<Piece> {
    let (pieces, last) = (Vec::new(), BTreeMap::new());
    let mut cutter = Cutter { replayed, pieces, last, changed: BTreeMap::new(), released: BTreeMap::new() };
    for one in found {
        cutter.add(one);
    }
    sorted(cutter.pieces)
}

/// The pieces, each behind those that it depends on: one that was begun early may have come to depend on a later one. No
/// circle is among them.
fn sorted(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut order: Vec<usize> = Vec::with_capacity(pieces.len());
    while order.len() < pieces.len() {
        let is_ready = |at: &usize| {
            !order.contains(at) && pieces[*at].pieces.iter().all(|parent| order.contains(parent))
        };
        match (0..pieces.len()).find(is_ready) {
            Some(next) => order.push(next),
            None => break,
        }
    }
    let mut places = vec![0; pieces.len()];
    for (place, old) in order.iter().enumerate() {
        places[*old] = place;
    }
    let mut placed: Vec<(usize, Piece)> = pieces
        .into_iter()
        .enumerate()
        .map(|(old, piece)| {
            let parents = piece.pieces.iter().map(|parent| places[*parent]).collect();
            (places[old], Piece { pieces: parents, ..piece })
        })
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, piece)| piece).collect()
}

impl Cutter<'_> {
    fn add(&mut self, found: Found) {
        let Found { app, operation, changes } = found;
        let (pieces, apps) = self.needs(&app, &changes);
        let position = self.piece(&app, &pieces);
        let piece = &mut self.pieces[position];
        piece.operations.push(operation);
        piece.pieces.extend(pieces.into_iter().filter(|other| *other != position));
        piece.apps.extend(apps);
        let about = changes.keys.iter().chain(&changes.points).filter(|key| !self.changed.contains_key(*key));
        let others = about.filter_map(|key| self.replayed.changed_by.get(key));
        piece.migrations.extend(others.filter(|other| other.app != app).cloned());
        for key in changes.keys {
            self.changed.insert(key, position);
        }
        for key in changes.releases {
            self.released.entry(key).or_default().insert(position);
        }
    }

    /// The pieces and the apps on which something that changes the models so depends.
    fn needs(&self, app: &str, changes: &Changes) -> (BTreeSet<usize>, BTreeSet<String>) {
        let (mut pieces, mut apps) = (BTreeSet::new(), BTreeSet::new());
        for key in &changes.points {
            match self.changed.get(key) {
                Some(piece) => drop(pieces.insert(*piece)),
                None => {
                    let owner = key.split('.').next().unwrap_or_default();
                    if owner != app {
                        apps.insert(owner.to_owned());
                    }
                }
            }
        }
        pieces.extend(changes.keys.iter().filter_map(|key| self.changed.get(key)));
        pieces.extend(changes.gone.iter().filter_map(|key| self.released.get(key)).flatten());
        (pieces, apps)
    }

    /// The piece of `app` that something may stand in which depends on `pieces`.
    fn piece(&mut self, app: &str, pieces: &BTreeSet<usize>) -> usize {
        let last = self.last.get(app).copied();
        if let Some(last) = last
            && !pieces.iter().any(|piece| *piece != last && self.leads_to(*piece, last))
        {
            return last;
        }
        let piece = Piece { app: app.to_owned(), pieces: last.into_iter().collect(), ..Piece::default() };
        self.pieces.push(piece);
        self.last.insert(app.to_owned(), self.pieces.len() - 1);
        self.pieces.len() - 1
    }

    /// Whether a piece depends on another one, over others or not.
    fn leads_to(&self, from: usize, to: usize) -> bool {
        let mut waiting = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(position) = waiting.pop() {
            if position == to {
                return true;
            }
            if seen.insert(position) {
                waiting.extend(&self.pieces[position].pieces);
            }
        }
        false
    }
}
