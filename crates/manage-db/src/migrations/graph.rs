//! All migrations, what each depends on, and the one order in which they run.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use super::error::{Error, Result};
use super::file_name::number_of;
use super::migration::{Key, Migration, Reference};
use super::squashes::Squashes;
use crate::models::document::Mistake;
use manage_leaves::text;

/// The migrations of the installed apps in the order in which they run: parents first, then by number, app and
/// name.
///
/// Adding a file never changes the order of the others. A squash is there, and what it stands for is not.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    apps: Vec<String>,
    nodes: Vec<Node>,
    positions: HashMap<Key, usize>,
    /// Files of one number that nothing puts into an order, where a later file needs one.
    unordered: Vec<Vec<Arc<Migration>>>,
    squashes: Squashes,
    /// Of each migration for which a squash stands, that squash.
    stand_ins: BTreeMap<Key, Key>,
    /// Squashes that are left out: what they stand for is there one by one.
    unused: BTreeSet<Key>,
    /// All migrations, also those for which a squash stands; empty where there is no squash.
    all: Vec<Arc<Migration>>,
}

#[derive(Debug, Clone)]
struct Node {
    migration: Arc<Migration>,
    /// Positions, all smaller than its own.
    parents: Vec<usize>,
    /// Positions, all greater than its own.
    children: Vec<usize>,
}

/// From a migration to one it depends on, with the place where that is written.
struct Edge {
    child: usize,
    parent: usize,
}

impl Graph {
    /// The graph of `migrations`, which belong to `apps`.
    ///
    /// # Errors
    /// [`Error::MissingParent`], [`Error::Cycle`], and [`Error::File`] for two migrations of the same version and for a
    /// squash that makes no sense.
    pub fn new(apps: &[String], migrations: Vec<Migration>) -> Result<Self> {
        let mut migrations: Vec<Arc<Migration>> = migrations.into_iter().map(Arc::new).collect();
        migrations.sort_by(|a, b| priority(a).cmp(&priority(b)));
        check_versions(&migrations)?;
        let squashes = Squashes::among(&migrations)?;
        Self::of(apps, migrations, squashes, &BTreeSet::new())
    }

    /// The graph of all migrations in which some squashes are `unused`.
    fn of(
        apps: &[String],
        all: Vec<Arc<Migration>>,
        squashes: Squashes,
        unused: &BTreeSet<Key>,
    ) -> Result<Self> {
        let stand_ins = squashes.stand_ins(unused);
        let is_used = |key: &Key| !unused.contains(key) && !stand_ins.contains_key(key);
        let migrations: Vec<_> = all.iter().filter(|migration| is_used(&migration.key)).cloned().collect();
        let meant = |key: &Key| match stand_ins.get(key) {
            Some(squash) => vec![squash.clone()],
            None if unused.contains(key) => {
                squashes.members(key).into_iter().filter(|member| is_used(member)).collect()
            }
            None => vec![key.clone()],
        };
        let edges = edges(&migrations, &meant)?;
        let order = sorted(&migrations, &edges)?;
        let unordered = unordered(&migrations);
        let all = if squashes.is_empty() { Vec::new() } else { all };
        let graph = Self::ordered(apps, migrations, &edges, &order);
        let unused = unused.clone();
        Ok(Self { unordered, squashes, stand_ins, unused, all, ..graph })
    }

    fn ordered(apps: &[String], migrations: Vec<Arc<Migration>>, edges: &[Edge], order: &[usize]) -> Self {
        let mut new_positions = vec![0; order.len()];
        for (position, old) in order.iter().enumerate() {
            new_positions[*old] = position;
        }
        let mut nodes: Vec<(usize, Node)> = migrations
            .into_iter()
            .enumerate()
            .map(|(old, migration)| {
                (new_positions[old], Node { migration, parents: Vec::new(), children: Vec::new() })
            })
            .collect();
        nodes.sort_by_key(|(position, _)| *position);
        let mut nodes: Vec<Node> = nodes.into_iter().map(|(_, node)| node).collect();
        for edge in edges {
            let (child, parent) = (new_positions[edge.child], new_positions[edge.parent]);
            nodes[child].parents.push(parent);
            nodes[parent].children.push(child);
        }
        for node in &mut nodes {
            for list in [&mut node.parents, &mut node.children] {
                list.sort_unstable();
                list.dedup();
            }
        }
        let positions =
            nodes.iter().enumerate().map(|(position, node)| (node.migration.key.clone(), position)).collect();
        Self { apps: apps.to_vec(), nodes, positions, ..Self::default() }
    }

    /// The graph as it is for a database: where some migrations of a squash are applied or half done, and others are not,
    /// they go on one by one.
    ///
    /// # Errors
    /// [`Error::HalfSquashed`] when one of them has no file any more; those of [`Graph::new`].
    pub fn for_history(
        &self,
        alias: &str,
        applied: &BTreeSet<Key>,
        half_done: &BTreeSet<i64>,
    ) -> Result<Cow<'_, Self>> {
        if self.squashes.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let begun = self.all.iter().filter(|migration| half_done.contains(&migration.version()));
        let begun = begun.map(|migration| migration.key.clone()).collect();
        let mut unused = self.squashes.begun(applied, &begun);
        unused.extend(self.unused.iter().cloned());
        if unused == self.unused {
            return Ok(Cow::Borrowed(self));
        }
        let complete = self.completed(applied.clone());
        let has_file = |key: &Key| self.all.iter().any(|migration| migration.key == *key);
        for squash in &unused {
            let is_lost = |member: &Key| !complete.contains(member) && !has_file(member);
            let missing: Vec<Key> = self.squashes.members(squash).into_iter().filter(is_lost).collect();
            if let Some(missing) = missing.first() {
                let (alias, squash, missing) = (alias.to_owned(), squash.to_string(), missing.to_string());
                return Err(Error::HalfSquashed { alias, squash, missing });
            }
        }
        Self::of(&self.apps, self.all.clone(), self.squashes.clone(), &unused).map(Cow::Owned)
    }

    /// The graph for a run to the migration of `app` that `name` begins: where a squash stands for it and the files of all
    /// that this stands for are there, they are taken one by one.
    ///
    /// # Errors
    /// Those of [`Graph::new`].
    pub fn for_target(&self, app: &str, name: &str) -> Result<Cow<'_, Self>> {
        let Err(Error::Squashed { .. }) = self.find(app, name) else { return Ok(Cow::Borrowed(self)) };
        let has_file = |key: &Key| self.all.iter().any(|migration| migration.key == *key);
        let is_meant = |key: &&Key| key.app == app && key.name.starts_with(name) && has_file(key);
        let mut unused = self.unused.clone();
        for key in self.stand_ins.keys().filter(is_meant) {
            unused.extend(self.squashes.around(key));
        }
        if unused == self.unused || !unused.iter().all(|squash| self.replaced(squash).iter().all(has_file)) {
            return Ok(Cow::Borrowed(self));
        }
        Self::of(&self.apps, self.all.clone(), self.squashes.clone(), &unused).map(Cow::Owned)
    }

    /// The graph with other migrations instead of those that are `gone`.
    ///
    /// # Errors
    /// Those of [`Graph::new`].
    pub fn instead(&self, gone: &BTreeSet<Key>, others: impl IntoIterator<Item = Migration>) -> Result<Self> {
        let kept = self.files().filter(|migration| !gone.contains(&migration.key));
        let mut all: Vec<Migration> = kept.map(|migration| Migration::clone(migration)).collect();
        all.extend(others);
        Self::new(&self.apps, all)
    }

    /// All migrations, also those for which a squash stands, in no order that would mean anything.
    pub fn files(&self) -> impl Iterator<Item = &Arc<Migration>> {
        let nodes = self.nodes.iter().map(|node| &node.migration).filter(|_| self.all.is_empty());
        self.all.iter().chain(nodes)
    }

    /// What is applied, with the squashes all of whose migrations are.
    pub fn completed(&self, applied: BTreeSet<Key>) -> BTreeSet<Key> {
        self.squashes.completed(applied)
    }

    /// The squash that stands for a migration here.
    pub fn stand_in(&self, key: &Key) -> Option<&Key> {
        self.stand_ins.get(key)
    }

    /// Whether a file here explains a row of the history: its own, or that of a squash that stands for it.
    pub(super) fn explains(&self, key: &Key) -> bool {
        self.get(key).is_some() || self.stand_in(key).is_some() || self.unused.contains(key)
    }

    /// The squashes that stand for a migration, each also for the one before it.
    pub(super) fn squashes_around(&self, key: &Key) -> Vec<Key> {
        self.squashes.around(key)
    }

    /// All that a squash stands for; nothing for any other migration.
    pub fn replaced(&self, key: &Key) -> Vec<Key> {
        self.squashes.members(key)
    }

    /// The greatest number of an app's migrations, also of those that a squash stands for.
    pub(crate) fn greatest_number(&self, app: &str) -> Option<u64> {
        let there = self.of_app(app).map(|migration| migration.number);
        let replaced = self.stand_ins.keys().filter(|key| key.app == app);
        there.chain(replaced.filter_map(|key| number_of(&key.name))).max()
    }

    /// Where a migration stands in the order in which they run.
    pub fn position(&self, key: &Key) -> Option<usize> {
        self.positions.get(self.stand_in(key).unwrap_or(key)).copied()
    }

    /// Labels of the installed apps, with or without migrations.
    pub fn apps(&self) -> &[String] {
        &self.apps
    }

    /// All migrations in the order in which they run.
    pub fn migrations(&self) -> impl DoubleEndedIterator<Item = &Arc<Migration>> {
        self.nodes.iter().map(|node| &node.migration)
    }

    /// The migrations of one app in that order.
    pub fn of_app<'a, 'b>(
        &'a self,
        app: &'b str,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<Migration>> + use<'a, 'b> {
        self.migrations().filter(move |migration| migration.key.app == app)
    }

    /// The migration of this key.
    pub fn get(&self, key: &Key) -> Option<&Arc<Migration>> {
        self.positions.get(key).map(|position| &self.nodes[*position].migration)
    }

    /// What `key` depends on directly.
    pub fn parents(&self, key: &Key) -> impl Iterator<Item = &Arc<Migration>> {
        let node = self.positions.get(key).map(|position| &self.nodes[*position]);
        node.into_iter().flat_map(|node| &node.parents).map(|position| &self.nodes[*position].migration)
    }

    /// What depends on `key` directly.
    pub fn children(&self, key: &Key) -> impl Iterator<Item = &Arc<Migration>> {
        let node = self.positions.get(key).map(|position| &self.nodes[*position]);
        node.into_iter().flat_map(|node| &node.children).map(|position| &self.nodes[*position].migration)
    }

    /// Whether it is the first of its app: it says so, or depends on none of its app.
    pub(crate) fn is_initial(&self, migration: &Migration) -> bool {
        migration.initial.unwrap_or_else(|| {
            !self.parents(&migration.key).any(|parent| parent.key.app == migration.key.app)
        })
    }

    /// The migrations of an app that no other of the app depends on.
    pub fn leaves<'a>(&'a self, app: &'a str) -> Vec<&'a Arc<Migration>> {
        let is_leaf = |node: &&Node| {
            node.migration.key.app == app
                && !node.children.iter().any(|child| self.nodes[*child].migration.key.app == app)
        };
        self.nodes.iter().filter(is_leaf).map(|node| &node.migration).collect()
    }

    /// `keys` and all that they depend on.
    pub fn with_ancestors<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> BTreeSet<Key> {
        self.closure(keys, |node| &node.parents)
    }

    /// `keys` and all that depend on them.
    pub(crate) fn with_descendants<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> BTreeSet<Key> {
        self.closure(keys, |node| &node.children)
    }

    /// The migrations of the same app that depend on `key` directly.
    pub(crate) fn next_in_app(&self, key: &Key) -> Vec<&Key> {
        let node = self.positions.get(key).map(|position| &self.nodes[*position]);
        let children = node.into_iter().flat_map(|node| &node.children);
        children.map(|child| &self.nodes[*child].migration.key).filter(|child| child.app == key.app).collect()
    }

    fn closure<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a Key>,
        next: impl Fn(&Node) -> &Vec<usize>,
    ) -> BTreeSet<Key> {
        let position = |key: &Key| self.positions.get(key).copied();
        // A squash that is not used here is what it stands for.
        let meant = |key: &Key| match position(key) {
            Some(position) => vec![position],
            None => self.squashes.members(key).iter().filter_map(position).collect(),
        };
        let mut waiting: Vec<usize> = keys.into_iter().flat_map(meant).collect();
        let mut seen = vec![false; self.nodes.len()];
        let mut found = BTreeSet::new();
        while let Some(position) = waiting.pop() {
            if std::mem::replace(&mut seen[position], true) {
                continue;
            }
            found.insert(self.nodes[position].migration.key.clone());
            waiting.extend(next(&self.nodes[position]));
        }
        found
    }

    /// Where branches meet nowhere: apps with several leaves, and files of one number that another would have to continue
    /// both of.
    pub fn conflicts(&self) -> Vec<Vec<&Arc<Migration>>> {
        let mut conflicts: Vec<Vec<_>> = self.unordered.iter().map(|files| files.iter().collect()).collect();
        conflicts.extend(self.apps.iter().map(|app| self.leaves(app)).filter(|leaves| leaves.len() > 1));
        conflicts
    }

    /// Refuses branches that meet nowhere.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub fn check_conflicts(&self) -> Result<()> {
        told(&self.conflicts())
    }

    /// Refuses branches that meet nowhere in `app`, and in apps that have to do with it.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub fn check_conflicts_around(&self, app: &str) -> Result<()> {
        let own: Vec<&Key> = self.of_app(app).map(|migration| &migration.key).collect();
        let mut around = self.with_ancestors(own.iter().copied());
        around.extend(self.with_descendants(own));
        let is_around = |branches: &Vec<&Arc<Migration>>| {
            branches.iter().any(|branch| around.iter().any(|key| key.app == branch.key.app))
        };
        told(&self.conflicts().into_iter().filter(is_around).collect::<Vec<_>>())
    }

    /// Refuses an app that is not installed.
    ///
    /// # Errors
    /// [`Error::UnknownApp`].
    pub fn check_app(&self, app: &str) -> Result<()> {
        if self.apps.iter().any(|known| known == app) {
            return Ok(());
        }
        Err(Error::UnknownApp { app: app.to_owned(), known: self.apps.clone() })
    }

    /// The migration of `app` whose name is `prefix`, or the only one whose name begins so.
    ///
    /// # Errors
    /// [`Error::UnknownApp`], [`Error::UnknownMigration`], [`Error::AmbiguousMigration`], [`Error::Squashed`].
    pub fn find(&self, app: &str, prefix: &str) -> Result<&Arc<Migration>> {
        self.check_app(app)?;
        let key = Key::new(app, prefix);
        if let Some(migration) = self.get(&key) {
            return Ok(migration);
        }
        // It may be the beginning of the squash's name.
        if let Some(squash) = self.stand_in(&key) {
            return Err(Error::Squashed { migration: key.to_string(), squash: squash.to_string() });
        }
        let names = |list: Vec<&Arc<Migration>>| list.iter().map(|one| one.key.name.clone()).collect();
        let found: Vec<_> = self.of_app(app).filter(|one| one.key.name.starts_with(prefix)).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(self.squashed(app, prefix).unwrap_or_else(|| Error::UnknownMigration {
                app: app.to_owned(),
                name: prefix.to_owned(),
                known: names(self.of_app(app).collect()),
            })),
            _ => Err(Error::AmbiguousMigration {
                app: app.to_owned(),
                prefix: prefix.to_owned(),
                candidates: names(found),
            }),
        }
    }

    /// That the migration whose name begins so is a part of a squash, if it is.
    fn squashed(&self, app: &str, prefix: &str) -> Option<Error> {
        let mut parts = self.stand_ins.iter().filter(|(key, _)| key.app == app);
        let (key, squash) = parts.find(|(key, _)| key.name.starts_with(prefix))?;
        Some(Error::Squashed { migration: key.to_string(), squash: squash.to_string() })
    }
}

fn told(conflicts: &[Vec<&Arc<Migration>>]) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let paths = |branches: &Vec<&Arc<Migration>>| branches.iter().map(|branch| branch.path.clone()).collect();
    Err(Error::Conflict { leaves: conflicts.iter().map(paths).collect() })
}

fn priority(migration: &Migration) -> (u64, &Key) {
    (migration.number, &migration.key)
}

fn check_versions(migrations: &[Arc<Migration>]) -> Result<()> {
    let mut versions = HashMap::new();
    for migration in migrations {
        if let Some(other) = versions.insert(migration.version(), migration) {
            let message = format!(
                "{} and {} would have the same version in the history; rename one of them",
                other.key, migration.key
            );
            return Err(Mistake { path: migration.path.clone(), line: 1, message }.into());
        }
    }
    Ok(())
}

/// All dependencies of `migrations`, which are sorted by number, app and name; `meant` gives those that stand for one.
fn edges(migrations: &[Arc<Migration>], meant: &dyn Fn(&Key) -> Vec<Key>) -> Result<Vec<Edge>> {
    let positions: BTreeMap<&Key, usize> =
        migrations.iter().enumerate().map(|(position, migration)| (&migration.key, position)).collect();
    let resolve = |migration: &Migration, reference: &Reference| {
        let mut of_app =
            migrations.iter().enumerate().filter(|(_, other)| other.key.app == reference.key.app);
        let found: Option<Vec<usize>> = match reference.key.name.as_str() {
            "__first__" => of_app.next().map(|(position, _)| vec![position]),
            "__latest__" => of_app.next_back().map(|(position, _)| vec![position]),
            _ => meant(&reference.key).iter().map(|key| positions.get(key).copied()).collect(),
        };
        found.ok_or_else(|| {
            let known: Vec<String> = positions.keys().map(ToString::to_string).collect();
            let wanted = reference.key.to_string();
            let nearest = text::nearest(&wanted, known.iter().map(String::as_str));
            Error::MissingParent {
                place: migration.place(reference.line),
                child: migration.key.to_string(),
                nearest: nearest.into_iter().map(str::to_owned).collect(),
                parent: wanted,
            }
        })
    };
    let mut edges = Vec::new();
    for (child, migration) in migrations.iter().enumerate() {
        // What a squash stands for is itself, whoever names it.
        let others = |found: Vec<usize>| found.into_iter().filter(move |position| *position != child);
        for reference in &migration.depends {
            let parents = others(resolve(migration, reference)?);
            edges.extend(parents.map(|parent| Edge { child, parent }));
        }
        for reference in &migration.run_before {
            let children = others(resolve(migration, reference)?);
            edges.extend(children.map(|later| Edge { child: later, parent: child }));
        }
        if follows(migration) {
            edges.extend(before(migrations, child).into_iter().map(|parent| Edge { child, parent }));
        }
    }
    Ok(edges)
}

/// Whether it continues what is numbered before it, because it names nothing of its app.
fn follows(migration: &Migration) -> bool {
    migration.follows_number
        && !migration.depends.iter().any(|reference| reference.key.app == migration.key.app)
}

/// The migrations of the app with the greatest smaller number, apart from those that another of them continues.
fn before(migrations: &[Arc<Migration>], child: usize) -> Vec<usize> {
    let (app, number) = (&migrations[child].key.app, migrations[child].number);
    let of_app = || (0..child).filter(|position| migrations[*position].key.app == *app);
    let greatest = of_app().map(|position| migrations[position].number).filter(|other| *other < number).max();
    let found: Vec<usize> =
        of_app().filter(|position| Some(migrations[*position].number) == greatest).collect();
    let is_continued = |position: &&usize| {
        let named = found.iter().flat_map(|other| &migrations[*other].depends);
        named.into_iter().any(|reference| reference.key == migrations[**position].key)
    };
    found.iter().filter(|position| !is_continued(position)).copied().collect()
}

/// Files of one number that nothing puts into an order, where another continues what is numbered before it.
fn unordered(migrations: &[Arc<Migration>]) -> Vec<Vec<Arc<Migration>>> {
    let mut found: Vec<Vec<usize>> = (0..migrations.len())
        .filter(|child| follows(&migrations[*child]))
        .map(|child| before(migrations, child))
        .filter(|parents| parents.len() > 1)
        .collect();
    found.dedup();
    let of =
        |parents: Vec<usize>| parents.into_iter().map(|parent| Arc::clone(&migrations[parent])).collect();
    found.into_iter().map(of).collect()
}

/// Positions in the order in which they run (Kahn's algorithm; of those that could be next, the smallest is).
fn sorted(migrations: &[Arc<Migration>], edges: &[Edge]) -> Result<Vec<usize>> {
    let mut waiting_for = vec![0_usize; migrations.len()];
    let mut children = vec![Vec::new(); migrations.len()];
    for edge in edges {
        waiting_for[edge.child] += 1;
        children[edge.parent].push(edge.child);
    }
    let mut ready: BinaryHeap<Reverse<usize>> = waiting_for
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(position, _)| Reverse(position))
        .collect();
    let mut order = Vec::with_capacity(migrations.len());
    while let Some(Reverse(position)) = ready.pop() {
        order.push(position);
        for child in &children[position] {
            waiting_for[*child] -= 1;
            if waiting_for[*child] == 0 {
                ready.push(Reverse(*child));
            }
        }
    }
    if order.len() == migrations.len() { Ok(order) } else { Err(cycle(migrations, edges, &waiting_for)) }
}

/// One circle among the migrations that still wait for another.
fn cycle(migrations: &[Arc<Migration>], edges: &[Edge], waiting_for: &[usize]) -> Error {
    let parent_of = |child: usize| {
        let stuck = edges.iter().find(|edge| edge.child == child && waiting_for[edge.parent] > 0);
        stuck.map(|edge| edge.parent)
    };
    let mut path = Vec::new();
    let mut next = waiting_for.iter().position(|count| *count > 0);
    while let Some(position) = next {
        if let Some(start) = path.iter().position(|seen| *seen == position) {
            path.drain(..start);
            path.push(position);
            break;
        }
        path.push(position);
        next = parent_of(position);
    }
    let name = |position: &usize| {
        let migration = &migrations[*position];
        let line = migration.depends.first().map_or(1, |reference| reference.line);
        (migration.key.to_string(), migration.place(line))
    };
    Error::Cycle { members: path.iter().map(name).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(key: &str, depends: &[&str]) -> Migration {
        let (app, name) = key.split_once('.').unwrap();
        let reference = |text: &&str| {
            let (app, name) = text.split_once('.').unwrap();
            Reference { key: Key::new(app, name), line: 1 }
        };
        Migration {
            key: Key::new(app, name),
            number: name[..4].parse().unwrap(),
            path: format!("migrations/{app}/{name}.toml"),
            depends: depends.iter().map(reference).collect(),
            run_before: Vec::new(),
            replaces: Vec::new(),
            initial: None,
            atomic: true,
            stage: crate::migrations::Stage::Expand,
            allow_unsafe: Vec::new(),
            follows_number: false,
            operations: Vec::new(),
            canonical: crate::migrations::Canonical::default(),
        }
    }

    fn graph(migrations: Vec<Migration>) -> Result<Graph> {
        Graph::new(&["auth".into(), "blog".into()], migrations)
    }

    fn names<'a>(migrations: impl IntoIterator<Item = &'a Arc<Migration>>) -> Vec<String> {
        migrations.into_iter().map(|migration| migration.key.to_string()).collect()
    }

    #[test]
    fn parents_come_first_and_numbers_decide_between_the_rest() {
        let graph = graph(vec![
            migration("blog.0001_a", &["auth.0002_b"]),
            migration("blog.0002_b", &["blog.0001_a"]),
            migration("auth.0002_b", &["auth.0001_a"]),
            migration("auth.0001_a", &[]),
        ])
        .unwrap();
        assert_eq!(names(graph.migrations()), ["auth.0001_a", "auth.0002_b", "blog.0001_a", "blog.0002_b"]);
        assert_eq!(graph.with_ancestors([&Key::new("blog", "0001_a")]).len(), 3);
        assert_eq!(graph.with_descendants([&Key::new("auth", "0002_b")]).len(), 3);
        assert_eq!(names(graph.leaves("blog")), ["blog.0002_b"]);
        assert!(graph.is_initial(graph.find("blog", "0001").unwrap()));
    }

    #[test]
    fn a_prefix_names_one_migration_or_is_refused_with_the_candidates() {
        let graph =
            graph(vec![migration("blog.0001_a", &[]), migration("blog.0001_ab", &["blog.0001_a"])]).unwrap();
        assert_eq!(graph.find("blog", "0001_a").unwrap().key.name, "0001_a");
        let told = |answer: Result<&Arc<Migration>>| answer.unwrap_err().to_string();
        assert_eq!(
            told(graph.find("blog", "0001")),
            "`0001` could be any of 2 migrations of app `blog`: 0001_a, 0001_ab"
        );
        assert_eq!(told(graph.find("blog", "0009")), "app `blog` has no migration `0009`");
        assert_eq!(told(graph.find("nope", "0001")), "no installed app has the label `nope`");
    }

    #[test]
    fn circles_missing_parents_and_loose_ends_are_told_with_files() {
        let circle =
            vec![migration("blog.0001_a", &["auth.0001_a"]), migration("auth.0001_a", &["blog.0001_a"])];
        assert_eq!(
            graph(circle).unwrap_err().to_string(),
            "migrations depend on each other in a circle: auth.0001_a (migrations/auth/0001_a.toml:1) -> \
             blog.0001_a (migrations/blog/0001_a.toml:1) -> auth.0001_a (migrations/auth/0001_a.toml:1)"
        );
        assert_eq!(
            graph(vec![migration("blog.0001_a", &["auth.0001_x"])]).unwrap_err().to_string(),
            "migrations/blog/0001_a.toml:1: blog.0001_a depends on auth.0001_x, which does not exist"
        );
        let branches = graph(vec![
            migration("blog.0001_a", &[]),
            migration("blog.0002_a", &["blog.0001_a"]),
            migration("blog.0002_b", &["blog.0001_a"]),
        ]);
        assert_eq!(
            branches.unwrap().check_conflicts().unwrap_err().to_string(),
            "two branches of migrations meet nowhere: migrations/blog/0002_a.toml and migrations/blog/0002_b.toml"
        );
    }
}
