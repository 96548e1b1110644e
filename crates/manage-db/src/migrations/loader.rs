//! Finds the migrations of the installed apps: on disk, over those in the binary.

use std::collections::BTreeMap;

use super::error::{Error, Result};
use super::file::parse_toml;
use super::file_name::{self, FileName, Form};
use super::graph::Graph;
use super::migration::{Key, MAX_NUMBER, Migration};
use super::sql_file::parse_sql;
use super::sql_source::SqlFile;
use crate::files::Files;
use crate::models::document::{Mistake, line_of};

/// Longest label of an app that has migrations; with it a name fits the history's column.
const MAX_LABEL_BYTES: usize = 40;

/// The folder of the folders of apps.
const ROOT: &str = "migrations";

/// Reads the migrations of `apps`, in the dialects of the databases that there are.
///
/// # Errors
/// The first mistake in a file's name or text, and those of [`Graph::new`].
pub fn load(files: &dyn Files, apps: &[String], dialects: &[&'static str]) -> Result<Graph> {
    let (migrations, mistakes) = read_all(files, apps, dialects);
    match mistakes.into_iter().next() {
        Some(first) => Err(first.into()),
        None => Graph::new(apps, migrations),
    }
}

/// The migrations of `apps` as [`load`] reads them, and every mistake that is in the way.
///
/// # Errors
/// All mistakes in files' names and texts; those of [`Graph::new`].
pub fn load_or_tell_all(
    files: &dyn Files,
    apps: &[String],
    dialects: &[&'static str],
) -> Result<Graph, Vec<Error>> {
    let (migrations, mistakes) = read_all(files, apps, dialects);
    match mistakes.is_empty() {
        true => Graph::new(apps, migrations).map_err(|error| vec![error]),
        false => Err(mistakes.into_iter().map(Error::from).collect()),
    }
}

fn read_all(files: &dyn Files, apps: &[String], dialects: &[&'static str]) -> (Vec<Migration>, Vec<Mistake>) {
    let (mut migrations, mut mistakes) = (Vec::new(), misplaced(files));
    for app in apps {
        for (name, parts) in of_app(files, app, &mut mistakes) {
            match load_one(files, &Key::new(app, &name), &parts, dialects) {
                Ok(migration) => migrations.push(migration),
                Err(mistake) => mistakes.push(mistake),
            }
        }
    }
    (migrations, mistakes)
}

/// Files directly in `migrations/`, which belong to no app.
fn misplaced(files: &dyn Files) -> Vec<Mistake> {
    // What cannot be listed as a whole may still be read app by app.
    let paths = files.list(ROOT).unwrap_or_default();
    let told = paths.iter().filter_map(|path| {
        let file = path.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
        let is_migration = !file.contains('/') && file_name::read(file).is_ok_and(|found| found.is_some());
        is_migration
            .then(|| mistake(path, format!("belongs into the folder of its app: {ROOT}/<app>/{file}")))
    });
    told.collect()
}

/// The paths of the files of one migration.
///
/// # Errors
/// [`Error::File`] when the folder cannot be read.
pub(super) fn files_of(files: &dyn Files, key: &Key) -> Result<Vec<String>> {
    let mut mistakes = Vec::new();
    let found = of_app(files, &key.app, &mut mistakes).remove(&key.name);
    match mistakes.into_iter().next().filter(|_| found.is_none()) {
        Some(mistake) => Err(mistake.into()),
        None => Ok(found.into_iter().flatten().map(|(_, path)| path).collect()),
    }
}

/// The files of one migration, with what their names say.
type Parts = Vec<(FileName, String)>;

/// The files of an app by the names of its migrations.
fn of_app(files: &dyn Files, app: &str, mistakes: &mut Vec<Mistake>) -> BTreeMap<String, Parts> {
    let folder = format!("{ROOT}/{app}");
    let paths = files.list(&folder).unwrap_or_else(|error| {
        mistakes.push(mistake(&folder, format!("cannot be read: {error}")));
        Vec::new()
    });
    let mut found = BTreeMap::<String, Parts>::new();
    for path in paths {
        let file = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&path);
        match file_name::read(file) {
            Ok(Some(named)) => found.entry(named.name.clone()).or_default().push((named, path)),
            Ok(None) => {}
            Err(problem) => mistakes.push(mistake(&path, problem)),
        }
    }
    let problem = label_problem(app).filter(|_| !found.is_empty());
    mistakes.extend(problem.map(|problem| mistake(&folder, problem)));
    found
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

fn load_one(
    files: &dyn Files,
    key: &Key,
    parts: &Parts,
    dialects: &[&'static str],
) -> Result<Migration, Mistake> {
    let Some((first, path)) = parts.first() else { return Err(mistake(&key.name, "is no file")) };
    let number = first.number;
    if number > MAX_NUMBER {
        return Err(mistake(path, format!("the number {number} is too great: at most {MAX_NUMBER}")));
    }
    check_once(key, parts)?;
    if first.form == Form::Toml {
        return parse_toml(key, number, (path, &text(files, path)?), dialects);
    }
    let mut sql = Vec::new();
    for (named, path) in parts {
        let Form::Sql(dialect, section) = named.form else { continue };
        sql.push(SqlFile { path: path.clone(), text: text(files, path)?.into(), dialect, section });
    }
    parse_sql(key, number, sql, dialects)
}

/// Operations stand in one file, and no SQL beside it.
fn check_once(key: &Key, parts: &Parts) -> Result<(), Mistake> {
    let (toml, others): (Vec<_>, Vec<_>) = parts.iter().partition(|(named, _)| named.form == Form::Toml);
    match (toml.as_slice(), others.as_slice()) {
        ([(_, toml)], [(_, sql), ..]) => {
            Err(mistake(sql, format!("{key} is there twice: in this file and in {toml}")))
        }
        _ => Ok(()),
    }
}

/// The text of a file, with `\n` at the ends of its lines.
pub(super) fn text(files: &dyn Files, path: &str) -> Result<String, Mistake> {
    let file = files.read(path).map_err(|error| mistake(path, format!("cannot be read: {error}")))?;
    let file = file.ok_or_else(|| mistake(path, "is gone while it was being read"))?;
    let text = String::from_utf8(file.into_owned()).map_err(|error| {
        mistake(path, format!("is not UTF-8 behind byte {}", error.utf8_error().valid_up_to()))
    })?;
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if let Some(position) = text.find('\r') {
        // Behind it everything would be one line, and with the first comment a comment.
        let message = "a line ends with a lone carriage return: save the file with LF or CRLF".to_owned();
        return Err(Mistake { path: path.to_owned(), line: line_of(&text, position), message });
    }
    if let Some(position) = text.find('\0') {
        let message = "holds a NUL, behind which a database reads nothing".to_owned();
        return Err(Mistake { path: path.to_owned(), line: line_of(&text, position), message });
    }
    Ok(text)
}

fn mistake(path: &str, message: impl Into<String>) -> Mistake {
    Mistake { path: path.to_owned(), line: 1, message: message.into() }
}
