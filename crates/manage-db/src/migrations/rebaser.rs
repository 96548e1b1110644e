//! One branch of an app's migrations behind the other: with new numbers, and behind that one's last migration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::autodetector::next_number;
use super::error::{Error, Result};
use super::graph::Graph;
use super::migration::{Key, Migration, Reference};
use crate::files::Files;
use jiff::Timestamp;

/// A branch that is to move.
#[derive(Debug)]
pub struct Rebase {
    /// What it comes behind.
    pub onto: Key,
    /// Its migrations, each with its new key, in the order in which they run.
    pub moves: Vec<(Arc<Migration>, Key)>,
}

/// A file that is to be another one.
#[derive(Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Its path, relative to the project's root.
    pub path: String,
    /// Its path afterwards.
    pub to: String,
    /// Its text afterwards.
    pub text: String,
}

/// The migrations up to `leaf` that `onto` does not come behind, with numbers behind it.
///
/// # Errors
/// [`Error::NoWay`] where one of the two comes before the other.
pub fn rebase(graph: &Graph, leaf: &Key, onto: &Key, now: Timestamp) -> Result<Rebase> {
    let (own, others) = (graph.with_ancestors([leaf]), graph.with_ancestors([onto]));
    if own.contains(onto) || others.contains(leaf) {
        let problem = format!("it and {onto} are on one branch");
        return Err(Error::NoWay { what: leaf.to_string(), problem });
    }
    let is_moved = |one: &&Arc<Migration>| own.contains(&one.key) && !others.contains(&one.key);
    let mut last =
        graph.of_app(&onto.app).filter(|one| others.contains(&one.key)).map(|one| one.number).max();
    let moves = graph.of_app(&leaf.app).filter(is_moved).map(|migration| {
        let number = next_number(last, now);
        last = Some(number);
        (Arc::clone(migration), Key::new(&leaf.app, &renumbered(&migration.key.name, number)))
    });
    Ok(Rebase { onto: onto.clone(), moves: moves.collect() })
}

/// A name with another number, of as many digits at least.
fn renumbered(name: &str, number: u64) -> String {
    let start = name.find(|sign: char| sign.is_ascii_digit()).unwrap_or_default();
    let rest = name[start..].trim_start_matches(|sign: char| sign.is_ascii_digit());
    let digits = name.len() - start - rest.len();
    format!("{}{number:0digits$}{rest}", &name[..start])
}

impl Rebase {
    /// The files as they are afterwards: those of the branch, and those that name one of its migrations.
    ///
    /// # Errors
    /// [`Error::File`] when a file cannot be read.
    pub fn files(&self, graph: &Graph, files: &dyn Files) -> Result<Vec<Rewritten>> {
        let renamed: BTreeMap<Key, Key> =
            self.moves.iter().map(|(migration, to)| (migration.key.clone(), to.clone())).collect();
        let mut rewritten = Vec::new();
        for migration in graph.files() {
            let to = renamed.get(&migration.key);
            let names = self.names(migration, &renamed, to.is_some());
            if to.is_none() && names.is_empty() {
                continue;
            }
            for path in super::loader::files_of(files, &migration.key)? {
                let text = super::loader::text(files, &path)?;
                let moved = to.map_or_else(|| path.clone(), |to| moved(&path, &migration.key, to));
                let text = if path.ends_with(".sql") {
                    renamed_in_comments(&text, &names)
                } else {
                    repointed(&text, &names)
                };
                rewritten.push(Rewritten { path, to: moved, text });
            }
        }
        Ok(rewritten)
    }

    /// What a migration names otherwise afterwards: the branch's migrations, and where it parts, what it comes behind.
    fn names(
        &self,
        migration: &Migration,
        renamed: &BTreeMap<Key, Key>,
        is_moved: bool,
    ) -> Vec<(Reference, Key)> {
        let all = migration.depends.iter().chain(&migration.run_before).chain(&migration.replaces);
        let forks = |reference: &Reference| is_moved && reference.key.app == migration.key.app;
        all.filter_map(|reference| {
            let to = renamed.get(&reference.key);
            let to = to.or_else(|| forks(reference).then_some(&self.onto))?;
            Some((reference.clone(), to.clone()))
        })
        .collect()
    }
}

/// The path under another name.
fn moved(path: &str, from: &Key, to: &Key) -> String {
    let stem = |key: &Key| format!("migrations/{}/{}", key.app, key.name);
    path.strip_prefix(&stem(from)).map_or_else(|| path.to_owned(), |rest| format!("{}{rest}", stem(to)))
}

/// The text with other names in the lines that hold the references.
fn repointed(text: &str, names: &[(Reference, Key)]) -> String {
    let line = |(number, line): (usize, &str)| {
        let of_line = names.iter().filter(|(reference, _)| reference.line == number + 1);
        of_line.fold(line.to_owned(), |line, (reference, to)| {
            replaced(&line, &reference.key.to_string(), &to.to_string())
        })
    };
    let lines: Vec<String> = text.split('\n').enumerate().map(line).collect();
    lines.join("\n")
}

/// The text of a SQL file with other names in its comments. A migration may have several files, each with lines of its own.
fn renamed_in_comments(text: &str, names: &[(Reference, Key)]) -> String {
    let line = |line: &str| match line.trim_start().starts_with("--") {
        true => names.iter().fold(line.to_owned(), |line, (reference, to)| {
            replaced(&line, &reference.key.to_string(), &to.to_string())
        }),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Each whole name in a line replaced.
fn replaced(line: &str, from: &str, to: &str) -> String {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_.-".contains(sign);
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(from) {
        let (before, behind) = (&rest[..at], &rest[at + from.len()..]);
        let is_whole = !before.ends_with(is_name) && !behind.starts_with(is_name);
        out.push_str(before);
        out.push_str(if is_whole { to } else { from });
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_form_under_another_number() {
        assert_eq!(renumbered("0002_tags", 12), "0012_tags");
        assert_eq!(renumbered("2_tags", 12), "12_tags");
        assert_eq!(renumbered("V007__tags_2", 8), "V008__tags_2");
        assert_eq!(renumbered("20260101000000_a", 20_260_102_000_000), "20260102000000_a");
    }

    #[test]
    fn only_whole_names_in_their_lines_are_replaced() {
        let text = "# shop.0002_a stays\ndepends = [\"shop.0002_a\", 'shop.0002_ab', \"my.shop.0002_a\"] # shop.0002_a\n";
        let names = [(Reference { key: Key::new("shop", "0002_a"), line: 2 }, Key::new("shop", "0003_a"))];
        assert_eq!(
            repointed(text, &names),
            "# shop.0002_a stays\ndepends = [\"shop.0003_a\", 'shop.0002_ab', \"my.shop.0002_a\"] # shop.0003_a\n"
        );
    }
}
