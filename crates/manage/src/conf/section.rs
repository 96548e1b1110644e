//! Reading one table of the settings: each key is asked for by name, type and default.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;

use manage_leaves::environment::Environment;

use super::error::{Origin, Problem};
use super::tree::{self, Content, Node, Table};
use crate::text;

/// What stands for a secret wherever settings are shown.
const HIDDEN: &str = "********";

/// One setting as it was read, for `diffsettings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The setting with its tables: `server.bind`.
    pub key: String,
    /// Its value as TOML; stars for a secret.
    pub value: String,
    /// Its default as TOML.
    pub default: String,
    /// Which layer set it.
    pub origin: Origin,
}

/// What the sections of one reading share.
#[derive(Debug, Default)]
pub struct Reading {
    pub(super) environment: Environment,
    pub(super) problems: RefCell<Vec<Problem>>,
    pub(super) entries: RefCell<Vec<Entry>>,
}

impl Reading {
    pub(super) fn problem(&self, origin: &Origin, key: &str, message: String) {
        let problem = Problem { origin: origin.clone(), key: key.to_owned(), message };
        self.problems.borrow_mut().push(problem);
    }
}

/// One table of the settings. Asking for a key takes it; keys that nobody asked for are unknown.
pub struct Section<'a> {
    reading: &'a Reading,
    path: String,
    table: Table,
    known: Vec<String>,
}

impl<'a> Section<'a> {
    /// Reads `table`, then reports the keys that `read` did not ask for.
    pub(super) fn read<T>(
        reading: &'a Reading,
        path: &str,
        table: Table,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut section = Self { reading, path: path.to_owned(), table, known: Vec::new() };
        let value = read(&mut section);
        for (key, node) in &section.table {
            let hint = suggestion(key, &section.known, "keys here");
            reading.problem(&node.origin, &section.full(key), format!("unknown key; {hint}"));
        }
        value
    }

    /// A string.
    pub fn string(&mut self, key: &str, default: &str) -> String {
        self.value(key, default.to_owned(), "a string", |value| toml_string(value), string)
    }

    /// A string that may be absent.
    pub fn optional_string(&mut self, key: &str) -> Option<String> {
        self.value(
            key,
            None,
            "a string",
            |value| value.as_deref().map_or("none".into(), toml_string),
            |node| string(node).map(Some),
        )
    }

    /// A string that is never shown.
    pub fn secret(&mut self, key: &str, default: &str) -> String {
        let hidden = |value: &String| if value.is_empty() { toml_string("") } else { HIDDEN.to_owned() };
        self.value(key, default.to_owned(), "a string", hidden, string)
    }

    /// Strings that are never shown.
    pub fn secrets(&mut self, key: &str) -> Vec<String> {
        let hidden =
            |values: &Vec<String>| if values.is_empty() { "[]".to_owned() } else { format!("[{HIDDEN}]") };
        self.value(key, Vec::new(), "a list of strings", hidden, strings)
    }

    /// One of a few words.
    pub fn choice(&mut self, key: &str, default: &str, choices: &[&str]) -> String {
        let expected = format!("one of {}", text::alternatives(choices));
        self.value(
            key,
            default.to_owned(),
            &expected,
            |value| toml_string(value),
            |node| string(node).filter(|word| choices.contains(&word.as_str())),
        )
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &str, default: i64, range: std::ops::RangeInclusive<i64>) -> i64 {
        let expected = match (*range.start(), *range.end()) {
            (low, i64::MAX) => format!("an integer from {low}"),
            (low, high) => format!("an integer from {low} to {high}"),
        };
        self.value(key, default, &expected, shown, |node| {
            integer(node).filter(|number| range.contains(number))
        })
    }

    /// A time in seconds, more than nothing.
    pub fn seconds(&mut self, key: &str, default: f64) -> f64 {
        self.value(key, default, "a number of seconds above 0", shown, positive)
    }

    /// A time in seconds that may be absent.
    pub fn optional_seconds(&mut self, key: &str) -> Option<f64> {
        let show = |value: &Option<f64>| value.map_or("none".into(), |seconds| shown(&seconds));
        self.value(key, None, "a number of seconds above 0", show, |node| positive(node).map(Some))
    }

    /// A whole number that may be absent.
    pub fn optional_integer(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        let show = |value: &Option<i64>| value.map_or("none".into(), |number| shown(&number));
        self.value(key, None, &expected, show, |node| {
            integer(node).filter(|number| range.contains(number)).map(Some)
        })
    }

    /// A truth value.
    pub fn boolean(&mut self, key: &str, default: bool) -> bool {
        self.value(key, default, "true or false", shown, boolean)
    }

    /// A truth value that may be absent.
    pub fn optional_boolean(&mut self, key: &str) -> Option<bool> {
        let show = |value: &Option<bool>| value.map_or("none".into(), |truth| shown(&truth));
        self.value(key, None, "true or false", show, |node| boolean(node).map(Some))
    }

    /// A list of strings; one string with commas is taken apart.
    pub fn strings(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let default = default.iter().map(|&item| item.to_owned()).collect();
        self.value(key, default, "a list of strings", |items| toml_list(items), strings)
    }

    /// A list of strings that may be absent.
    pub fn optional_strings(&mut self, key: &str) -> Option<Vec<String>> {
        let show = |value: &Option<Vec<String>>| value.as_deref().map_or("none".into(), toml_list);
        let read = |content: &Content| match content {
            // A variable that is set to nothing says nothing.
            Content::Untyped(text) if text.trim().is_empty() => None,
            content => strings(content).map(Some),
        };
        self.value(key, None, "a list of strings", show, read)
    }

    /// A table of its own.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let table = self.take_table(key);
        Section::read(self.reading, &self.full(key), table, read)
    }

    /// A table whose keys are free and whose values are tables, such as `[databases.<alias>]`.
    pub fn sections<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&str, &mut Section<'_>) -> T,
    ) -> BTreeMap<String, T> {
        let path = self.full(key);
        let table = self.take_table(key);
        let mut sections = BTreeMap::new();
        for (name, node) in table {
            let path = format!("{path}.{name}");
            let Content::Table(inner) = node.value else {
                self.reading.problem(
                    &node.origin,
                    &path,
                    format!("expected a table, found {}", node.value.type_name()),
                );
                continue;
            };
            let value = Section::read(self.reading, &path, inner, |section| read(&name, section));
            sections.insert(name, value);
        }
        sections
    }

    /// A table whose keys are free and whose values are strings or lists of strings.
    pub fn lists(&mut self, key: &str) -> BTreeMap<String, Vec<String>> {
        self.free(key, |section, name| section.strings(name, &[]))
    }

    /// A table whose keys are free and whose values are strings, numbers or truth values, kept as text.
    pub fn texts(&mut self, key: &str) -> BTreeMap<String, String> {
        const EXPECTED: &str = "a string, a number or a truth value";
        self.free(key, |section, name| {
            section.value(name, String::new(), EXPECTED, |text| toml_string(text), scalar)
        })
    }

    /// A table whose keys are free, each read in the same way.
    fn free<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Section<'_>, &str) -> T,
    ) -> BTreeMap<String, T> {
        let path = self.full(key);
        let table = self.take_table(key);
        let names: Vec<String> = table.keys().cloned().collect();
        Section::read(self.reading, &path, table, |section| {
            names
                .into_iter()
                .map(|name| {
                    let value = read(section, &name);
                    (name, value)
                })
                .collect()
        })
    }

    /// Reports something wrong with a key that was read before.
    pub fn reject(&self, key: &str, message: String) {
        let full = self.full(key);
        let entries = self.reading.entries.borrow();
        let origin = entries
            .iter()
            .rev()
            .find(|entry| entry.key == full)
            .map_or(Origin::Default, |entry| entry.origin.clone());
        drop(entries);
        self.reading.problem(&origin, &full, message);
    }

    fn take_table(&mut self, key: &str) -> Table {
        self.known.push(key.to_owned());
        match self.table.remove(key) {
            None => Table::new(),
            Some(Node { value: Content::Table(table), .. }) => table,
            Some(node) => {
                let message = format!("expected a table, found {}", node.value.type_name());
                self.reading.problem(&node.origin, &self.full(key), message);
                Table::new()
            }
        }
    }

    fn value<T: Clone>(
        &mut self,
        key: &str,
        default: T,
        expected: &str,
        show: impl Fn(&T) -> String,
        read: impl Fn(&Content) -> Option<T>,
    ) -> T {
        self.known.push(key.to_owned());
        let path = self.full(key);
        let (value, origin) = match self.table.remove(key) {
            None => (default.clone(), Origin::Default),
            Some(node) => match self.filled(node.value) {
                Ok(content) => match read(&content) {
                    Some(value) => (value, node.origin),
                    // `${PORT:-}`: a variable that is not set leaves the default.
                    None if matches!(&content, Content::Untyped(text) if text.is_empty()) => {
                        (default.clone(), Origin::Default)
                    }
                    None => {
                        let message = format!("expected {expected}, found {}", content.type_name());
                        self.reading.problem(&node.origin, &path, message);
                        return default;
                    }
                },
                Err(message) => {
                    self.reading.problem(&node.origin, &path, message);
                    return default;
                }
            },
        };
        let entry = Entry { key: path, value: show(&value), default: show(&default), origin };
        self.reading.entries.borrow_mut().push(entry);
        value
    }

    /// Fills the marks of a string, which thereby becomes text of any type, and those inside a list.
    fn filled(&self, content: Content) -> Result<Content, String> {
        Ok(match content {
            Content::Text(text) if text.contains("${") => {
                Content::Untyped(self.reading.environment.substitute(&text)?)
            }
            Content::List(items) => Content::List(
                items
                    .into_iter()
                    .map(|node| Ok(Node { value: self.filled(node.value)?, origin: node.origin }))
                    .collect::<Result<_, String>>()?,
            ),
            other => other,
        })
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// The nearest of the known names, else all of them, called `what`.
pub(super) fn suggestion(name: &str, known: &[String], what: &str) -> String {
    match text::nearest(name, known.iter().map(String::as_str)).as_slice() {
        [] => format!("the {what} are {}", text::alternatives(known).replace(" or ", " and ")),
        names => format!("did you mean {}?", text::alternatives(names)),
    }
}

fn shown(value: &impl Display) -> String {
    value.to_string()
}

fn toml_string(text: impl AsRef<str>) -> String {
    toml::Value::String(text.as_ref().to_owned()).to_string()
}

fn toml_list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(toml_string).collect::<Vec<_>>().join(", "))
}

fn string(content: &Content) -> Option<String> {
    match content {
        Content::Text(text) | Content::Untyped(text) => Some(text.clone()),
        _ => None,
    }
}

fn integer(content: &Content) -> Option<i64> {
    match content {
        Content::Integer(number) => Some(*number),
        Content::Untyped(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn positive(content: &Content) -> Option<f64> {
    let number = match content {
        Content::Integer(number) => *number as f64,
        Content::Float(number) => *number,
        Content::Untyped(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (number.is_finite() && number > 0.0 && number <= 1e9).then_some(number)
}

fn boolean(content: &Content) -> Option<bool> {
    match content {
        Content::Boolean(truth) => Some(*truth),
        Content::Untyped(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Strings of a list, of one text with commas, or of a list that was written into a variable: `["a", "b"]`.
pub(super) fn strings(content: &Content) -> Option<Vec<String>> {
    match content {
        Content::Untyped(text) if text.trim_start().starts_with('[') => {
            let line = format!("list = {}", text.trim());
            let list = tree::parse("", &line).ok()?.remove("list")?;
            strings(&list.value)
        }
        Content::List(items) => items.iter().map(|node| scalar(&node.value)).collect(),
        Content::Untyped(text) | Content::Text(text) => Some(
            text.split([',', ' '])
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        other => scalar(other).map(|item| vec![item]),
    }
}

fn scalar(content: &Content) -> Option<String> {
    match content {
        Content::Text(text) | Content::Untyped(text) => Some(text.clone()),
        Content::Integer(number) => Some(number.to_string()),
        Content::Float(number) => Some(number.to_string()),
        Content::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}
