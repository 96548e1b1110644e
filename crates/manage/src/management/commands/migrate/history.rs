//! What people do to a history by hand: shown first, agreed to, then done.

use super::Migrate;
use crate::db::migrations::{Amendment, Graph, Key, amend};
use crate::management::{CommandError, CommandResult, Output, Prompt, Style, block_on};
use crate::setup::Project;
use crate::text;

impl Migrate {
    pub(super) fn amendments(&self) -> CommandResult<Vec<Amendment>> {
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
    pub(super) fn amend(
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
}

/// App and name of `shop.0002_x`.
fn key(name: &str) -> Option<Key> {
    let (app, name) = name.split_once('.')?;
    (!app.is_empty() && !name.is_empty()).then(|| Key::new(app, name))
}

fn wrong(flag: &str, found: &str, expected: &str) -> CommandError {
    CommandError::usage(format!("{flag} takes {expected}, not `{found}`"))
}
