use std::io;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;

use crate::db::migrations::{
    Amendment, Event, Fake, Graph, Key, Migration, Mode, Plan, Request, Site, Target, Work, amend, load, run,
};
use crate::management::checks::apps;
use crate::management::databases::same;
use crate::management::{
    BaseCommand, CommandError, CommandResult, ErrorKind, Group, Manage, Output, PostMigrate, PreMigrate,
    Prompt, Style, block_on,
};
use crate::setup::Project;
use crate::text;

/// Apply migrations, or undo them, on every database
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
    /// Show what would be done, and do nothing
    #[arg(long)]
    plan: bool,
    /// Exit with 4 if anything is to be done, and do nothing
    #[arg(long)]
    check: bool,
    /// Change the history alone, without running anything
    #[arg(long, conflicts_with = "fake_initial")]
    fake: bool,
    /// So for the first migrations of apps whose tables and columns exist already
    #[arg(long)]
    fake_initial: bool,
    /// Go on where migrations are applied whose files are missing
    #[arg(long)]
    allow_missing: bool,
    /// Forget what is half done: the next run begins with the first statement
    #[arg(long, help_heading = "The history", group = "amendment")]
    repair: bool,
    /// Take an edited file for the one that was applied; repeatable
    #[arg(long, value_name = "APP.NAME", help_heading = "The history", group = "amendment")]
    accept_edit: Vec<String>,
    /// Forget that a migration, or all of an app, is applied, without undoing it; repeatable
    #[arg(long, value_name = "APP[.NAME]", help_heading = "The history", group = "amendment")]
    forget: Vec<String>,
    /// Call an app otherwise, whose files were moved already; repeatable
    #[arg(long, value_name = "OLD=NEW", help_heading = "The history", group = "amendment")]
    rename_app: Vec<String>,
    /// Change the history without asking
    #[arg(long, requires = "amendment", help_heading = "The history")]
    yes: bool,
}

impl BaseCommand for Migrate {
    const NAME: &'static str = "migrate";
    const GROUP: Group = Group::Migrations;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        for label in apps::uninstalled(project, &manage.installed) {
            let place = apps::folder(project, &label);
            out.warning(format!(
                "{place} is there, but no installed app has this label: nothing of it is applied"
            ))?;
        }
        let graph = load(&project.files, &project.apps, &project.connections.dialects())?;
        let amendments = self.amendments()?;
        if !amendments.is_empty() {
            return amendments.iter().try_for_each(|amendment| self.amend(project, &graph, amendment, out));
        }
        graph.check_conflicts()?;
        let target = Target::named(&graph, self.app_label.as_deref(), self.migration_name.as_deref())?;
        let request = Request {
            connections: &project.connections,
            work: Work { graph: &graph, router: &project.router, functions: &project.functions },
            target,
            aliases: self.databases.clone(),
            allow_missing: self.allow_missing,
            mode: if self.plan || self.check { Mode::Plan } else { Mode::Apply(self.fake_mode()) },
        };
        let is_run = request.mode != Mode::Plan;
        if is_run {
            tell(project, &PreMigrate { databases: self.databases.clone() })?;
        }
        let mut show = Show::new(out, &request, self.plan);
        let answer = block_on(async { Ok(run(&request, &mut |event| show.event(&event)).await?) });
        let number = show.end(answer)?;
        if is_run {
            tell(project, &PostMigrate { databases: self.databases.clone(), migrations: number })?;
        }
        if self.check && number > 0 { Err(CommandError::pending()) } else { Ok(()) }
    }
}

impl Migrate {
    fn amendments(&self) -> CommandResult<Vec<Amendment>> {
        let mut all = Vec::new();
        if self.repair {
            all.push(Amendment::Repair);
        }
        for name in &self.accept_edit {
            all.push(Amendment::AcceptEdit(
                key(name).ok_or_else(|| wrong("--accept-edit", name, "APP.NAME"))?,
            ));
        }
        for name in &self.forget {
            all.push(key(name).map_or_else(|| Amendment::ForgetApp(name.clone()), Amendment::Forget));
        }
        for pair in &self.rename_app {
            let (from, to) = pair.split_once('=').ok_or_else(|| wrong("--rename-app", pair, "OLD=NEW"))?;
            all.push(Amendment::RenameApp { from: from.to_owned(), to: to.to_owned() });
        }
        if !all.is_empty()
            && (self.app_label.is_some() || self.plan || self.check || self.fake || self.fake_initial)
        {
            let message = "a change of the history is a run of its own: leave the other arguments out";
            return Err(CommandError::usage(message));
        }
        Ok(all)
    }

    /// Shows what would become of each history, and changes it when that is agreed to.
    fn amend(
        &self,
        project: &Project,
        graph: &Graph,
        amendment: &Amendment,
        out: &mut Output,
    ) -> CommandResult {
        let run = |agree: &mut dyn FnMut(&str, &[String]) -> bool| {
            let mut agree = |alias: &str, words: &[String]| agree(alias, words);
            let (connections, databases) = (&project.connections, &self.databases);
            block_on(async {
                Ok(amend(connections, graph, databases, amendment, &mut agree, &mut |_| ()).await?)
            })
        };
        let mut wanted = Vec::new();
        run(&mut |alias, words| {
            wanted.push((alias.to_owned(), words.to_vec()));
            false
        })?;
        if !self.agreed(&wanted, out)? {
            return Ok(out.line("Nothing was changed.")?);
        }
        // What another run changed meanwhile was not agreed to.
        let number = run(&mut |alias, words| wanted.contains(&(alias.to_owned(), words.to_vec())))?;
        let changes = text::count(i64::try_from(number).unwrap_or(i64::MAX), "change");
        Ok(out.line(format!("{changes} of the history."))?)
    }

    fn agreed(&self, wanted: &[(String, Vec<String>)], out: &mut Output) -> CommandResult<bool> {
        for (alias, words) in wanted {
            let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
            out.line(heading)?;
            words.iter().try_for_each(|words| out.line(format!("  {words}")))?;
        }
        out.flush()?;
        match self.yes {
            true => Ok(true),
            false => Prompt::new(out).confirm("Change the history so?", "`--yes` changes it without asking"),
        }
    }

    fn fake_mode(&self) -> Fake {
        match (self.fake, self.fake_initial) {
            (true, _) => Fake::Yes,
            (false, true) => Fake::Initial,
            (false, false) => Fake::No,
        }
    }
}

/// App and name of `shop.0002_x`.
fn key(name: &str) -> Option<Key> {
    let (app, name) = name.split_once('.')?;
    (!app.is_empty() && !name.is_empty()).then(|| Key::new(app, name))
}

fn wrong(flag: &str, found: &str, expected: &str) -> CommandError {
    CommandError::usage(format!("{flag} takes {expected}, not `{found}`"))
}

/// Tells whoever asked for it; where nobody did, nothing is made for it.
fn tell<T: std::any::Any + Sync>(project: &Project, signal: &T) -> CommandResult {
    if !project.signals.has_receivers::<T>() {
        return Ok(());
    }
    block_on(async { Ok(project.signals.send(project, signal).await?) })
}

/// Shows a run as it goes.
struct Show<'a> {
    out: &'a mut Output,
    request: &'a Request<'a>,
    /// Whether a plan is shown, not only counted.
    is_plan_shown: bool,
    /// What became of showing it.
    shown: io::Result<()>,
    /// Where an interrupted run stopped, in a sentence.
    place: String,
    /// The database in hand.
    alias: String,
    is_backwards: bool,
    bar: ProgressBar,
    /// The beginning of a line, while the bar stands where it would.
    held: String,
    /// The databases that come later.
    waiting: Vec<String>,
}

impl<'a> Show<'a> {
    fn new(out: &'a mut Output, request: &'a Request<'a>, is_plan_shown: bool) -> Self {
        Self {
            out,
            request,
            is_plan_shown,
            shown: Ok(()),
            place: String::new(),
            alias: String::new(),
            is_backwards: false,
            bar: ProgressBar::hidden(),
            held: String::new(),
            waiting: Vec::new(),
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let shown = match event {
            Event::Same { alias, as_alias } => self.out.status(same(alias, as_alias)),
            Event::Waiting { alias, holder, limit } => {
                self.waits(alias, *holder, *limit);
                Ok(())
            }
            Event::Locked => {
                self.place.clear();
                Ok(())
            }
            Event::LeftBehind { app, homes, alias } => self.out.status(format!(
                "app `{app}` lives on {} now; its tables on database `{alias}` stay as they are",
                homes.join(", "),
            )),
            Event::Newer { migrations, alias } => self.out.warning(format!(
                "applied on database `{alias}` by a newer release or another branch, without a file here: {}",
                migrations.join(", ")
            )),
            Event::Away { .. } => Ok(()),
            Event::Unasked { alias, parent, child, error } => self.out.warning(format!(
                "{child} depends on {parent} of database `{alias}`, and nobody knows whether that is applied: {error}"
            )),
            Event::Stranger { app, number, alias } => self.out.warning(format!(
                "{} of app `{app}`, which is not installed, {} applied on database `{alias}`; \
                 `manage migrate --forget {app}` forgets them",
                text::count(i64::try_from(*number).unwrap_or(i64::MAX), "migration"),
                if *number == 1 { "is" } else { "are" },
            )),
            Event::Database(site) if self.request.mode == Mode::Plan => self.planned(site),
            Event::Database(site) => self.begun(site),
            Event::Started(migration) => self.started(migration),
            Event::Finished { is_faked, took, notes } => {
                let finished = self.finished(*is_faked, *took);
                finished.and_then(|()| notes.iter().try_for_each(|note| self.out.status(note)))
            }
            Event::Failed => self.ended(Style::Error, "FAILED"),
        };
        if self.shown.is_ok() {
            self.shown = shown;
        }
    }

    /// The answer of the run, with what there is to say about where it ended.
    fn end<T>(self, answer: CommandResult<T>) -> CommandResult<T> {
        self.bar.finish_and_clear();
        let value = answer.map_err(|error| match error.kind {
            ErrorKind::Interrupted if !self.place.is_empty() => error.hint(self.place),
            ErrorKind::Failed if !self.waiting.is_empty() => {
                error.hint(format!("still to be migrated: {}", self.waiting.join(", ")))
            }
            _ => error,
        })?;
        self.shown?;
        Ok(value)
    }

    fn waits(&mut self, alias: &str, holder: Option<&str>, limit: Duration) {
        let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
        self.place = format!("stopped while waiting for database `{alias}`; nothing was changed");
        // When stderr is closed there is nobody to tell.
        drop(self.out.status(format!(
            "database `{alias}` is being migrated by another process{holder}; waiting for at most {}",
            text::duration(limit)
        )));
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        let heading = self.out.styled(Style::Heading, text);
        self.out.line(heading)
    }

    fn database(&mut self, site: &Site<'_>) -> io::Result<()> {
        match site.databases {
            0 | 1 => Ok(()),
            _ => self.heading(&format!("Database {}:", site.alias)),
        }
    }

    fn planned(&mut self, site: &Site<'_>) -> io::Result<()> {
        if !self.is_plan_shown {
            return Ok(());
        }
        if self.out.verbosity() > 0 {
            self.database(site)?;
        }
        show_plan(self.out, site.plan, site.dialect)
    }

    fn begun(&mut self, site: &Site<'_>) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.place.clear();
        self.alias = site.alias.to_owned();
        self.is_backwards = site.plan.is_backwards;
        self.waiting = site.waiting.iter().map(|alias| (*alias).to_owned()).collect();
        self.announce(site)?;
        let number = u64::try_from(site.plan.migrations.len()).unwrap_or(u64::MAX);
        self.bar = if number > 0 { self.out.progress(number, site.alias) } else { ProgressBar::hidden() };
        Ok(())
    }

    fn announce(&mut self, site: &Site<'_>) -> io::Result<()> {
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        self.database(site)?;
        let target = match &self.request.target {
            Target::All if site.apps.is_empty() => "Apply all migrations: (none)".to_owned(),
            Target::All => format!("Apply all migrations: {}", site.apps.join(", ")),
            Target::App(app) => format!("Apply all migrations: {app}"),
            Target::Zero(app) => format!("Unapply all migrations: {app}"),
            Target::Migration(key) => format!("Target specific migration: {}, from {}", key.name, key.app),
        };
        self.heading("Operations to perform:")?;
        self.out.line(format!("  {target}"))?;
        self.heading("Running migrations:")?;
        if self.is_backwards {
            self.out.line("  Rendering model states... DONE")?;
        }
        if site.plan.migrations.is_empty() {
            self.out.line("  No migrations to apply.")?;
        }
        Ok(())
    }

    fn started(&mut self, migration: &Migration) -> io::Result<()> {
        let verb = if self.is_backwards { "Unapplying" } else { "Applying" };
        self.place = format!(
            "stopped while {} {} on database `{}`; run it again: it goes on where this run stopped",
            verb.to_lowercase(),
            migration.key,
            self.alias
        );
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

    fn finished(&mut self, is_faked: bool, took: Duration) -> io::Result<()> {
        self.place = format!("stopped between two migrations of database `{}`; run it again", self.alias);
        let word = if is_faked { "FAKED" } else { "OK" };
        let took = match self.out.verbosity() {
            0 | 1 => String::new(),
            _ => format!(" ({:.3}s)", took.as_secs_f64()),
        };
        self.bar.inc(1);
        self.ended(Style::Success, &format!("{word}{took}"))
    }

    fn ended(&mut self, style: Style, word: &str) -> io::Result<()> {
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        let line = format!("{} {}\n", std::mem::take(&mut self.held), self.out.styled(style, word));
        self.bar.suspend(|| self.out.part(line))
    }
}

fn show_plan(out: &mut Output, plan: &Plan, dialect: &str) -> io::Result<()> {
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
