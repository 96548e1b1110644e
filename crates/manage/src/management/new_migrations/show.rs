//! How written migrations are shown.

use serde_json::{Value as Json, json};

use super::written::Written;
use crate::db::migrations::operations::Operation;
use crate::db::migrations::{Graph, Migration, Stage};
use crate::management::{CommandResult, Output, Style};

/// Django's sign for what an operation does: it adds, takes away, changes, or runs something.
pub(super) fn sign(operation: &Operation) -> char {
    let name = operation.name();
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if begins(&["Create", "Add"]) {
        '+'
    } else if begins(&["Delete", "Remove"]) {
        '-'
    } else if name == "RunSql" {
        's'
    } else if name == "RunRust" {
        'r'
    } else if begins(&["Separate"]) {
        '?'
    } else {
        '~'
    }
}

/// In Django's words: by app, each file with what it does; `with_text`: and what stands in it.
pub(in crate::management) fn plain(out: &mut Output, written: &[Written], with_text: bool) -> CommandResult {
    let mut apps: Vec<&str> = written.iter().map(|one| one.migration.key.app.as_str()).collect();
    apps.sort_unstable();
    apps.dedup();
    for app in apps {
        let heading = out.styled(Style::Heading, &format!("Migrations for '{app}':"));
        out.line(heading)?;
        let mut of_app = written.iter().filter(|one| one.migration.key.app == app);
        of_app.try_for_each(|one| file(out, one, with_text))?;
    }
    Ok(())
}

fn file(out: &mut Output, written: &Written, with_text: bool) -> CommandResult {
    let Written { migration, text } = written;
    let path = out.styled(Style::Label, &migration.path);
    let release = if migration.stage == Stage::Contract { " (a later release)" } else { "" };
    out.line(format!("  {path}{release}"))?;
    for located in &migration.operations {
        let operation = &located.operation;
        out.line(format!("    {} {}", sign(operation), operation.change().describe()))?;
    }
    if with_text {
        out.line(format!("\n{}\n", text.trim_end()))?;
    }
    Ok(())
}

/// When the migrations are to be applied, where that is not at once.
pub(in crate::management) fn releases(out: &mut Output, graph: &Graph, written: &[Written]) -> CommandResult {
    behind_later(out, graph, written)?;
    let is_later = |one: &Written| one.migration.stage == Stage::Contract;
    if !written.iter().any(is_later) {
        return Ok(());
    }
    if !written.iter().all(is_later) {
        out.status("`manage migrate`, before the programs of this release start, applies what is not of a later one.")?;
    }
    Ok(out
        .status("`manage migrate --contract`, once no program of before runs any more, applies the rest.")?)
}

/// Which migrations come right behind one of a later release that was there before: they wait for it.
fn behind_later(out: &mut Output, graph: &Graph, written: &[Written]) -> CommandResult {
    for Written { migration, .. } in written {
        let parents = migration.depends.iter().filter_map(|reference| graph.get(&reference.key));
        for parent in parents.filter(|parent| parent.stage == Stage::Contract) {
            out.status(format!(
                "{} comes behind {}, which waits for `manage migrate --contract`: where that was not said yet, say it first.",
                migration.key, parent.key
            ))?;
        }
    }
    Ok(())
}

/// The files that others took the place of, or that nothing was left of.
pub(in crate::management) fn gone(
    out: &mut Output,
    written: &[Written],
    gone: &[Migration],
    is_dry: bool,
) -> CommandResult {
    let is_same = |one: &&Migration| written.iter().any(|other| other.migration.path == one.path);
    for one in gone.iter().filter(|one| !is_same(one)) {
        let verb = if is_dry { "Would delete" } else { "Deleted" };
        out.line(format!("{verb} {}", out.styled(Style::Label, &one.path)))?;
    }
    Ok(())
}

/// As JSON.
pub(in crate::management) fn json(written: &[Written], gone: &[Migration], is_written: bool) -> Json {
    let migrations = written.iter().map(|Written { migration, text }| {
        let operations = migration.operations.iter().map(|located| {
            json!({ "operation": located.operation.name(), "description": located.operation.change().describe() })
        });
        json!({
            "app": migration.key.app,
            "name": migration.key.name,
            "path": migration.path,
            "stage": migration.stage,
            "depends": migration.depends.iter().map(|one| one.key.to_string()).collect::<Vec<_>>(),
            "operations": operations.collect::<Vec<_>>(),
            "text": text,
        })
    });
    let migrations: Vec<Json> = migrations.collect();
    let gone: Vec<&str> = gone.iter().map(|one| one.path.as_str()).collect();
    json!({ "migrations": migrations, "deleted": gone, "written": is_written })
}
