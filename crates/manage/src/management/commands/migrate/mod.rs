//! `migrate`.

mod besides;
mod watcher;
mod words;

mod history;
mod report;
mod show;

use std::borrow::Cow;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::conf::parse_duration;
use crate::db::migrations::{
    Agreed, Event, Fake, Frame, Graph, How, Mode, Plan, Request, Target, Work, load, run,
};
use crate::db::{Connections, Limits};
use crate::management::checks::apps;
use crate::management::runtime::tell;
use crate::management::{
    BaseCommand, CommandError, CommandResult, Group, Manage, Output, PostMigrate, PreMigrate, Prompt, Style,
    block_on,
};
use crate::setup::Project;
use besides::{Taken, tell_changed_models};
use history::{History, HistoryArgs};
use report::Report;
use show::Show;
use watcher::Watcher;

/// Apply migrations, or undo them, on every database
///
/// As JSON: `{"databases": [{"alias": "default", "dialect": "postgresql", "direction": "forwards", "migrations":
/// [{"app": "blog", "name": "0001_initial", "state": "applied", "milliseconds": 12.5, "operations": [{"description":
/// "Create model Article", "sql": ["CREATE TABLE ..."]}]}]}], "messages": [], "migrations": 1, "error": null}`. An operation
/// of a plan that `migrate` would refuse also has `refused`: `[{"code": "M003", "text": "..."}]`. States are
/// `planned`, `pending`, `applied`, `undone`, `faked`, `failed` and `rolled back`. With `jsonl` each thing that happens is a
/// line with its `event`: `database`, `migration`, `message`, `touched`, `rolled back`, `unreachable`, `end`.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Label of one app; what it depends on is applied too
    app_label: Option<String>,
    /// Last migration of the app to be applied, or a prefix that only it has; `zero` undoes all of the app
    #[arg(requires = "app_label")]
    migration_name: Option<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Also what the named databases' migrations depend on elsewhere, or what depends on them
    #[arg(long, requires = "databases")]
    with_dependencies: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Exit with 4 if anything is to be done, and do nothing
    #[arg(long)]
    check: bool,
    /// Do it all, say what it touched, and roll it back; not on databases that commit changes of tables by themselves
    #[arg(long, conflicts_with_all = ["plan", "check", "fake", "fake_initial", "single_transaction"])]
    dry_run: bool,
    /// All of a database in one transaction: it is done as a whole or not at all
    #[arg(long, conflicts_with_all = ["plan", "check"])]
    single_transaction: bool,
    /// Also what waits until no program of before runs any more: migrations with `stage = "contract"`, such as
    /// `makemigrations --safe` writes
    #[arg(long)]
    contract: bool,
    /// Change the history alone, without running anything
    #[arg(long, conflicts_with = "fake_initial")]
    fake: bool,
    /// So for the first migrations of apps whose tables and columns exist already
    #[arg(long)]
    fake_initial: bool,
    /// Go on where migrations are applied whose files are missing
    #[arg(long)]
    allow_missing: bool,
    /// Run what is unsafe on large tables as well; `lintmigrations --explain all` lists what that is
    #[arg(long)]
    allow_unsafe: bool,
    /// How many databases at once
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// How to show it; `jsonl` is one line for each thing that happens
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    /// Without asking: undo on several databases, change the history
    #[arg(long)]
    yes: bool,
    /// Wait for databases that do not answer yet, and for other runs, for at most 60 s or TIME
    #[arg(long, value_name = "TIME", value_parser = parse_duration, num_args = 0..=1, require_equals = true, default_missing_value = "60s", help_heading = "Waiting")]
    wait: Option<Duration>,
    /// Longest wait for a lock that somebody else holds, for this run
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Waiting")]
    lock_timeout: Option<Duration>,
    /// Longest run of one statement, for this run
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Waiting")]
    statement_timeout: Option<Duration>,
    #[command(flatten)]
    history: HistoryArgs,
}

/// `--format` of `migrate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// In Django's words
    #[default]
    Plain,
    /// One JSON object
    Json,
    /// A line of JSON for each thing that happens
    Jsonl,
}

impl BaseCommand for Migrate {
    const NAME: &'static str = "migrate";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let mut is_told = false;
        match self.migrate(manage, out, &mut is_told) {
            // Who reads JSON is told in JSON, also of what came before the run.
            Err(error) if !is_told && self.format != Form::Plain => {
                let report = Report::new(out, Mode::Plan(Fake::No), self.format == Form::Jsonl);
                Box::new(report).end(Err(error)).map(drop)
            }
            done => done,
        }
    }
}

impl Migrate {
    /// The whole command; `is_told`: a run began, and has told of itself.
    fn migrate(&self, manage: &Manage, out: &mut Output, is_told: &mut bool) -> CommandResult {
        let project = manage.project()?;
        for label in apps::uninstalled(project, &manage.installed) {
            let place = apps::folder(project, &label);
            out.warning(format!(
                "{place} is there, but no installed app has this label: nothing of it is applied"
            ))?;
        }
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        let amendments = self.history.amendments(self.app_label.as_deref(), self.allow_missing)?;
        if !amendments.is_empty() {
            self.check_alone()?;
            self.app_label.iter().try_for_each(|app| graph.check_app(app))?;
            let history = History { project, graph: &graph, databases: &self.databases, is_agreed: self.yes };
            return amendments.iter().try_for_each(|amendment| history.amend(amendment, out));
        }
        let graph = match (&self.app_label, &self.migration_name) {
            (Some(app), Some(name)) => graph.for_target(app, name)?,
            _ => Cow::Borrowed(&graph),
        };
        self.check_branches(&graph)?;
        let connections = self.connections(project)?;
        let mut request = self.request(project, &graph, &connections)?;
        if !self.agreed(&mut request, out)? {
            return Ok(out.line("Nothing was changed.")?);
        }
        let is_run = matches!(request.mode, Mode::Apply(how) if how.frame != Frame::DryRun);
        if is_run {
            tell(project, &PreMigrate { databases: self.databases.clone() })?;
        }
        *is_told = true;
        let (mut watcher, mut taken) = (self.watcher(&request, out), Taken::default());
        let mut tell_all = |event: Event<'_>| {
            taken.event(&event);
            watcher.event(&event);
        };
        let answer = block_on(async { Ok(run(&request, &mut tell_all).await?) });
        let number = watcher.end(answer)?;
        if is_run {
            tell(project, &PostMigrate { databases: self.databases.clone(), migrations: number })?;
        }
        if is_run && self.fake_initial {
            taken.tell_differences(project, &graph, out)?;
        }
        if number == 0 && matches!(request.target, Target::All | Target::App(_)) {
            tell_changed_models(project, &graph, self.app_label.as_deref(), out)?;
        }
        if self.check && number > 0 { Err(CommandError::pending()) } else { Ok(()) }
    }

    /// Refuses branches that meet nowhere, where the run has to do with them.
    fn check_branches(&self, graph: &Graph) -> CommandResult {
        match &self.app_label {
            None => graph.check_conflicts()?,
            Some(app) => {
                graph.check_app(app)?;
                graph.check_conflicts_around(app)?;
            }
        }
        Ok(())
    }

    /// A change of the history is nothing that a run does beside.
    fn check_alone(&self) -> CommandResult {
        let is_import = self.history.is_import();
        let is_run = (self.app_label.is_some() || self.allow_missing) && !is_import
            || self.migration_name.is_some()
            || self.plan
            || self.check
            || self.fake
            || self.fake_initial
            || self.dry_run
            || self.single_transaction
            || self.contract
            || self.allow_unsafe
            || self.with_dependencies;
        match is_run || self.format != Form::Plain {
            true => Err(CommandError::usage(
                "a change of the history is a run of its own: leave the other arguments out",
            )),
            false => Ok(()),
        }
    }

    /// The project's databases under the limits of this run.
    fn connections(&self, project: &Project) -> CommandResult<Connections> {
        let limits = Limits { lock_timeout: self.lock_timeout, statement_timeout: self.statement_timeout };
        match limits == Limits::default() {
            true => Ok(project.connections.clone()),
            false => Ok(project.connections.limited(limits)?),
        }
    }

    fn request<'a>(
        &self,
        project: &'a Project,
        graph: &'a Graph,
        connections: &'a Connections,
    ) -> CommandResult<Request<'a>> {
        let work = Work { graph, router: &project.router, functions: &project.functions };
        let target = Target::named(graph, self.app_label.as_deref(), self.migration_name.as_deref())?;
        Ok(Request {
            target,
            aliases: self.databases.clone(),
            with_dependencies: self.with_dependencies,
            allow_missing: self.allow_missing,
            allow_unsafe: self.allow_unsafe,
            mode: if self.plan || self.check { Mode::Plan(self.how().fake) } else { Mode::Apply(self.how()) },
            jobs: usize::from(self.jobs),
            wait: self.wait,
            contract: self.contract,
            ..Request::new(connections, work)
        })
    }

    fn how(&self) -> How {
        let fake = match (self.fake, self.fake_initial) {
            (true, _) => Fake::Yes,
            (false, true) => Fake::Initial,
            (false, false) => Fake::No,
        };
        let frame = match (self.dry_run, self.single_transaction) {
            (true, _) => Frame::DryRun,
            (false, true) => Frame::Run,
            (false, false) => Frame::Each,
        };
        How { fake, frame }
    }

    fn watcher<'a>(&self, request: &Request<'_>, out: &'a mut Output) -> Box<dyn Watcher + 'a> {
        match self.format {
            Form::Plain => Box::new(Show::new(out, request.target.clone(), request.mode, self.plan)),
            Form::Json => Box::new(Report::new(out, request.mode, false)),
            Form::Jsonl => Box::new(Report::new(out, request.mode, true)),
        }
    }

    /// Whether what would be undone is agreed to, where that is on several databases. What is agreed to is noted, so that
    /// nothing else is undone.
    fn agreed(&self, request: &mut Request<'_>, out: &mut Output) -> CommandResult<bool> {
        let may_undo = matches!(request.target, Target::Zero(_) | Target::Migration(_));
        let is_run = matches!(request.mode, Mode::Apply(how) if how.frame != Frame::DryRun);
        if self.yes || !may_undo || !is_run {
            return Ok(true);
        }
        let wanted = block_on(undone(request))?;
        if wanted.len() < 2 {
            return Ok(true);
        }
        for (alias, keys) in &wanted {
            let heading = out.styled_status(Style::Heading, &format!("To be undone on database {alias}:"));
            out.status(heading)?;
            keys.iter().try_for_each(|key| out.status(format!("  {key}")))?;
        }
        let question = format!("Undo them on {} databases?", wanted.len());
        request.agreed = Some(wanted);
        Prompt::new(out).confirm(&question, "`--yes` undoes them without asking")
    }
}

/// What a run would undo, by database.
async fn undone(request: &Request<'_>) -> CommandResult<Agreed> {
    let fake = match request.mode {
        Mode::Apply(how) => how.fake,
        Mode::Plan(fake) => fake,
    };
    let look = Request {
        target: request.target.clone(),
        aliases: request.aliases.clone(),
        with_dependencies: request.with_dependencies,
        allow_missing: request.allow_missing,
        mode: Mode::Plan(fake),
        wait: request.wait,
        contract: request.contract,
        ..Request::new(request.connections, request.work)
    };
    let mut wanted = Agreed::new();
    let keys = |plan: &Plan| plan.migrations.iter().map(|migration| migration.key.clone()).collect();
    run(&look, &mut |event| {
        if let Event::Database(site) = event
            && site.plan.is_backwards
            && !site.plan.migrations.is_empty()
        {
            wanted.push((site.alias.to_owned(), keys(site.plan)));
        }
    })
    .await?;
    Ok(wanted)
}
