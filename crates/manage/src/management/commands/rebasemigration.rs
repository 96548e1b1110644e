use std::fs;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::db::migrations::rebaser::{Rebase, rebase};
use crate::db::migrations::{Graph, Key, Migration, load};
use crate::management::applied::refuse_applied;
use crate::management::new_migrations::{
    keep_last, lock_project, max_migration, refuse_embedded, save_rewritten, unordered,
};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, Prompt};
use crate::setup::Project;
use crate::{text, timezone};

/// Put one branch of an app's migrations behind the other
///
/// Its files get the next numbers, and what they and others depend on follows. Which branch moves is told by MIGRATION, else
/// by max_migration.txt: what it does not name; between conflict marks of git, what is not merged yet. A branch that some
/// database has applied stays where it is.
#[derive(Debug, Args)]
pub(super) struct RebaseMigration {
    /// Label of the app
    app_label: String,
    /// A migration of the branch that moves
    migration_name: Option<String>,
    /// The last migration of the branch that it comes behind, where there are several
    #[arg(long, value_name = "NAME")]
    onto: Option<String>,
    /// Show what would move, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl BaseCommand for RebaseMigration {
    const NAME: &'static str = "rebasemigration";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let _lock = lock_project(project)?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        graph.check_app(&self.app_label)?;
        let leaves = graph.leaves(&self.app_label);
        if leaves.len() < 2 {
            graph.check_conflicts().map_err(unordered)?;
            return Ok(out.status(format!("The migrations of '{}' are one branch.", self.app_label))?);
        }
        let moved = self.moved(project, &graph, &leaves, out)?;
        let onto = self.onto(&graph, &leaves, &moved)?;
        let rebase = rebase(&graph, &moved, &onto, timezone::now())?;
        let migrations: Vec<&Migration> = rebase.moves.iter().map(|(migration, _)| &**migration).collect();
        refuse_embedded(project, migrations.iter().copied())?;
        let way_out = "undo it first (`manage migrate`), move the other branch, or join them: `manage makemigrations --merge`";
        refuse_applied(project, &migrations, way_out)?;
        if !self.dry_run {
            let files = rebase.files(&graph, &project.files)?;
            let mut made = save_rewritten(project, &files)?;
            keep_last(project, &mut made, &self.app_label, rebase.moves.last().map(|(_, to)| to))?;
        }
        show(&rebase, out)
    }
}

impl RebaseMigration {
    /// The last migration of the branch that moves.
    fn moved(
        &self,
        project: &Project,
        graph: &Graph,
        leaves: &[&Arc<Migration>],
        out: &Output,
    ) -> CommandResult<Key> {
        if let Some(name) = &self.migration_name {
            return branch_of(graph, leaves, &graph.find(&self.app_label, name)?.key);
        }
        let is_leaf = |name: &String| leaves.iter().any(|leaf| leaf.key.name == *name);
        let text = fs::read_to_string(project.root.join(max_migration(&self.app_label))).unwrap_or_default();
        let found = match named(&text) {
            Named::One(name) if is_leaf(&name) && leaves.len() == 2 => {
                leaves.iter().map(|leaf| leaf.key.name.clone()).find(|other| *other != name)
            }
            Named::Two { ours, theirs } if is_leaf(&ours) && is_leaf(&theirs) => match git(&project.root) {
                Git::Merges => Some(ours),
                Git::Replays => Some(theirs),
                Git::Idle => None,
            },
            _ => None,
        };
        let name = match found {
            Some(name) => name,
            None => self.asked(leaves, out)?,
        };
        branch_of(graph, leaves, &graph.find(&self.app_label, &name)?.key)
    }

    fn asked(&self, leaves: &[&Arc<Migration>], out: &Output) -> CommandResult<String> {
        let names: Vec<&str> = leaves.iter().map(|leaf| leaf.key.name.as_str()).collect();
        let question = format!("Which branch moves: {}", text::alternatives(&names));
        let answers: Vec<String> =
            names.iter().map(|name| format!("`manage rebasemigration {} {name}`", self.app_label)).collect();
        Prompt::new(out).line(&question, None, &format!("{} answers", text::alternatives(&answers)))
    }

    /// The last migration of the branch that the other one comes behind.
    fn onto(&self, graph: &Graph, leaves: &[&Arc<Migration>], moved: &Key) -> CommandResult<Key> {
        if let Some(name) = &self.onto {
            return branch_of(graph, leaves, &graph.find(&self.app_label, name)?.key);
        }
        let others: Vec<&Key> = leaves.iter().map(|leaf| &leaf.key).filter(|key| *key != moved).collect();
        match others.as_slice() {
            [one] => Ok((*one).clone()),
            others => {
                let names: Vec<&str> = others.iter().map(|key| key.name.as_str()).collect();
                Err(CommandError::usage(format!("{moved} could come behind any of {}", names.join(", ")))
                    .hint(format!("choose one: `--onto {}`", names.first().copied().unwrap_or_default())))
            }
        }
    }
}

/// The only branch that has the migration.
fn branch_of(graph: &Graph, leaves: &[&Arc<Migration>], key: &Key) -> CommandResult<Key> {
    let has = |leaf: &&&Arc<Migration>| graph.with_ancestors([&leaf.key]).contains(key);
    match leaves.iter().filter(has).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.key.clone()),
        _ => Err(CommandError::usage(format!("{key} belongs to several branches"))
            .hint("name a migration behind the place where they part")),
    }
}

/// What max_migration.txt names.
enum Named {
    None,
    One(String),
    /// Between conflict marks.
    Two {
        ours: String,
        theirs: String,
    },
}

fn named(text: &str) -> Named {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [one] => Named::One((*one).to_owned()),
        [begin, ours, middle, theirs, end]
            if begin.starts_with("<<<<<<<")
                && middle.starts_with("=======")
                && end.starts_with(">>>>>>>") =>
        {
            Named::Two { ours: (*ours).to_owned(), theirs: (*theirs).to_owned() }
        }
        _ => Named::None,
    }
}

/// What git is about.
enum Git {
    Idle,
    /// Another branch comes into this one, whose own migrations are the new ones.
    Merges,
    /// Commits are put behind others, and theirs are the new ones.
    Replays,
}

fn git(root: &Path) -> Git {
    let folder = root.ancestors().map(|folder| folder.join(".git")).find(|path| path.exists());
    // In a further work tree it is a file that says where the folder is.
    let folder = folder.map(|path| match fs::read_to_string(&path) {
        Ok(text) => path.with_file_name(text.trim().trim_start_matches("gitdir: ")),
        Err(_) => path,
    });
    let has = |name: &str| folder.as_ref().is_some_and(|folder| folder.join(name).exists());
    if ["rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD"].into_iter().any(has) {
        Git::Replays
    } else if has("MERGE_HEAD") {
        Git::Merges
    } else {
        Git::Idle
    }
}

fn show(rebase: &Rebase, out: &mut Output) -> CommandResult {
    for (migration, to) in &rebase.moves {
        out.line(format!("{} -> {to}", migration.key))?;
    }
    Ok(out.status(format!("{} behind {}.", text::count(rebase.moves.len(), "migration"), rebase.onto))?)
}
