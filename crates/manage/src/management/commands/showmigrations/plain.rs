//! Django's list.

use std::collections::BTreeSet;

use super::lines::{Line, Shown, State};
use crate::management::{CommandResult, Output, Style};

/// Each database with the lines of its apps.
pub(super) struct Plain<'a> {
    pub databases: &'a [Shown],
    /// Whether the order is that of a run, instead of app by app.
    pub is_plan: bool,
    /// Whether only those are shown about which something has to be done.
    pub is_pending: bool,
}

impl Plain<'_> {
    /// Writes them; `empty` are the apps of a database that have no migrations.
    pub(super) fn show<'b>(&self, out: &mut Output, empty: impl Fn(&str) -> Vec<&'b str>) -> CommandResult {
        for Shown { alias, lines, error, .. } in self.databases {
            if self.databases.len() > 1 {
                let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
                out.line(heading)?;
            }
            let lines: Vec<&Line> =
                lines.iter().filter(|line| !self.is_pending || line.state.is_noteworthy()).collect();
            if error.is_some() {
                out.line(" (does not answer)")?;
            } else if self.is_plan {
                lines.iter().try_for_each(|line| show_planned(out, line))?;
            } else {
                let mut apps: BTreeSet<&str> = empty(alias).into_iter().collect();
                apps.extend(lines.iter().map(|line| line.key.app.as_str()));
                apps.into_iter().try_for_each(|app| show_app(out, app, &lines))?;
            }
        }
        Ok(())
    }
}

fn show_app(out: &mut Output, app: &str, lines: &[&Line]) -> CommandResult {
    let label = out.styled(Style::Label, app);
    out.line(label)?;
    let mut is_empty = true;
    for line in lines.iter().filter(|line| line.key.app == app) {
        is_empty = false;
        let when = line.moment().filter(|_| out.verbosity() > 1);
        let when = when.map(|when| format!(" (applied at {when})")).unwrap_or_default();
        let squashed = match line.squashed {
            0 => String::new(),
            number => format!(" ({number} squashed migrations)"),
        };
        let state = match line.state {
            State::Applied | State::Pending => String::new(),
            State::Unfinished => " Run 'manage migrate' to finish recording.".to_owned(),
            state => format!(" ({})", out.styled(state.style(), state.word())),
        };
        out.line(format!(" [{}] {}{squashed}{when}{state}", mark(line), line.key.name))?;
    }
    if is_empty {
        out.line(" (no migrations)")?;
    }
    Ok(())
}

fn show_planned(out: &mut Output, line: &Line) -> CommandResult {
    let depends = if out.verbosity() > 1 && !line.depends.is_empty() {
        format!(" ... ({})", line.depends.join(", "))
    } else {
        String::new()
    };
    Ok(out.line(format!("[{}]  {}{depends}", mark(line), line.key))?)
}

fn mark(line: &Line) -> &'static str {
    match line.state {
        State::Unfinished => "-",
        state if state.is_recorded() => "X",
        _ => " ",
    }
}
