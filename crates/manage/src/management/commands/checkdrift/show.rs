//! How differences are shown.

use serde_json::{Value as Json, json};

use crate::db::introspection::Difference;
use crate::db::migrations::Drift;
use crate::management::new_migrations::Written;
use crate::management::{CommandError, CommandResult, Output, Style};
use crate::text;

/// What was found on one database.
pub(super) struct Looked {
    /// Its alias.
    pub alias: String,
    /// What was found.
    pub drift: Drift,
}

/// A database that does not answer.
pub(super) struct Away {
    /// Its alias.
    pub alias: String,
    /// What came instead.
    pub error: CommandError,
}

impl Looked {
    /// Whether anything differs.
    pub(super) fn is_different(&self) -> bool {
        !self.drift.differences.is_empty()
    }

    /// What is to be known besides.
    pub(super) fn warnings(&self) -> Vec<String> {
        let Self { alias, drift } = self;
        let mut warnings = Vec::new();
        if let [first, ..] = drift.pending.as_slice() {
            let number = text::count(drift.pending.len(), "migration");
            let verb = if drift.pending.len() == 1 { "is" } else { "are" };
            warnings.push(format!(
                "{number} {verb} not applied on database `{alias}`, beginning with {first}; compared is what the applied ones make"
            ));
        }
        if !drift.strangers.is_empty() {
            let tables = drift.strangers.join(", ");
            warnings
                .push(format!("database `{alias}` has tables that are in no model and no app's: {tables}"));
        }
        if !drift.unsaid.is_empty() {
            let things = text::count(drift.unsaid.len(), "thing");
            let lines: String = drift.unsaid.iter().map(|one| format!("\n  {}", one.what)).collect();
            warnings.push(format!(
                "database `{alias}` has {things} that no model can say and no SQL of an applied migration makes:{lines}"
            ));
        }
        if let Some(why) = &drift.by_words {
            warnings.push(format!(
                "on database `{alias}` expressions are compared word by word, which may tell more than differs: {why}"
            ));
        }
        warnings
    }
}

/// Lines for people, by table.
pub(super) fn plain(out: &mut Output, looked: &[Looked]) -> CommandResult {
    for Looked { alias, drift } in looked {
        if drift.differences.is_empty() {
            out.status(format!("Database {alias}: the tables are as the migrations make them."))?;
            continue;
        }
        let heading = out.styled(Style::Heading, &format!("Database {alias}:"));
        out.line(heading)?;
        let mut table = None;
        for difference in &drift.differences {
            if table != Some(&difference.table) {
                out.line(format!("  {}", difference.table))?;
                table = Some(&difference.table);
            }
            out.line(format!("    {difference}"))?;
        }
    }
    Ok(())
}

/// As JSON.
pub(super) fn json(looked: &[Looked], away: &[Away], written: &[Written]) -> Json {
    let difference = |one: &Difference| {
        json!({
            "table": one.table, "part": one.part.word(), "name": one.name, "expected": one.expected, "found": one.found,
        })
    };
    let databases = looked.iter().map(|Looked { alias, drift }| {
        json!({
            "alias": alias,
            "differences": drift.differences.iter().map(difference).collect::<Vec<_>>(),
            "pending": drift.pending.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "strangers": drift.strangers,
            "unsaid": drift.unsaid.iter().map(|one| &one.what).collect::<Vec<_>>(),
        })
    });
    let away = away
        .iter()
        .map(|Away { alias, error }| json!({ "alias": alias, "error": format!("{:#}", error.source) }));
    let databases = databases.chain(away);
    let written = written.iter().map(|one| {
        let key = &one.migration.key;
        json!({ "path": one.migration.path, "app": key.app, "name": key.name })
    });
    json!({ "databases": databases.collect::<Vec<_>>(), "written": written.collect::<Vec<_>>() })
}
