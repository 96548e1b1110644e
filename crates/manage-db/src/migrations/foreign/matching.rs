//! Which migrations of ours the rows of another tool are.

use std::collections::BTreeSet;

use super::entry::{Entry, Foreign, What};
use crate::migrations::graph::Graph;
use crate::migrations::import_problem::ImportProblem;
use crate::migrations::migration::{Key, Migration};
use crate::router::Router;

/// Where migrations are looked for.
pub(in crate::migrations) struct Search<'a> {
    pub graph: &'a Graph,
    pub router: &'a Router,
    pub alias: &'a str,
    /// The app of rows that name none.
    pub app: Option<&'a str>,
    /// Whether rows without a file are passed over.
    pub allow_missing: bool,
    /// What our history has already.
    pub recorded: &'a BTreeSet<Key>,
}

/// What is taken over of a history.
pub(in crate::migrations) struct Matched<'a> {
    /// Each row and what it is here.
    pub rows: Vec<(String, String)>,
    /// The migrations that are recorded.
    pub migrations: Vec<&'a Migration>,
}

/// What a row is here.
enum Found<'a> {
    Ours(Vec<&'a Migration>),
    NoFile,
    Nothing(String),
}

impl<'a> Search<'a> {
    /// Finds the migrations of all rows that our history does not have yet.
    ///
    /// # Errors
    /// What keeps it from being taken over.
    pub(in crate::migrations) fn find(&self, foreign: &Foreign) -> Result<Matched<'a>, ImportProblem> {
        let (alias, table) = (self.alias.to_owned(), foreign.table);
        let labels = |fits: &dyn Fn(&Entry) -> bool| -> Vec<String> {
            foreign.entries.iter().filter(|entry| fits(entry)).map(|entry| entry.label.clone()).collect()
        };
        let rows = labels(&|entry| entry.what == What::Failed);
        if !rows.is_empty() {
            return Err(ImportProblem::Failed { alias, table, rows });
        }
        let app = self.app(foreign)?;
        let found = |entry: &Entry| self.of_entry(entry, app.as_deref());
        let rows = labels(&|entry| matches!(found(entry), Found::NoFile));
        if !rows.is_empty() && !self.allow_missing {
            return Err(ImportProblem::NoFile { alias, table, rows });
        }
        let mut matched = Matched { rows: Vec::new(), migrations: Vec::new() };
        for entry in &foreign.entries {
            self.add(&mut matched, entry, found(entry));
        }
        match self.gap(&matched) {
            None => Ok(matched),
            Some((child, parent)) => Err(ImportProblem::Gap { alias, table, child, parent }),
        }
    }

    /// A migration whose parent would be missing in our history. An app without any row here lives elsewhere or is new.
    fn gap(&self, matched: &Matched<'a>) -> Option<(String, String)> {
        let taken = matched.migrations.iter().map(|migration| &migration.key);
        let known: BTreeSet<&Key> = taken.chain(self.recorded).collect();
        let apps: BTreeSet<&str> = known.iter().map(|key| key.app.as_str()).collect();
        let mut pairs = matched
            .migrations
            .iter()
            .flat_map(|child| self.graph.parents(&child.key).map(move |parent| (&child.key, &parent.key)));
        let is_gap =
            |(_, parent): &(&Key, &Key)| apps.contains(parent.app.as_str()) && !known.contains(parent);
        pairs.find(is_gap).map(|(child, parent)| (child.to_string(), parent.to_string()))
    }

    fn add(&self, matched: &mut Matched<'a>, entry: &Entry, found: Found<'a>) {
        match found {
            Found::NoFile => matched.rows.push((entry.label.clone(), "no file".to_owned())),
            // Django has many rows of apps that are not here; each app is told once.
            Found::Nothing(why) => {
                let label = match &entry.what {
                    What::Applied { app: Some(app), .. } => format!("{app}.*"),
                    _ => entry.label.clone(),
                };
                let row = (label, why);
                if !matched.rows.contains(&row) {
                    matched.rows.push(row);
                }
            }
            Found::Ours(migrations) => {
                for migration in migrations {
                    let is_taken = matched.migrations.iter().any(|other| other.key == migration.key);
                    if !is_taken && !self.recorded.contains(&migration.key) {
                        matched.rows.push((entry.label.clone(), migration.key.to_string()));
                        matched.migrations.push(migration);
                    }
                }
            }
        }
    }

    /// The app of rows that name none: the one that was named, or the only one with a file for one of them.
    fn app(&self, foreign: &Foreign) -> Result<Option<String>, ImportProblem> {
        let needs_app =
            |entry: &&Entry| matches!(entry.what, What::Applied { app: None, .. } | What::UpTo(_));
        if let Some(app) = self.app {
            return Ok(Some(app.to_owned()));
        }
        let entries: Vec<&Entry> = foreign.entries.iter().filter(needs_app).collect();
        if entries.is_empty() {
            return Ok(None);
        }
        let has_file = |app: &&String| entries.iter().any(|entry| !self.files(entry, app).is_empty());
        let here = self.graph.apps().iter().filter(|app| self.router.allow_migrate(self.alias, app));
        let apps: Vec<String> = here.filter(has_file).cloned().collect();
        match apps.as_slice() {
            [app] => Ok(Some(app.clone())),
            _ => Err(ImportProblem::App { alias: self.alias.to_owned(), table: foreign.table, apps }),
        }
    }

    fn of_entry(&self, entry: &Entry, app: Option<&str>) -> Found<'a> {
        let app = match &entry.what {
            What::Nothing(why) => return Found::Nothing((*why).to_owned()),
            What::Applied { app: Some(app), .. } if !self.graph.apps().contains(app) => {
                return Found::Nothing("the app is not installed here".to_owned());
            }
            What::Applied { app: Some(app), .. } => app,
            _ => app.unwrap_or_default(),
        };
        // Django writes every app into every database.
        if !self.router.allow_migrate(self.alias, app) {
            return Found::Nothing("the app lives on another database".to_owned());
        }
        match self.files(entry, app) {
            files if files.is_empty() => Found::NoFile,
            files => Found::Ours(files),
        }
    }

    /// The migrations of an app that a row speaks of.
    fn files(&self, entry: &Entry, app: &str) -> Vec<&'a Migration> {
        let of_app = self.graph.of_app(app).map(|migration| &**migration);
        match &entry.what {
            What::Applied { number: Some(number), name, .. } => of_app
                .filter(|migration| migration.number == *number)
                .filter(|migration| name.as_deref().is_none_or(|name| is_called(migration, name)))
                .collect(),
            What::Applied { number: None, name: Some(name), app: Some(_) } => {
                of_app.filter(|migration| migration.key.name == *name).collect()
            }
            What::UpTo(number) => of_app.filter(|migration| migration.number <= *number).collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether the name behind a migration's number is this one. Tools write spaces or dashes for underscores.
fn is_called(migration: &Migration, name: &str) -> bool {
    let own = &migration.key.name;
    let own = own.strip_prefix('V').unwrap_or(own).trim_start_matches(|sign: char| sign.is_ascii_digit());
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_lowercase()).collect()
    };
    plain(own) == plain(name)
}
