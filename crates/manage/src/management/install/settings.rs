//! The line of the settings: the label in `apps`.

use std::fs;
use std::io;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::list::List;
use super::plan::{Edit, Plan, Step};
use super::span::{Change, changed, newline};
use crate::conf::{Loaded, Origin};
use crate::files::Embedded;
use crate::management::error::{CommandError, CommandResult};

const BASE: &str = "settings/base.toml";

/// What installs an app in settings, in the layer that counts. `built_in` are the labels that are installed where
/// nothing is said, `shipped` the files of the program.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn in_settings(
    loaded: &Loaded,
    built_in: &[&str],
    shipped: Embedded,
    label: &str,
) -> CommandResult<Plan> {
    let built_in = || built_in.iter().map(|&label| label.to_owned()).collect();
    let mut labels: Vec<String> = loaded.settings.apps.clone().unwrap_or_else(built_in);
    let is_named = labels.iter().any(|known| known == label);
    let file = match layer(loaded) {
        Ok(file) if is_named => return Ok(Plan::done(&file)),
        Err(variable) if is_named => return Ok(Plan::done(&format!("${variable}"))),
        Ok(file) => file,
        Err(variable) => {
            let steps =
                vec![Step { file: format!("${variable}"), line: format!("`{label}` behind a comma") }];
            let reason = format!("`apps` is set by ${variable}, which goes before the files");
            return Ok(Plan::by_hand(steps, reason));
        }
    };
    labels.push(label.to_owned());
    let text = read(loaded, &file)?;
    let line = Step { file: file.clone(), line: format!("`apps = {}`", array(&labels)) };
    if text.is_none() && shipped.text(&file).is_some() {
        let reason = format!("{file} is in the program alone, and one on disk would stand in its place");
        return Ok(Plan::by_hand(vec![line], reason));
    }
    let text = text.unwrap_or_default();
    let item = || Step { file: file.clone(), line: format!("`\"{label}\"` into `apps = [...]`") };
    let (step, changes) = match Written::of(&text) {
        Written::Nowhere => (line, vec![new_key(&text, &labels)]),
        Written::List(list) => (item(), list.add(&text, &format!("\"{label}\""))),
        Written::Text(range) => (line, vec![(range, array(&labels))]),
        Written::Marks => {
            let steps = vec![Step { line: format!("`{label}` into what fills `apps`"), ..line }];
            let reason = format!("{file}: `apps` is filled from the environment, so no label can be added");
            return Ok(Plan::by_hand(steps, reason));
        }
    };
    let notes = (file != BASE).then(|| {
        format!(
            "{file} counts in the profile `{}` alone; other profiles read another `apps`.",
            loaded.profile.name
        )
    });
    let (path, after) = (loaded.place.root.join(&file), changed(&text, changes));
    let edit = Edit { file, path, before: text, after };
    Ok(Plan { steps: vec![step], edits: Ok(vec![edit]), notes: notes.into_iter().collect() })
}

/// The file whose `apps` counts, or the variable that goes before all files.
fn layer(loaded: &Loaded) -> Result<String, String> {
    let entry = loaded.entries.iter().find(|entry| entry.key == "apps");
    match entry.map(|entry| &entry.origin) {
        Some(Origin::File { file, .. }) => Ok(file.clone()),
        Some(Origin::Variable(name)) => Err(name.clone()),
        // A mark that nothing fills says nothing; still it is the place where something could be said.
        _ => {
            let profile = format!("settings/{}.toml", loaded.profile.name);
            let text = read(loaded, &profile).ok().flatten().unwrap_or_default();
            let is_there = !matches!(Written::of(&text), Written::Nowhere);
            Ok(if is_there { profile } else { BASE.to_owned() })
        }
    }
}

fn read(loaded: &Loaded, file: &str) -> CommandResult<Option<String>> {
    match fs::read_to_string(loaded.place.root.join(file)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::failed(format!("{file}: cannot be read: {error}"))),
    }
}

/// How a file writes `apps`.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    Nowhere,
    List(List),
    /// Text, which may hold commas.
    Text(Range<usize>),
    /// Text with marks, `${NAME}`.
    Marks,
}

impl Written {
    /// The text is TOML: it was loaded before.
    fn of(text: &str) -> Self {
        const BOM: &str = "\u{feff}";
        let offset = if text.starts_with(BOM) { BOM.len() } else { 0 };
        let Ok(table) = DeTable::parse(&text[offset..]) else { return Self::Nowhere };
        let table = table.into_inner();
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "apps") else {
            return Self::Nowhere;
        };
        let range = value.span().start + offset..value.span().end + offset;
        match value.get_ref() {
            DeValue::Array(items) => {
                let open = range.start + 1;
                let end = items.iter().last().map(|item| item.span().end + offset);
                Self::List(list(text, open, range.end - 1, end))
            }
            DeValue::String(value) if value.contains("${") => Self::Marks,
            _ => Self::Text(range),
        }
    }
}

/// The list between two places; `end` is behind its last item.
fn list(text: &str, open: usize, close: usize, end: Option<usize>) -> List {
    let comma = end.and_then(|end| Some(end + comma(&text[end..close])? + 1));
    List { open, close, end: comma.or(end), has_comma: comma.is_some() }
}

/// Where the comma is between the last item and the bracket, outside of comments.
fn comma(rest: &str) -> Option<usize> {
    let mut is_comment = false;
    rest.char_indices().find_map(|(place, c)| {
        is_comment = (is_comment || c == '#') && c != '\n';
        (c == ',' && !is_comment).then_some(place)
    })
}

/// The key behind the comments that the file begins with, before all others.
fn new_key(text: &str, labels: &[String]) -> Change {
    let end = newline(text);
    let lines = text.split_inclusive('\n');
    let top: usize =
        lines.take_while(|line| line.trim_start_matches('\u{feff}').starts_with('#')).map(str::len).sum();
    let place = if top == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { top };
    let gap = match &text[..top] {
        "" => String::new(),
        before if before.ends_with('\n') => end.to_owned(),
        _ => format!("{end}{end}"),
    };
    (place..place, format!("{gap}apps = {}{end}", array(labels)))
}

fn array(labels: &[String]) -> String {
    let quoted: Vec<String> =
        labels.iter().map(|label| toml::Value::String(label.clone()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        let labels = ["a", "b"].map(str::to_owned);
        let changes = match Written::of(text) {
            Written::Nowhere => vec![new_key(text, &labels)],
            Written::List(list) => list.add(text, "\"b\""),
            Written::Text(range) => vec![(range, array(&labels))],
            Written::Marks => Vec::new(),
        };
        changed(text, changes)
    }

    #[test]
    fn a_label_is_added_to_the_list_of_apps_and_nothing_else_changes() {
        let cases = [
            ("apps = []\n", "apps = [\"b\"]\n"),
            ("# x\napps = [\"a\"] # y ]\n", "# x\napps = [\"a\", \"b\"] # y ]\n"),
            ("\"apps\" = [ 'a', ]\n", "\"apps\" = [ 'a', \"b\" ]\n"),
            ("apps = [\n  \"a\",\n]\n", "apps = [\n  \"a\",\n  \"b\",\n]\n"),
            ("apps = [\n  \"a\" # ], the last\n]\n", "apps = [\n  \"a\", # ], the last\n  \"b\",\n]\n"),
            ("apps = [\n  \"a\" # x\n  , # y\n]\n", "apps = [\n  \"a\" # x\n  , # y\n  \"b\",\n]\n"),
            ("apps = [\"a\", # é\n]\n", "apps = [\"a\", # é\n    \"b\",\n]\n"),
            ("x = \"\"\"\napps = []\n\"\"\"\napps = []\n", "x = \"\"\"\napps = []\n\"\"\"\napps = [\"b\"]\n"),
            ("\u{feff}apps = [\r\n  'a'\r\n]\r\n", "\u{feff}apps = [\r\n  'a',\r\n  \"b\",\r\n]\r\n"),
            ("apps = \"a\" # x\n", "apps = [\"a\", \"b\"] # x\n"),
            ("apps = \"${APPS:-a}\"\n", "apps = \"${APPS:-a}\"\n"),
        ];
        for (before, after) in cases {
            assert_eq!(added(before), after);
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_made_at_the_top() {
        let cases = [
            ("", "apps = [\"a\", \"b\"]\n"),
            ("# x", "# x\n\napps = [\"a\", \"b\"]\n"),
            (
                "# x\n\n[routes]\napps = [\"a\"]\n",
                "# x\n\napps = [\"a\", \"b\"]\n\n[routes]\napps = [\"a\"]\n",
            ),
            ("\u{feff}x = 1\r\n", "\u{feff}apps = [\"a\", \"b\"]\r\nx = 1\r\n"),
        ];
        for (before, after) in cases {
            assert_eq!(added(before), after);
        }
    }
}
