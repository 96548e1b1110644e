//! Finds the migrations of the installed apps: on disk, over those in the binary.

use std::collections::BTreeMap;

use super::error::Result;
use super::file::parse_toml;
use super::graph::Graph;
use super::migration::{Key, MAX_NUMBER, Migration};
use super::sql_file::{SqlFile, parse_sql, sql_endings};
use crate::backends::DIALECTS;
use crate::files::Files;
use crate::models::document::Mistake;

/// Longest label of an app that has migrations; with it a name fits the history's column.
const MAX_LABEL_BYTES: usize = 40;

/// Longest name of a migration.
const MAX_NAME_BYTES: usize = 200;

/// Reads the migrations of `apps`.
///
/// # Errors
/// The first mistake in a file's name or text, and those of [`Graph::new`].
pub fn load(files: &dyn Files, apps: &[String]) -> Result<Graph> {
    let mut migrations = Vec::new();
    for app in apps {
        migrations.extend(load_app(files, app)?);
    }
    Graph::new(apps, migrations)
}

fn load_app(files: &dyn Files, app: &str) -> Result<Vec<Migration>> {
    let folder = format!("migrations/{app}");
    let paths = files.list(&folder).map_err(|error| mistake(&folder, format!("cannot be read: {error}")))?;
    let mut found = BTreeMap::<String, Vec<(String, String)>>::new();
    for path in paths {
        let file = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&path);
        let (stem, endings) = file.split_once('.').unwrap_or((file, ""));
        if file.contains('/') || !(endings == "toml" || endings.ends_with("sql")) {
            continue;
        }
        found.entry(stem.to_owned()).or_default().push((endings.to_owned(), path.clone()));
    }
    if let Some(problem) = label_problem(app).filter(|_| !found.is_empty()) {
        return Err(mistake(&folder, problem).into());
    }
    found.into_iter().map(|(name, parts)| load_one(files, app, &name, &parts)).collect()
}

fn label_problem(app: &str) -> Option<String> {
    let is_plain = app.starts_with(|c: char| c.is_ascii_lowercase())
        && app.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !app.contains("__")
        && !app.ends_with('_');
    (!is_plain || app.len() > MAX_LABEL_BYTES).then(|| {
        format!(
            "`{app}` cannot be the label of an app with migrations: expected at most {MAX_LABEL_BYTES} lower-case \
             letters, digits and single underscores"
        )
    })
}

fn load_one(files: &dyn Files, app: &str, name: &str, parts: &[(String, String)]) -> Result<Migration> {
    let first = parts.first().map(|(_, path)| path.as_str()).unwrap_or_default();
    let number = number(name).ok_or_else(|| {
        mistake(
            first,
            "this is no migration's name: expected NNNN_name.toml or NNNN_name.sql, with letters, digits and \
             underscores",
        )
    })?;
    if number > MAX_NUMBER {
        return Err(mistake(first, format!("the number {number} is too great: at most {MAX_NUMBER}")).into());
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(mistake(first, format!("the name is too long: at most {MAX_NAME_BYTES} bytes")).into());
    }
    let key = Key::new(app, name);
    let toml = parts.iter().find(|(endings, _)| endings == "toml");
    if let (Some((_, toml)), Some((_, sql))) = (toml, parts.iter().find(|(endings, _)| endings != "toml")) {
        return Err(mistake(sql, format!("{key} is there twice: in this file and in {toml}")).into());
    }
    if let Some((_, path)) = toml {
        return Ok(parse_toml(&key, number, path, &text(files, path)?)?);
    }
    let mut sql = Vec::new();
    for (endings, path) in parts {
        let (dialect, section) = sql_endings(endings).ok_or_else(|| {
            let dialects = DIALECTS.map(|dialect| format!(".{dialect}.sql")).join(", ");
            mistake(path, format!("this ending is unknown: expected .sql, .up.sql, .down.sql, {dialects}"))
        })?;
        sql.push(SqlFile { path: path.clone(), text: text(files, path)?, dialect, section });
    }
    Ok(parse_sql(&key, number, &sql)?)
}

/// The number that the name of a migration begins with.
fn number(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('_')?;
    let is_plain = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than u64 has are a number that is too great, not a wrong name.
    (is_plain && is_number).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn text(files: &dyn Files, path: &str) -> Result<String, Mistake> {
    let file = files.read(path).map_err(|error| mistake(path, format!("cannot be read: {error}")))?;
    let file = file.ok_or_else(|| mistake(path, "is gone while it was being read"))?;
    let text = String::from_utf8(file.into_owned()).map_err(|error| {
        mistake(path, format!("is not UTF-8 behind byte {}", error.utf8_error().valid_up_to()))
    })?;
    Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}

fn mistake(path: &str, message: impl Into<String>) -> Mistake {
    Mistake { path: path.to_owned(), line: 1, message: message.into() }
}
