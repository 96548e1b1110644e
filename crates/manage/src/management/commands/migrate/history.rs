//! What people do to a history by hand: shown first, agreed to, then done.

use clap::Args;

use super::words::waits;
use crate::db::migrations::{Amendment, Graph, Histories, Key, amend};
use crate::management::{CommandError, CommandResult, Output, Prompt, Style, block_on};
use crate::setup::Project;
use crate::text;

/// What `migrate` changes of the history.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
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
    /// Take over what another tool has applied: of Django, refinery, dbmate, Rails, golang-migrate, Flyway, sqlx, goose,
    /// Prisma or diesel; TOOL chooses where there are several
    #[arg(long, value_name = "TOOL", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "The history", group = "amendment")]
    import: Option<String>,
}

/// The histories of a project's databases.
pub(super) struct History<'a> {
    pub(super) project: &'a Project,
    pub(super) graph: &'a Graph,
    /// Only these; none: all.
    pub(super) databases: &'a [String],
    /// Whether nobody is to be asked.
    pub(super) is_agreed: bool,
}

impl HistoryArgs {
    /// Whether another tool's history is taken over, which is done for an app.
    pub(super) fn is_import(&self) -> bool {
        self.import.is_some()
    }

    /// What is asked for. `app` and `allow_missing` are for what is taken over.
    pub(super) fn amendments(&self, app: Option<&str>, allow_missing: bool) -> CommandResult<Vec<Amendment>> {
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
        if let Some(tool) = &self.import {
            all.push(Amendment::Import {
                tool: Some(tool.clone()).filter(|tool| !tool.is_empty()),
                app: app.map(str::to_owned),
                allow_missing,
            });
        }
        Ok(all)
    }
}

impl History<'_> {
    /// Shows what would become of each history, and changes it when that is agreed to.
    pub(super) fn amend(&self, amendment: &Amendment, out: &mut Output) -> CommandResult {
        let run = |out: &mut Output, agree: &mut dyn FnMut(&str, &[String]) -> bool| {
            // When stderr is closed there is nobody to tell.
            let mut waiting = |alias: &str, holder: Option<&str>, limit| {
                drop(out.status(waits(alias, holder, limit)));
            };
            let mut agree = |alias: &str, words: &[String]| agree(alias, words);
            let histories = Histories {
                connections: &self.project.connections,
                graph: self.graph,
                router: &self.project.router,
                aliases: self.databases,
            };
            block_on(async { Ok(amend(&histories, amendment, &mut agree, &mut waiting).await?) })
        };
        let mut wanted = Vec::new();
        run(out, &mut |alias, words| {
            wanted.push((alias.to_owned(), words.to_vec()));
            false
        })?;
        if wanted.is_empty() {
            return Ok(out.line("Nothing is to be changed.")?);
        }
        if !self.ask(&wanted, out)? {
            return Ok(out.line("Nothing was changed.")?);
        }
        // What another run changed meanwhile was not agreed to.
        let number = run(out, &mut |alias, words| wanted.contains(&(alias.to_owned(), words.to_vec())))?;
        let changes = text::count(number, "change");
        Ok(out.line(format!("{changes} of the history."))?)
    }

    fn ask(&self, wanted: &[(String, Vec<String>)], out: &mut Output) -> CommandResult<bool> {
        for (alias, words) in wanted {
            let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
            out.line(heading)?;
            words.iter().try_for_each(|words| out.line(format!("  {words}")))?;
        }
        out.flush()?;
        match self.is_agreed {
            true => Ok(true),
            false => Prompt::new(out).confirm("Change the history so?", "`--yes` changes it without asking"),
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
