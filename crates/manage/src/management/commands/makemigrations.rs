//! `makemigrations`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use crate::db::migrations::autodetector::{self, Manner, Naming, Replayed, declared};
use crate::db::migrations::{Graph, Key, Migration, load};
use crate::management::new_migrations::{
    AnswerArgs, Joining, Written, folded, found, has_models, keep_last, lock_project, name, save, show,
    unordered,
};
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};
use crate::setup::Project;
use crate::timezone;

/// Write the migrations that bring the tables to what the models say
///
/// The models are compared with what the migrations make of them; no database is asked. As JSON: `{"migrations": [{"app":
/// "blog", "name": "0002_article_lead", "path": "migrations/blog/0002_article_lead.toml", "stage": "expand", "depends":
/// ["blog.0001_initial"],
/// "operations": [{"operation": "AddField", "description": "Add field lead to article"}], "text": "..."}], "deleted": [],
/// "written": true}`, where `deleted` holds the files that `--update` took the place of.
#[derive(Debug, Args)]
pub(super) struct MakeMigrations {
    /// Labels of the apps to write for, instead of all; what they need of others is written too
    #[arg(id = "app_label", value_name = "APP_LABEL")]
    app_labels: Vec<String>,
    /// Show what would be written, with its text, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write nothing, and exit with 1 if anything would be written
    #[arg(long)]
    check: bool,
    /// Write a migration that does nothing yet, to be filled by hand
    #[arg(long, requires = "app_label", conflicts_with_all = ["merge", "update", "renames", "kept", "defaults", "replaced"])]
    empty: bool,
    /// Join branches of an app's migrations that meet nowhere. What two of them touch both is said; without a terminal only
    /// branches that touch nothing in common are joined, unless `--yes` is given
    #[arg(long, conflicts_with_all = ["update", "renames", "kept", "defaults", "replaced"])]
    merge: bool,
    /// Write the changes into the last migration of each app, which must not be applied yet, instead of a new one
    #[arg(long)]
    update: bool,
    /// Write changes in steps that programs of before and after survive side by side: triggers keep old and new in step,
    /// rows are filled some at a time, and what only the programs of before need goes in a later release (`stage =
    /// "contract"`, which `migrate --contract` applies)
    #[arg(long, conflicts_with_all = ["empty", "merge", "update"])]
    safe: bool,
    /// Join branches without asking, whatever they touch
    #[arg(short, long, requires = "merge")]
    yes: bool,
    /// The name behind the number, instead of one that follows from what is done
    #[arg(short, long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Leave the comment at the top out
    #[arg(long)]
    no_header: bool,
    /// The paths alone on stdout, everything else on stderr
    #[arg(long, conflicts_with = "format")]
    scriptable: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    #[command(flatten)]
    answers: AnswerArgs,
}

/// `--format` of `makemigrations`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// In Django's words
    #[default]
    Plain,
    /// One JSON object
    Json,
}

impl BaseCommand for MakeMigrations {
    const NAME: &'static str = "makemigrations";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        // Two at once would choose the same numbers.
        let _lock = lock_project(project)?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        self.app_labels.iter().try_for_each(|app| graph.check_app(app))?;
        let migrations = if self.merge {
            let joined = self.joining().migrations(&graph, out)?;
            if joined.is_empty() {
                graph.check_conflicts().map_err(unordered)?;
            }
            joined
        } else {
            graph.check_conflicts()?;
            if self.empty { self.empty(&graph) } else { self.changed(project, &graph, out)? }
        };
        let (migrations, gone) = match self.update {
            true => folded(project, &graph, migrations, self.name.as_deref())?,
            false => (migrations, Vec::new()),
        };
        let written =
            migrations.into_iter().map(|migration| Written::new(project, migration, !self.no_header));
        let written = written.collect::<CommandResult<Vec<_>>>()?;
        let is_changed = !(written.is_empty() && gone.is_empty());
        if is_changed && !self.is_dry() {
            let paths: Vec<&str> = gone.iter().map(|one| one.path.as_str()).collect();
            let mut made = save(project, &written, &paths)?;
            for (app, last) in last(&graph, &written, &gone) {
                keep_last(project, &mut made, app, last)?;
            }
        }
        self.tell(&graph, &written, &gone, out)?;
        if self.check && is_changed { Err(CommandError::silent()) } else { Ok(()) }
    }
}

impl MakeMigrations {
    /// What brings the migrations' models to those of the project.
    fn changed(&self, project: &Project, graph: &Graph, out: &mut Output) -> CommandResult<Vec<Migration>> {
        let before = Replayed::new(graph)?;
        let has_models = |app: &str| has_models(project, app);
        for app in project.apps.iter().filter(|app| !has_models(app)) {
            if before.state.models().any(|model| model.app == *app) && self.is_meant(app) {
                out.warning(format!(
                    "the app {app} has no models, only migrations: nothing is compared; models/{app}.toml declares them"
                ))?;
            }
        }
        let after = declared(&project.models, &before.state, has_models);
        let given = self.answers.given()?;
        given.check_renames(&before.state, &after)?;
        let manner = Manner { naming: self.naming(), is_safe: self.safe };
        let migrations = found(graph, (&before, &after), manner, given, out)?;
        Ok(self.needed(migrations))
    }

    fn joining(&self) -> Joining<'_> {
        let is_agreed = self.yes || self.check;
        Joining { apps: &self.app_labels, name: self.name.as_deref(), is_agreed }
    }

    fn naming(&self) -> Naming<'_> {
        Naming { name: self.name.as_deref(), now: timezone::now() }
    }

    /// Whether nothing is written.
    fn is_dry(&self) -> bool {
        self.dry_run || self.check
    }

    fn is_meant(&self, app: &str) -> bool {
        self.app_labels.is_empty() || self.app_labels.iter().any(|label| label == app)
    }

    /// Those of the apps that were named, with those that they depend on.
    fn needed(&self, migrations: Vec<Migration>) -> Vec<Migration> {
        let mut keys: Vec<_> = Vec::new();
        for migration in migrations.iter().rev() {
            if self.is_meant(&migration.key.app) || keys.contains(&migration.key) {
                keys.push(migration.key.clone());
                keys.extend(migration.depends.iter().map(|one| one.key.clone()));
            }
        }
        migrations.into_iter().filter(|migration| keys.contains(&migration.key)).collect()
    }

    /// A migration without operations for each app that was named.
    fn empty(&self, graph: &Graph) -> Vec<Migration> {
        self.app_labels.iter().map(|app| autodetector::empty(graph, app, self.naming())).collect()
    }

    fn tell(
        &self,
        graph: &Graph,
        written: &[Written],
        gone: &[Migration],
        out: &mut Output,
    ) -> CommandResult {
        if self.format == Form::Json {
            return Ok(out.json(&show::json(written, gone, !self.is_dry()))?);
        }
        if written.is_empty() && gone.is_empty() {
            return Ok(out.status(self.nothing())?);
        }
        if self.scriptable {
            return written.iter().try_for_each(|one| Ok(out.line(&one.migration.path)?));
        }
        if out.verbosity() == 0 {
            return Ok(());
        }
        show::plain(out, written, self.dry_run)?;
        show::releases(out, graph, written)?;
        show::gone(out, written, gone, self.is_dry())
    }

    fn nothing(&self) -> String {
        if self.merge {
            return "No conflicts detected to merge.".to_owned();
        }
        let names: Vec<String> = self.app_labels.iter().map(|app| format!("'{app}'")).collect();
        match names.as_slice() {
            [] => "No changes detected".to_owned(),
            [app] => format!("No changes detected in app {app}"),
            apps => format!("No changes detected in apps {}", apps.join(", ")),
        }
    }
}

/// The last migrations of the apps of which one is written or taken away.
fn last<'a>(
    graph: &'a Graph,
    written: &'a [Written],
    gone: &'a [Migration],
) -> BTreeMap<&'a str, Option<&'a Key>> {
    let before = |one: &'a Migration| {
        let mut parents = graph.parents(&one.key).map(|parent| &parent.key);
        (one.key.app.as_str(), parents.find(|parent| parent.app == one.key.app))
    };
    // What is gone was the last of its app.
    let mut last: BTreeMap<&str, Option<&Key>> = gone.iter().map(before).collect();
    last.extend(written.iter().map(|one| (one.migration.key.app.as_str(), Some(&one.migration.key))));
    last
}
