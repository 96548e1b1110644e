//! `checkdrift`.

mod show;

mod write;

use clap::{Args, ValueEnum};

use crate::db::migrations::{Graph, Work, drift, load};
use crate::db::{Homes, Router};
use crate::management::databases::show_doubles;
use crate::management::new_migrations::{AnswerArgs, lock_project};
use crate::management::{
    BaseCommand, CommandError, CommandResult, ErrorKind, Group, Manage, Output, block_on,
};
use crate::setup::Project;
use show::{Away, Looked};
use write::Written;

/// Compare the tables of databases with what the applied migrations make
///
/// The exit status is 1 where they differ, 5 where a database does not answer, which is told after the others. Looked at are columns, keys, indexes, constraints and remarks; not the names of keys,
/// owners and rights. What no model can say, such as a trigger, is a warning that names it, unless SQL of an applied migration makes it. A table that is in no model counts where it is called as those of an app are,
/// `<app>_...`; others are a warning, since a database may have more than one owner. Nothing on the database is changed: where a
/// server rewrites expressions, it is asked by temporary tables that are rolled back. As JSON: `{"databases": [{"alias":
/// "default", "differences": [{"table": "shop_order", "part": "column", "name": "total", "expected": "numeric(12,2) NOT NULL",
/// "found": null}], "pending": ["shop.0003_x"], "strangers": ["other"], "unsaid": ["trigger x of shop_order"]}, {"alias": "users", "error":
/// "..."}], "written": [{"path":
/// "migrations/shop/0004_x.toml", "app": "shop", "name": "0004_x"}]}`; `expected` or `found` is null where something is missing
/// on that side.
#[derive(Debug, Args)]
pub(super) struct CheckDrift {
    /// Labels of the apps whose tables to compare, instead of all
    #[arg(id = "app_label", value_name = "APP_LABEL")]
    app_labels: Vec<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Write migrations after which the models say what is there, of one database
    #[arg(long)]
    write: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    #[command(flatten)]
    answers: AnswerArgs,
}

/// `--format` of `checkdrift`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for people
    #[default]
    Plain,
    /// One JSON object
    Json,
}

impl BaseCommand for CheckDrift {
    const NAME: &'static str = "checkdrift";
    const GROUP: Group = Group::Migrations;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        if !self.write && !self.answers.is_empty() {
            return Err(
                CommandError::usage("nothing is asked without `--write`").hint("leave the answers out")
            );
        }
        // Two at once would choose the same numbers.
        let _lock = self.write.then(|| lock_project(project)).transpose()?;
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        self.app_labels.iter().try_for_each(|app| graph.check_app(app))?;
        let homes = block_on(async { Ok(Homes::look_at(&project.connections, &self.databases).await?) })?;
        show_doubles(&homes, out)?;
        let router = homes.router(&project.router);
        let (looked, away) = self.look(project, &graph, &router, homes.chosen())?;
        for one in &looked {
            one.warnings().into_iter().try_for_each(|words| out.warning(words))?;
        }
        let is_different = looked.iter().any(Looked::is_different);
        let written = match self.write && is_different {
            true => write::write(project, &graph, &looked, &self.answers, out)?,
            false => Written::default(),
        };
        match self.format {
            Form::Json => out.json(&show::json(&looked, &away, &written.files))?,
            Form::Plain => {
                show::plain(out, &looked)?;
                written.tell(out)?;
            }
        }
        let mut away = away.into_iter().map(|Away { error, .. }| error);
        let first = away.next();
        // The first one is told where the command ends.
        away.try_for_each(|error| out.warning(format!("{:#}", error.source)))?;
        let is_done = !is_different || written.is_whole();
        match first {
            Some(error) => Err(error),
            None if is_done => Ok(()),
            None => Err(CommandError::silent()),
        }
    }
}

impl CheckDrift {
    /// Looks at each database in turn; those that do not answer come beside.
    fn look(
        &self,
        project: &Project,
        graph: &Graph,
        router: &Router,
        aliases: &[String],
    ) -> CommandResult<(Vec<Looked>, Vec<Away>)> {
        let work = Work { graph, router, functions: &project.functions };
        let (mut looked, mut away) = (Vec::with_capacity(aliases.len()), Vec::new());
        for alias in aliases {
            let backend = project.connections.backend(alias)?;
            let alias = alias.clone();
            match block_on(async { Ok(drift(work, backend, &self.app_labels).await?) }) {
                Ok(drift) => looked.push(Looked { alias, drift }),
                Err(error) if error.kind == ErrorKind::Unreachable => away.push(Away { alias, error }),
                Err(error) => return Err(error),
            }
        }
        Ok((looked, away))
    }
}
