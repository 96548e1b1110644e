use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use crate::db::backends::base::DIALECTS;
use crate::db::migrations::squasher::{HowToSquash, Squash, range, squash};
use crate::db::migrations::{Graph, Key, Migration, load};
use crate::management::new_migrations::{Written, keep_last, lock_project, name, refuse_embedded, save};
use crate::management::proof::compare;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, Prompt, Style};
use crate::setup::Project;
use crate::text;

/// Write one migration that stands for several of an app
///
/// Databases that have applied all of them have applied it; new ones run it alone, and one that has applied a part goes on
/// one by one. The old files stay until every database has applied them; then they can be deleted, and the new file keeps
/// its `replaces`. Where migrations of other apps come between, several squashes are written.
#[derive(Debug, Args)]
pub(super) struct SquashMigrations {
    /// Label of the app
    #[arg(required_unless_present = "all")]
    app_label: Option<String>,
    /// The first migration, if it is not the app's first, and the last, if it is not the app's last: names, or prefixes that
    /// only they have
    #[arg(value_name = "[START] END", num_args = 0..=2)]
    names: Vec<String>,
    /// Squash what there is of every app of the project
    #[arg(long, conflicts_with_all = ["app_label", "names", "squashed_name"])]
    all: bool,
    /// Keep all operations as they are
    #[arg(long)]
    no_optimize: bool,
    /// The name behind the number, instead of one made of the first name and the last
    #[arg(long, value_name = "NAME", value_parser = name)]
    squashed_name: Option<String>,
    /// Leave the comment at the top out
    #[arg(long)]
    no_header: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not prove on scratch databases, which the account must be allowed to make, that old and new migrations make the
    /// same
    #[arg(long)]
    no_proof: bool,
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
}

impl BaseCommand for SquashMigrations {
    const NAME: &'static str = "squashmigrations";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let _lock = lock_project(project)?;
        let graph = read(project, out)?;
        graph.check_conflicts()?;
        let keys = self.keys(project, &graph)?;
        let how = HowToSquash { is_optimized: !self.no_optimize, name: self.squashed_name.as_deref() };
        let squashes = squash(&graph, &keys, how)?;
        if squashes.is_empty() {
            return Ok(out.status("No two migrations could be one.")?);
        }
        refuse_embedded(project, squashes.iter().flat_map(|one| members(&graph, one)))?;
        squashes.iter().try_for_each(|one| self.show(one, out))?;
        out.flush()?;
        let is_asked = !self.yes && !self.dry_run && out.is_interactive();
        if is_asked && !Prompt::new(out).confirm("Write it so?", "`--yes` writes without asking")? {
            return Ok(());
        }
        let written = squashes.into_iter().map(|one| Written::new(project, one.migration, !self.no_header));
        let written = written.collect::<CommandResult<Vec<_>>>()?;
        if self.dry_run {
            return written.iter().try_for_each(|one| Ok(out.line(format!("\n{}", one.text.trim_end()))?));
        }
        let mut made = save(project, &written, &[])?;
        if let Err(error) = self.prove(project, &graph, &written, out) {
            made.undo();
            return Err(error);
        }
        for one in &written {
            let app = &one.migration.key.app;
            let is_last = |leaf: &Key| one.migration.replaces.iter().any(|member| member.key == *leaf);
            if graph.leaves(app).iter().any(|leaf| is_last(&leaf.key)) {
                keep_last(project, &mut made, app, Some(&one.migration.key))?;
            }
        }
        for one in &written {
            let path = out.styled(Style::Label, &one.migration.path);
            out.line(format!("Created new squashed migration {path}"))?;
        }
        Ok(out.status(
            "Commit it, and leave the old files where they are until every database has applied them.",
        )?)
    }
}

/// All migrations, with what they are on kinds of databases that the project does not have now: it may have them elsewhere.
fn read(project: &Project, out: &mut Output) -> CommandResult<Graph> {
    if let Ok(graph) = load(&project.files, &project.apps, &DIALECTS) {
        return Ok(graph);
    }
    let here = project.connections.dialects();
    let graph = load(&project.files, &project.apps, &here)?;
    out.warning(format!(
        "SQL is taken over as it is for {} alone: it cannot be read for others",
        here.join(", ")
    ))?;
    Ok(graph)
}

/// A proof that could not be made.
fn unproved(error: CommandError) -> CommandError {
    error.hint(
        "nothing was written: a squash is proved on scratch databases beside those of the project; `--no-proof` does without",
    )
}

/// The migrations that a squash stands for.
fn members<'a>(graph: &'a Graph, squash: &'a Squash) -> impl Iterator<Item = &'a Migration> {
    squash.migration.replaces.iter().filter_map(|member| graph.get(&member.key).map(|one| &**one))
}

impl SquashMigrations {
    fn keys(&self, project: &Project, graph: &Graph) -> CommandResult<BTreeSet<Key>> {
        let Some(app) = &self.app_label else {
            let is_own = |one: &&Arc<Migration>| project.root.join(&one.path).is_file();
            return Ok(graph.migrations().filter(is_own).map(|one| one.key.clone()).collect());
        };
        graph.check_app(app)?;
        let (start, end) = match self.names.as_slice() {
            [start, end] => (Some(start.as_str()), end.clone()),
            [end] => (None, end.clone()),
            _ => match graph.leaves(app).first() {
                Some(leaf) => (None, leaf.key.name.clone()),
                None => return Err(CommandError::usage(format!("app `{app}` has no migrations"))),
            },
        };
        Ok(range(graph, app, start, &end)?)
    }

    /// Makes an empty database of each kind by the old migrations and by the new ones, and compares the two.
    fn prove(
        &self,
        project: &Project,
        graph: &Graph,
        written: &[Written],
        out: &mut Output,
    ) -> CommandResult {
        if self.no_proof {
            return Ok(());
        }
        let squashed = load(&project.files, &project.apps, &project.connections.dialects())?;
        let mut kinds: Vec<&str> = Vec::new();
        for alias in project.connections.primaries() {
            let features = project.connections.backend(alias)?.features();
            let is_about =
                written.iter().any(|one| project.router.allow_migrate(alias, &one.migration.key.app));
            if !is_about || kinds.contains(&features.dialect) {
                continue;
            }
            kinds.push(features.dialect);
            out.status(format!("Comparing what both make on {} ...", features.display_name))?;
            let different = compare(project, alias, (graph, &squashed)).map_err(unproved)?;
            if !different.is_empty() {
                let words = different.join("\n  ");
                return Err(CommandError::failed(format!(
                    "on {} the squash makes something else, and nothing was written:\n  {words}",
                    features.display_name
                ))
                .hint("squash a part of the migrations, or leave operations as they are: `--no-optimize`"));
            }
        }
        Ok(())
    }

    fn show(&self, squash: &Squash, out: &mut Output) -> CommandResult {
        let Squash { migration, before } = squash;
        let heading = format!("{}: one migration instead of {}", migration.key, migration.replaces.len());
        let heading = out.styled(Style::Heading, &heading);
        out.line(heading)?;
        migration.replaces.iter().try_for_each(|member| out.line(format!("  - {}", member.key.name)))?;
        let after = migration.operations.len();
        let words = match after == *before {
            true => format!("  {}", text::count(after, "operation")),
            false => format!("  {} instead of {before}", text::count(after, "operation")),
        };
        Ok(out.line(words)?)
    }
}
