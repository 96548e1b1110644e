//! Shows a run of `migrate` as it goes, in Django's words.

use std::io;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::db::migrations::{Event, Migration, Mode, Plan, Request, Site, Target};
use crate::management::databases::same;
use crate::management::{CommandResult, ErrorKind, Output, Style};
use crate::text;

/// Shows a run as it goes.
pub(super) struct Show<'a> {
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
    pub(super) fn new(out: &'a mut Output, request: &'a Request<'a>, is_plan_shown: bool) -> Self {
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

    pub(super) fn event(&mut self, event: &Event<'_>) {
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
    pub(super) fn end<T>(self, answer: CommandResult<T>) -> CommandResult<T> {
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
