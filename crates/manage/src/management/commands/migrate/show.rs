//! Shows a run of `migrate` as it goes, in Django's words.

use std::io;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar};

use super::watcher::{Answer, Watcher};
use super::words::{Talk, talk, touched};
use crate::db::migrations::{Done, Event, Frame, Migration, Mode, Site, Target, Touched};
use crate::management::{CommandResult, ErrorKind, Output, Style};
use crate::text;

/// Shows a run as it goes: the databases one after the other, also where several run at once. What is ahead of its turn is
/// held back; bars show all.
pub(super) struct Show<'a> {
    out: &'a mut Output,
    target: Target,
    mode: Mode,
    /// Whether a plan is shown, not only counted.
    is_plan_shown: bool,
    /// What became of showing it.
    shown: io::Result<()>,
    /// Where an interrupted run stopped, in a sentence, before any database was begun.
    place: String,
    bars: MultiProgress,
    /// The databases that were begun, in order.
    databases: Vec<Database>,
    /// The databases that have something to be done, in order.
    expected: Vec<String>,
}

/// A database of the run.
struct Database {
    alias: String,
    /// Where it is, in a sentence.
    place: String,
    is_backwards: bool,
    is_over: bool,
    has_failed: bool,
    /// How many migrations there are.
    number: usize,
    /// How many of them are still to be run.
    left: usize,
    bar: ProgressBar,
    /// The beginning of the line of the migration in hand.
    line: String,
    /// Whether it stands there, and the line is still open.
    is_line_open: bool,
    /// What is held back while another one is shown.
    held: String,
}

impl<'a> Show<'a> {
    pub(super) fn new(out: &'a mut Output, target: Target, mode: Mode, is_plan_shown: bool) -> Self {
        let bars = out.bars();
        Self {
            out,
            target,
            mode,
            is_plan_shown,
            shown: Ok(()),
            place: String::new(),
            bars,
            databases: Vec::new(),
            expected: Vec::new(),
        }
    }

    fn say(&mut self, event: &Event<'_>) -> io::Result<()> {
        match talk(event) {
            None => Ok(()),
            Some(Talk::Status(text)) => self.bars.suspend(|| self.out.status(text)),
            Some(Talk::Warning(text)) => self.bars.suspend(|| self.out.warning(text)),
        }
    }

    fn show(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Waiting { alias, .. } | Event::Absent { alias, .. } => {
                self.place = format!("stopped while waiting for database `{alias}`; nothing was changed");
                // When stderr is closed there is nobody to tell.
                drop(self.say(event));
                Ok(())
            }
            Event::Blocked { alias, .. } => {
                self.break_line(alias)?;
                drop(self.say(event));
                Ok(())
            }
            Event::Locked => {
                self.place.clear();
                Ok(())
            }
            Event::Database(site) if matches!(self.mode, Mode::Plan(_)) => self.planned(site),
            Event::Database(site) => self.begun(site),
            Event::Started { alias, migration, .. } => self.started(alias, migration),
            Event::Progress { alias, done } => {
                self.database(alias, |database| database.bar.set_message(progress(&database.line, *done)));
                Ok(())
            }
            Event::Finished { alias, is_faked, took, notes } => {
                let finished = self.finished(alias, *is_faked, *took);
                finished.and_then(|()| notes.iter().try_for_each(|note| self.note(note)))
            }
            Event::Failed { alias, .. } => {
                self.ended(alias, Style::Error, "FAILED")?;
                self.database(alias, |database| database.has_failed = true);
                Ok(())
            }
            Event::DryRun { alias, touched } => self.rolled_back(alias, touched),
            Event::RolledBack { alias } => {
                let left =
                    self.database(alias, |database| std::mem::replace(&mut database.left, database.number));
                let is_tried = matches!(self.mode, Mode::Apply(how) if how.frame == Frame::DryRun);
                match left {
                    // One that did not fail itself, but was stopped.
                    Some(_) if !is_tried => self.write(alias, "  Rolled back; nothing of it stays.\n"),
                    _ => Ok(()),
                }
            }
            Event::Left { alias } => self.left(alias),
            Event::Same { .. }
            | Event::LeftBehind { .. }
            | Event::Newer { .. }
            | Event::Held { .. }
            | Event::Away { .. }
            | Event::Unasked { .. }
            | Event::Stranger { .. }
            | Event::Foreign { .. }
            | Event::AlsoFailed { .. } => self.say(event),
        }
    }

    fn is_framed(&self) -> bool {
        matches!(self.mode, Mode::Apply(how) if how.frame != Frame::Each)
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        self.bars.suspend(|| self.out.status(note))
    }

    /// Looks up a database of the run and changes it.
    fn database<T>(&mut self, alias: &str, change: impl FnOnce(&mut Database) -> T) -> Option<T> {
        self.databases.iter_mut().find(|database| database.alias == alias).map(change)
    }

    /// Writes what is to be seen of a database, at once if it is its turn.
    fn write(&mut self, alias: &str, text: &str) -> io::Result<()> {
        let turn = self.databases.iter().find(|database| !database.is_over);
        if turn.is_none_or(|database| database.alias == alias) {
            return self.bars.suspend(|| self.out.part(text));
        }
        self.database(alias, |database| database.held.push_str(text));
        Ok(())
    }

    fn heading(&self, text: &str) -> String {
        format!("{}\n", self.out.styled(Style::Heading, text))
    }

    fn title(&self, site: &Site<'_>) -> String {
        match site.databases {
            0 | 1 => String::new(),
            _ => self.heading(&format!("Database {}:", site.alias)),
        }
    }

    fn planned(&mut self, site: &Site<'_>) -> io::Result<()> {
        if !self.is_plan_shown {
            return Ok(());
        }
        let title = if self.out.verbosity() > 0 { self.title(site) } else { String::new() };
        self.out.part(title)?;
        show_plan(self.out, site)
    }

    fn begun(&mut self, site: &Site<'_>) -> io::Result<()> {
        self.place.clear();
        let number = site.plan.migrations.len();
        for alias in std::iter::once(site.alias).chain(site.waiting.iter().copied()) {
            if !self.expected.iter().any(|known| known == alias) {
                self.expected.push(alias.to_owned());
            }
        }
        let steps = u64::try_from(number).unwrap_or(u64::MAX);
        let bar = if number > 0 {
            self.out.progress_among(&self.bars, steps, site.alias)
        } else {
            ProgressBar::hidden()
        };
        self.databases.push(Database {
            alias: site.alias.to_owned(),
            place: String::new(),
            is_backwards: site.plan.is_backwards,
            is_over: false,
            has_failed: false,
            number,
            left: number,
            bar,
            line: String::new(),
            is_line_open: false,
            held: String::new(),
        });
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        let text = self.announcement(site);
        self.write(site.alias, &text)
    }

    fn announcement(&self, site: &Site<'_>) -> String {
        let target = match &self.target {
            Target::All | Target::These(_) if site.apps.is_empty() => {
                "Apply all migrations: (none)".to_owned()
            }
            Target::All | Target::These(_) => format!("Apply all migrations: {}", site.apps.join(", ")),
            Target::App(app) => format!("Apply all migrations: {app}"),
            Target::Zero(app) => format!("Unapply all migrations: {app}"),
            Target::Migration(key) => format!("Target specific migration: {}, from {}", key.name, key.app),
        };
        let mut text = self.title(site);
        text += &self.heading("Operations to perform:");
        text += &format!("  {target}\n");
        text += &self.heading("Running migrations:");
        if site.plan.is_backwards {
            text += "  Rendering model states... DONE\n";
        }
        if site.plan.migrations.is_empty() {
            text += "  No migrations to apply.\n";
        }
        text
    }

    fn started(&mut self, alias: &str, migration: &Migration) -> io::Result<()> {
        let is_backwards = self.database(alias, |database| database.is_backwards).unwrap_or_default();
        let verb = if is_backwards { "Unapplying" } else { "Applying" };
        let what = format!("stopped while {} {} on database `{alias}`", verb.to_lowercase(), migration.key);
        let place = match self.is_framed() {
            true => format!("{what}; the whole run is rolled back"),
            false => format!("{what}; run it again: it goes on where this run stopped"),
        };
        self.database(alias, |database| database.place = place);
        let line = format!("  {verb} {}...", migration.key);
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        let is_shown = self.database(alias, |database| {
            database.bar.set_message(migration.key.to_string());
            line.clone_into(&mut database.line);
            // A bar stands where the line would.
            database.is_line_open = database.bar.is_hidden();
            database.is_line_open
        });
        if is_shown == Some(true) { self.write(alias, &line) } else { Ok(()) }
    }

    /// Ends the line of the migration in hand, so that something else can be said; it is written anew when it is done.
    fn break_line(&mut self, alias: &str) -> io::Result<()> {
        match self.database(alias, |database| std::mem::take(&mut database.is_line_open)) {
            Some(true) => self.write(alias, "\n"),
            _ => Ok(()),
        }
    }

    fn finished(&mut self, alias: &str, is_faked: bool, took: Duration) -> io::Result<()> {
        let what = format!("stopped between two migrations of database `{alias}`");
        let place = match self.is_framed() {
            true => format!("{what}; the whole run is rolled back"),
            false => format!("{what}; run it again"),
        };
        self.database(alias, |database| {
            database.place = place;
            database.left = database.left.saturating_sub(1);
            database.bar.inc(1);
        });
        let word = if is_faked { "FAKED" } else { "OK" };
        let took = match self.out.verbosity() {
            0 | 1 => String::new(),
            _ => format!(" ({:.3}s)", took.as_secs_f64()),
        };
        self.ended(alias, Style::Success, &format!("{word}{took}"))
    }

    fn ended(&mut self, alias: &str, style: Style, word: &str) -> io::Result<()> {
        if self.out.verbosity() == 0 {
            return Ok(());
        }
        let begun = self.database(alias, |database| match std::mem::take(&mut database.is_line_open) {
            true => String::new(),
            false => std::mem::take(&mut database.line),
        });
        let line = format!("{} {}\n", begun.unwrap_or_default(), self.out.styled(style, word));
        self.write(alias, &line)
    }

    fn rolled_back(&mut self, alias: &str, all: &[Touched]) -> io::Result<()> {
        self.database(alias, |database| {
            database.place = format!("stopped before database `{alias}` was rolled back; nothing stays");
        });
        let mut text = self.heading("Rolled back; it would touch:");
        all.iter().for_each(|one| text += &format!("  {}\n", touched(one)));
        self.write(alias, &text)
    }

    /// It is over; those that were held back behind it come to light.
    fn left(&mut self, alias: &str) -> io::Result<()> {
        self.database(alias, |database| {
            database.is_over = true;
            database.place.clear();
            database.bar.finish_and_clear();
        });
        for position in 0..self.databases.len() {
            let held = std::mem::take(&mut self.databases[position].held);
            if !held.is_empty() {
                self.bars.suspend(|| self.out.part(held))?;
            }
            if !self.databases[position].is_over {
                break;
            }
        }
        Ok(())
    }

    /// Databases of which something is still to be done, but for those that failed.
    fn still_to_be_migrated(&self) -> Vec<&str> {
        let is_open = |alias: &&String| {
            let begun = self.databases.iter().find(|database| database.alias == **alias);
            begun.is_none_or(|database| database.left > 0 && !database.has_failed)
        };
        self.expected.iter().filter(is_open).map(String::as_str).collect()
    }

    fn places(&self) -> Vec<String> {
        let begun = self.databases.iter().map(|database| &database.place);
        begun.chain([&self.place]).filter(|place| !place.is_empty()).cloned().collect()
    }
}

impl Watcher for Show<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let shown = self.show(event);
        if self.shown.is_ok() {
            self.shown = shown;
        }
    }

    fn end(self: Box<Self>, answer: Answer) -> CommandResult<usize> {
        self.databases.iter().for_each(|database| database.bar.finish_and_clear());
        let number = answer.map_err(|mut error| {
            match error.kind {
                ErrorKind::Interrupted | ErrorKind::Terminated => error.hints.extend(self.places()),
                ErrorKind::Failed | ErrorKind::Unreachable => match self.still_to_be_migrated().as_slice() {
                    [] => {}
                    aliases => error.hints.push(format!("still to be migrated: {}", aliases.join(", "))),
                },
                _ => {}
            }
            error
        })?;
        self.shown?;
        Ok(number)
    }
}

/// What stands beside a bar while rows are changed, of which there are many.
fn progress(line: &str, done: Done) -> String {
    let migration = line.trim_end_matches("...").rsplit(' ').next().unwrap_or_default();
    format!("{migration}: {} of {}", done.rows, text::count(done.of, "row"))
}

fn show_plan(out: &mut Output, Site { prepared, refused, .. }: &Site<'_>) -> io::Result<()> {
    let heading = out.styled(Style::Heading, "Planned operations:");
    out.line(heading)?;
    if prepared.is_empty() {
        out.line("  No planned migration operations.")?;
    }
    let undo = if prepared.is_backwards() { "Undo " } else { "" };
    for (migration, program) in prepared.programs() {
        let name = out.styled(Style::Label, &migration.key.to_string());
        out.line(name)?;
        for part in &program.parts {
            out.line(format!("    {undo}{}", part.description))?;
            for finding in refused.iter().filter(|finding| finding.place == part.place) {
                let mark = out.styled(Style::Warning, "refused without --allow-unsafe:");
                out.line(format!("      {mark} {finding}"))?;
            }
        }
    }
    Ok(())
}
