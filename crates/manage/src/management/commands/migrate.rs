use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use clap::Args;
use indicatif::ProgressBar;

use crate::db::Connections;
use crate::db::migrations::{
    self, Event, Fake, Graph, Migration, Plan, PlanSite, Prepared, Session, Target, Work, database_order,
    load, verify,
};
use crate::management::{
    BaseCommand, CommandError, CommandResult, ErrorKind, Group, Manage, Output, Style, block_on,
};
use crate::setup::Project;

/// Apply migrations, or undo them, on every database
#[derive(Debug, Args)]
pub struct Migrate {
    /// Label of one app; what it depends on is applied too
    app_label: Option<String>,
    /// Last migration of the app to be applied, or a prefix that only it has; `zero` undoes all of the app
    #[arg(requires = "app_label")]
    migration_name: Option<String>,
    /// Only this database; repeatable
    #[arg(id = "databases", long = "database", value_name = "ALIAS")]
    databases: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Exit with 1 if anything is to be done, and do nothing
    #[arg(long)]
    check: bool,
    /// Change the history alone, without running anything
    #[arg(long, conflicts_with = "fake_initial")]
    fake: bool,
    /// So for the first migrations of apps whose tables and columns exist already
    #[arg(long)]
    fake_initial: bool,
}

impl BaseCommand for Migrate {
    const NAME: &'static str = "migrate";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let graph = load(&project.files, &project.apps)?;
        graph.check_conflicts()?;
        let run = Run {
            work: Work { graph: &graph, router: &project.router, functions: &project.functions },
            target: self.target(&graph)?,
            aliases: self.aliases(project)?,
            fake: self.fake_mode(),
        };
        run.check_routes(project)?;
        if self.plan || self.check {
            return block_on(run.look(&project.connections, out, self.plan, self.check));
        }
        let place = RefCell::new(String::new());
        let answer = block_on(run.migrate(&project.connections, out, &place));
        answer.map_err(|error| with_place(error, &place.borrow()))
    }
}

/// Says where an interrupted run stopped.
fn with_place(error: CommandError, place: &str) -> CommandError {
    match error.kind {
        ErrorKind::Interrupted if !place.is_empty() => error.hint(place.to_owned()),
        _ => error,
    }
}

impl Migrate {
    fn target(&self, graph: &Graph) -> CommandResult<Target> {
        let Some(app) = &self.app_label else { return Ok(Target::All) };
        graph.check_app(app)?;
        if graph.of_app(app).next().is_none() {
            return Err(CommandError::usage(format!("app `{app}` has no migrations")));
        }
        Ok(match self.migration_name.as_deref() {
            None => Target::App(app.clone()),
            Some("zero") => Target::Zero(app.clone()),
            Some(name) => Target::Migration(graph.find(app, name)?.key.clone()),
        })
    }

    fn aliases(&self, project: &Project) -> CommandResult<Vec<String>> {
        let mut aliases: Vec<String> = if self.databases.is_empty() {
            project.connections.aliases().into_iter().map(str::to_owned).collect()
        } else {
            self.databases.clone()
        };
        let mut places: BTreeMap<String, &str> = BTreeMap::new();
        for alias in &aliases {
            let place = project.connections.backend(alias)?.address();
            // The second would wait for the lock of the first, which is this very run.
            if let Some(other) = places.insert(place, alias).filter(|other| *other != alias) {
                return Err(CommandError::failed(format!("`{other}` and `{alias}` are the same database"))
                    .hint("keep one of them and route every app to it, or name one with `--database`"));
            }
        }
        // Everybody takes locks in this order, so that nobody waits in a circle.
        aliases.sort();
        aliases.dedup();
        Ok(aliases)
    }

    fn fake_mode(&self) -> Fake {
        match (self.fake, self.fake_initial) {
            (true, _) => Fake::Yes,
            (false, true) => Fake::Initial,
            (false, false) => Fake::No,
        }
    }
}

/// One run over one or more databases.
struct Run<'a> {
    work: Work<'a>,
    target: Target,
    aliases: Vec<String>,
    fake: Fake,
}

impl Run<'_> {
    fn check_routes(&self, project: &Project) -> CommandResult {
        let Some(app) = self.target.app() else { return Ok(()) };
        if self.aliases.iter().any(|alias| project.router.allow_migrate(alias, app)) {
            return Ok(());
        }
        let homes: Vec<&str> = project.router.aliases(app).collect();
        let message = format!("app `{app}` does not live on database `{}`", self.aliases.join("`, `"));
        Err(CommandError::usage(message).hint(format!("it lives on: {}", homes.join(", "))))
    }

    /// What is to be done on which of `sessions`, in the order of the run.
    fn plans(&self, sessions: &[Session]) -> CommandResult<Vec<(usize, Plan)>> {
        verify(self.work.graph, sessions)?;
        let is_behind_elsewhere = match &self.target {
            Target::Migration(key) => sessions
                .iter()
                .filter(|session| self.work.router.allow_migrate(session.alias(), &key.app))
                .all(|session| session.history.get(key).is_some()),
            _ => false,
        };
        let mut plans = Vec::new();
        for (number, session) in sessions.iter().enumerate() {
            let applied = session.history.keys();
            let site = PlanSite { alias: session.alias(), applied: &applied, is_behind_elsewhere };
            let plan = Plan::new(self.work.graph, self.work.router, site, &self.target)?;
            let unfinished = session.unfinished(self.work.graph, &plan);
            if !unfinished.is_empty() {
                return Err(migrations::Error::History(unfinished).into());
            }
            if self.is_shown(session, &plan) {
                plans.push((number, plan));
            }
        }
        let aliases: Vec<&str> = self.aliases.iter().map(String::as_str).collect();
        let order = database_order(self.work.graph, self.work.router, &aliases);
        plans.sort_by_key(|(number, _)| order.iter().position(|alias| alias == sessions[*number].alias()));
        // Dependants are undone before what they depend on.
        if plans.iter().any(|(_, plan)| plan.is_backwards) {
            plans.reverse();
        }
        Ok(plans)
    }

    /// Shows or checks what would be done.
    async fn look(
        &self,
        connections: &Connections,
        out: &mut Output,
        is_shown: bool,
        is_checked: bool,
    ) -> CommandResult {
        let mut sessions = Vec::new();
        for alias in &self.aliases {
            sessions.push(Session::open(connections.backend(alias)?).await?);
        }
        let plans = self.plans(&sessions)?;
        if is_shown {
            for (number, plan) in &plans {
                self.heading(out, sessions[*number].alias())?;
                show_plan(out, plan, sessions[*number].backend().features().dialect)?;
            }
        }
        let is_empty = plans.iter().all(|(_, plan)| plan.migrations.is_empty());
        if is_checked && !is_empty { Err(CommandError::silent()) } else { Ok(()) }
    }

    async fn migrate(
        &self,
        connections: &Connections,
        out: &mut Output,
        place: &RefCell<String>,
    ) -> CommandResult {
        let mut sessions = Vec::new();
        for alias in &self.aliases {
            let mut tell = |event: Event<'_>| tell_waiting(out, place, &event);
            sessions.push(Session::open_locked(connections.backend(alias)?, &mut tell).await?);
        }
        place.replace(String::new());
        let answer = self.migrate_all(&mut sessions, out, place).await;
        // Whatever happened, the next run shall not have to wait until the server notices that this one is gone.
        let mut released = Ok(());
        for session in &mut sessions {
            released = released.and(session.release().await);
        }
        answer.and(released.map_err(CommandError::from))
    }

    async fn migrate_all(
        &self,
        sessions: &mut [Session],
        out: &mut Output,
        place: &RefCell<String>,
    ) -> CommandResult {
        let plans = self.plans(sessions)?;
        for session in sessions.iter() {
            self.tell_left_behind(out, session)?;
        }
        // Everything is compiled before the first statement runs anywhere.
        let prepared: Vec<Prepared> = plans
            .iter()
            .map(|(number, plan)| sessions[*number].prepare(self.work, plan, self.fake))
            .collect::<Result<_, _>>()?;
        let mut waiting: Vec<String> = plans
            .iter()
            .filter(|(_, plan)| !plan.migrations.is_empty())
            .map(|(number, _)| sessions[*number].alias().to_owned())
            .collect();
        for ((number, _), prepared) in plans.iter().zip(prepared) {
            let session = &mut sessions[*number];
            waiting.retain(|alias| alias != session.alias());
            self.heading(out, session.alias())?;
            self.announce(out, session, prepared.is_backwards())?;
            self.apply(session, &prepared, out, place).await.map_err(|error| match waiting.as_slice() {
                [] => error,
                waiting => error.hint(format!("still to be migrated: {}", waiting.join(", "))),
            })?;
            session.release().await?;
        }
        Ok(())
    }

    /// Says which apps were moved to another database and left their tables here.
    fn tell_left_behind(&self, out: &mut Output, session: &Session) -> CommandResult {
        let mut apps: Vec<String> = session.history.keys().into_iter().map(|key| key.app).collect();
        apps.dedup();
        apps.retain(|app| {
            self.work.graph.apps().contains(app) && !self.work.router.allow_migrate(session.alias(), app)
        });
        for app in apps {
            let homes: Vec<&str> = self.work.router.aliases(&app).collect();
            out.status(format!(
                "app `{app}` lives on {} now; its tables on database `{}` stay as they are",
                homes.join(", "),
                session.alias()
            ))?;
        }
        Ok(())
    }

    /// A database where the named app neither lives nor has anything to do with the run is left out.
    fn is_shown(&self, session: &Session, plan: &Plan) -> bool {
        let lives = self.target.app().is_none_or(|app| self.work.router.allow_migrate(session.alias(), app));
        lives || !plan.migrations.is_empty()
    }

    fn heading(&self, out: &mut Output, alias: &str) -> CommandResult {
        if self.aliases.len() > 1 && out.verbosity() > 0 {
            let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
            out.line(heading)?;
        }
        Ok(())
    }

    fn announce(&self, out: &mut Output, session: &Session, is_backwards: bool) -> CommandResult {
        if out.verbosity() == 0 {
            return Ok(());
        }
        let target = match &self.target {
            Target::All => {
                let mut apps: Vec<&str> = self.work.graph.apps().iter().map(String::as_str).collect();
                apps.retain(|app| {
                    self.work.graph.of_app(app).next().is_some()
                        && self.work.router.allow_migrate(session.alias(), app)
                });
                apps.sort_unstable();
                let apps = if apps.is_empty() { "(none)".to_owned() } else { apps.join(", ") };
                format!("Apply all migrations: {apps}")
            }
            Target::App(app) => format!("Apply all migrations: {app}"),
            Target::Zero(app) => format!("Unapply all migrations: {app}"),
            Target::Migration(key) => format!("Target specific migration: {}, from {}", key.name, key.app),
        };
        let (operations, running) = ("Operations to perform:", "Running migrations:");
        let heading = out.styled(Style::Heading, operations);
        out.line(heading)?;
        out.line(format!("  {target}"))?;
        let heading = out.styled(Style::Heading, running);
        out.line(heading)?;
        if is_backwards {
            out.line("  Rendering model states... DONE")?;
        }
        Ok(())
    }

    async fn apply(
        &self,
        session: &mut Session,
        prepared: &Prepared,
        out: &mut Output,
        place: &RefCell<String>,
    ) -> CommandResult {
        if prepared.is_empty() {
            if out.verbosity() > 0 {
                out.line("  No migrations to apply.")?;
            }
            return Ok(());
        }
        let bar = out.progress(u64::try_from(prepared.len()).unwrap_or(u64::MAX), session.alias());
        let alias = session.alias().to_owned();
        let mut told = Ok(());
        let mut show = Show {
            out,
            place,
            alias: &alias,
            is_backwards: prepared.is_backwards(),
            bar: &bar,
            held: String::new(),
        };
        let mut tell = |event: Event<'_>| {
            let shown = show.event(&event);
            if told.is_ok() {
                told = shown;
            }
        };
        let answer = session.run(self.work, prepared, self.fake, &mut tell).await;
        bar.finish_and_clear();
        place.replace(String::new());
        answer?;
        Ok(told?)
    }
}

/// Shows the migrations of one database as they run.
struct Show<'a> {
    out: &'a mut Output,
    place: &'a RefCell<String>,
    alias: &'a str,
    is_backwards: bool,
    bar: &'a ProgressBar,
    /// The beginning of a line, while the bar stands where it would.
    held: String,
}

impl Show<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Waiting { .. } => Ok(()),
            Event::Started(migration) => self.started(migration),
            Event::Finished { is_faked, took } => {
                self.place.replace(format!(
                    "stopped between two migrations of database `{}`; run it again",
                    self.alias
                ));
                let word = if *is_faked { "FAKED" } else { "OK" };
                let took = match self.out.verbosity() {
                    0 | 1 => String::new(),
                    _ => format!(" ({:.3}s)", took.as_secs_f64()),
                };
                self.bar.inc(1);
                self.ended(Style::Success, &format!("{word}{took}"))
            }
            Event::Failed => self.ended(Style::Error, "FAILED"),
        }
    }

    fn started(&mut self, migration: &Migration) -> io::Result<()> {
        let verb = if self.is_backwards { "Unapplying" } else { "Applying" };
        self.place.replace(format!(
            "stopped while {} {} on database `{}`; run it again: it goes on where this run stopped",
            verb.to_lowercase(),
            migration.key,
            self.alias
        ));
        let line = format!("  {verb} {}...", migration.key);
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        if self.bar.is_hidden() {
            return self.out.part(line);
        }
        self.bar.set_message(migration.key.to_string());
        self.held = line;
        Ok(())
    }

    fn ended(&mut self, style: Style, word: &str) -> io::Result<()> {
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        let line = format!("{} {}\n", std::mem::take(&mut self.held), self.out.styled(style, word));
        self.bar.suspend(|| self.out.part(line))
    }
}

fn tell_waiting(out: &mut Output, place: &RefCell<String>, event: &Event<'_>) {
    if let Event::Waiting { alias, holder } = event {
        let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
        place.replace(format!("stopped while waiting for database `{alias}`; nothing was changed"));
        // When stderr is closed there is nobody to tell.
        drop(out.status(format!("database `{alias}` is being migrated by another process{holder}; waiting")));
    }
}

fn show_plan(out: &mut Output, plan: &Plan, dialect: &str) -> CommandResult {
    let heading = out.styled(Style::Heading, "Planned operations:");
    out.line(heading)?;
    if plan.migrations.is_empty() {
        out.line("  No planned migration operations.")?;
    }
    for migration in &plan.migrations {
        let name = out.styled(Style::Label, &migration.key.to_string());
        out.line(name)?;
        let mut lines: Vec<String> = migration
            .operations
            .iter()
            .map(|located| located.operation.change().describe_for(dialect))
            .collect();
        if plan.is_backwards {
            lines.reverse();
        }
        for line in lines {
            let undo = if plan.is_backwards { "Undo " } else { "" };
            out.line(format!("    {undo}{line}"))?;
        }
    }
    Ok(())
}
