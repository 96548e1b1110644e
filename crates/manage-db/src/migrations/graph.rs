//! All migrations, what each depends on, and the one order in which they run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use super::error::{Error, Result};
use super::migration::{Key, Migration, Reference};
use crate::models::document::Mistake;
use manage_leaves::text;

/// The migrations of the installed apps in the order in which they run: parents first, then by number, app and
/// name. Adding a file never changes the order of the others.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    apps: Vec<String>,
    nodes: Vec<Node>,
    positions: HashMap<Key, usize>,
    /// Files of one number that nothing puts into an order, where a later file needs one.
    unordered: Vec<Vec<String>>,
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
    /// [`Error::MissingParent`], [`Error::Cycle`], and [`Error::File`] for two migrations of the same version.
    pub fn new(apps: &[String], mut migrations: Vec<Migration>) -> Result<Self> {
        migrations.sort_by(|a, b| priority(a).cmp(&priority(b)));
        check_versions(&migrations)?;
        let edges = edges(&migrations)?;
        let order = sorted(&migrations, &edges)?;
        let unordered = unordered(&migrations);
        Ok(Self { unordered, ..Self::ordered(apps, migrations, &edges, &order) })
    }

    fn ordered(apps: &[String], migrations: Vec<Migration>, edges: &[Edge], order: &[usize]) -> Self {
        let mut new_positions = vec![0; order.len()];
        for (position, old) in order.iter().enumerate() {
            new_positions[*old] = position;
        }
        let mut nodes: Vec<(usize, Node)> = migrations
            .into_iter()
            .enumerate()
            .map(|(old, migration)| {
                let migration = Arc::new(migration);
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
        Self { apps: apps.to_vec(), nodes, positions, unordered: Vec::new() }
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
    pub(crate) fn with_ancestors<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> BTreeSet<Key> {
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
        let mut waiting: Vec<usize> =
            keys.into_iter().filter_map(|key| self.positions.get(key).copied()).collect();
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

    /// Refuses apps with several leaves, and files of one number that another would have to continue both of.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub fn check_conflicts(&self) -> Result<()> {
        let mut conflicts = self.unordered.clone();
        for app in &self.apps {
            let leaves = self.leaves(app);
            if leaves.len() > 1 {
                conflicts.push(leaves.iter().map(|leaf| leaf.path.clone()).collect());
            }
        }
        if conflicts.is_empty() { Ok(()) } else { Err(Error::Conflict { leaves: conflicts }) }
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
    /// [`Error::UnknownApp`], [`Error::UnknownMigration`], [`Error::AmbiguousMigration`].
    pub fn find(&self, app: &str, prefix: &str) -> Result<&Arc<Migration>> {
        self.check_app(app)?;
        if let Some(migration) = self.get(&Key::new(app, prefix)) {
            return Ok(migration);
        }
        let names = |list: Vec<&Arc<Migration>>| list.iter().map(|one| one.key.name.clone()).collect();
        let found: Vec<_> = self.of_app(app).filter(|one| one.key.name.starts_with(prefix)).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(Error::UnknownMigration {
                app: app.to_owned(),
                name: prefix.to_owned(),
                known: names(self.of_app(app).collect()),
            }),
            _ => Err(Error::AmbiguousMigration {
                app: app.to_owned(),
                prefix: prefix.to_owned(),
                candidates: names(found),
            }),
        }
    }
}

fn priority(migration: &Migration) -> (u64, &Key) {
    (migration.number, &migration.key)
}

fn check_versions(migrations: &[Migration]) -> Result<()> {
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

/// All dependencies of `migrations`, which are sorted by number, app and name.
fn edges(migrations: &[Migration]) -> Result<Vec<Edge>> {
    let positions: BTreeMap<&Key, usize> =
        migrations.iter().enumerate().map(|(position, migration)| (&migration.key, position)).collect();
    let resolve = |migration: &Migration, reference: &Reference| {
        let mut of_app =
            migrations.iter().enumerate().filter(|(_, other)| other.key.app == reference.key.app);
        let found = match reference.key.name.as_str() {
            "__first__" => of_app.next().map(|(position, _)| position),
            "__latest__" => of_app.next_back().map(|(position, _)| position),
            _ => positions.get(&reference.key).copied(),
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
        for reference in &migration.depends {
            edges.push(Edge { child, parent: resolve(migration, reference)? });
        }
        for reference in &migration.run_before {
            edges.push(Edge { child: resolve(migration, reference)?, parent: child });
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
fn before(migrations: &[Migration], child: usize) -> Vec<usize> {
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
fn unordered(migrations: &[Migration]) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = (0..migrations.len())
        .filter(|child| follows(&migrations[*child]))
        .map(|child| before(migrations, child))
        .filter(|parents| parents.len() > 1)
        .map(|parents| parents.iter().map(|parent| migrations[*parent].path.clone()).collect())
        .collect();
    found.dedup();
    found
}

/// Positions in the order in which they run (Kahn's algorithm; of those that could be next, the smallest is).
fn sorted(migrations: &[Migration], edges: &[Edge]) -> Result<Vec<usize>> {
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
fn cycle(migrations: &[Migration], edges: &[Edge], waiting_for: &[usize]) -> Error {
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
            initial: None,
            atomic: true,
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
