//! Branches that are joined.

use super::show::sign;
use crate::db::migrations::merger::{Branch, Merge, merged, merges};
use crate::db::migrations::{Graph, Migration};
use crate::management::{CommandError, CommandResult, Output, Prompt, Style};
use crate::timezone;

/// How branches are joined.
pub(in crate::management) struct Joining<'a> {
    /// Of these apps; none: of all.
    pub apps: &'a [String],
    /// The name behind the number.
    pub name: Option<&'a str>,
    /// Whether nobody is to be asked.
    pub is_agreed: bool,
}

impl Joining<'_> {
    /// The migrations that join the branches of each app, where that is agreed to.
    pub(in crate::management) fn migrations(
        &self,
        graph: &Graph,
        out: &mut Output,
    ) -> CommandResult<Vec<Migration>> {
        let mut migrations = Vec::new();
        for merge in merges(graph, self.apps)? {
            show_branches(&merge, out)?;
            if self.agrees(&merge, out)? {
                migrations.push(merged(graph, &merge, self.name, timezone::now()));
            }
        }
        Ok(migrations)
    }

    fn agrees(&self, merge: &Merge, out: &mut Output) -> CommandResult<bool> {
        if self.is_agreed {
            return Ok(true);
        }
        if out.is_interactive() {
            let question = match merge.meetings.is_empty() {
                true => "The branches touch nothing in common. Join them?",
                false => "Whichever of them comes first, the result has to be the same. Join them?",
            };
            return Prompt::new(out).confirm(question, "`--yes` joins them without asking");
        }
        if merge.meetings.is_empty() {
            return Ok(true);
        }
        let words = merge.meetings.join("\n  ");
        Err(CommandError::question(format!(
            "branches of `{}` touch the same, and nothing was written:\n  {words}",
            merge.app
        ))
        .hint("where the order makes no difference, `--yes` joins them")
        .hint(format!("`manage rebasemigration {}` puts one behind the other", merge.app)))
    }
}

/// Tells what the branches do, where nobody reads the answer with a program.
fn show_branches(merge: &Merge, out: &mut Output) -> CommandResult {
    let heading = out.styled_status(Style::Heading, &format!("Merging {}", merge.app));
    out.status(heading)?;
    for Branch { leaf, migrations } in &merge.branches {
        let name = out.styled_status(Style::Label, &format!("Branch {}", leaf.name));
        out.status(format!("  {name}"))?;
        let operations = migrations.iter().flat_map(|migration| &migration.operations);
        for operation in operations.map(|located| &located.operation) {
            out.status(format!("    {} {}", sign(operation), operation.change().describe()))?;
        }
    }
    merge.meetings.iter().try_for_each(|meeting| out.warning(format!("both touch {meeting}")))?;
    Ok(())
}

/// Files of one number that a later one follows: no branch ends with them.
pub(in crate::management) fn unordered(error: crate::db::migrations::Error) -> CommandError {
    CommandError::failed(error).hint(
        "a later file follows both by its number: rename one to the next number, or say `-- depends: app.NNNN_name` at its top",
    )
}
