//! Reading one table of the settings: each key is asked for by name, type and default.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use manage_leaves::environment::Environment;
use serde_json::Value;

use super::content::{self, Read, Refusal, found};
use super::duration;
use super::entry::{Entry, hidden, origin_of};
use super::error::{Origin, Problem};
use super::kind::Kind;
use super::record::{Record, Shape};
use super::tree::{Content, Node, Table};
use super::written::Written;
use crate::db::Secret;
use crate::text;

/// Keys and what they are for.
pub type Docs = &'static [(&'static str, &'static str)];

/// What stands for every key where the keys are free.
pub(super) const ANY: &str = "*";

/// What the sections of one reading share.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) environment: Environment,
    pub(super) problems: RefCell<Vec<Problem>>,
    pub(super) entries: RefCell<Vec<Entry>>,
    /// What can be written, kept by a reading of nothing that is made for that alone.
    pub(super) records: Option<RefCell<Vec<Record>>>,
}

impl Reading {
    /// What set `key`, which was read before.
    pub(super) fn origin_of(&self, key: &str) -> Origin {
        origin_of(&self.entries.borrow(), key)
    }

    pub(super) fn problem(&self, origin: &Origin, key: &str, message: String) {
        let problem = Problem { origin: origin.clone(), key: key.to_owned(), message };
        self.problems.borrow_mut().push(problem);
    }

    fn record(&self, path: &str, description: &'static str, shape: impl FnOnce() -> Shape) {
        if let Some(records) = &self.records {
            records.borrow_mut().push(Record { path: path.to_owned(), description, shape: shape() });
        }
    }
}

/// One table of the settings. Asking for a key takes it; keys that nobody asked for are unknown.
pub struct Section<'a> {
    reading: &'a Reading,
    path: String,
    table: Table,
    known: Vec<String>,
    docs: Vec<Docs>,
}

impl<'a> Section<'a> {
    /// Reads `table`, then reports the keys that `read` did not ask for.
    pub(super) fn read<T>(
        reading: &'a Reading,
        path: &str,
        table: Table,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut section = Self { reading, path: path.to_owned(), table, known: Vec::new(), docs: Vec::new() };
        let value = read(&mut section);
        for (key, node) in &section.table {
            let hint = suggestion(key, &section.known, "keys here");
            reading.problem(&node.origin, &section.full(key), format!("unknown key; {hint}"));
        }
        value
    }

    /// Says what the keys are for, to editors: the `DOCS` that `#[derive(Documented)]` makes of a struct's comments.
    pub fn describe(&mut self, docs: Docs) {
        self.docs.push(docs);
        if !self.path.is_empty() {
            self.reading.record(&self.path, self.doc(""), || Shape::Table);
        }
    }

    /// A string.
    pub fn string(&mut self, key: &str, default: &str) -> String {
        self.value(key, &Kind::Text, default.to_owned(), |text| text.as_str().into(), content::string)
    }

    /// A string that may be absent.
    pub fn optional_string(&mut self, key: &str) -> Option<String> {
        self.optional(key, &Kind::Text, |text| text.as_str().into(), content::string)
    }

    /// A string that is never shown.
    pub fn secret(&mut self, key: &str, default: &str) -> Secret {
        let read = |content: &Content| content::string(content).map(Secret);
        self.value(key, &Kind::Secret, Secret(default.to_owned()), |secret| hidden(&secret.0), read)
    }

    /// Strings that are never shown.
    pub fn secrets(&mut self, key: &str) -> Vec<Secret> {
        let show = |secrets: &Vec<Secret>| secrets.iter().map(|secret| hidden(&secret.0)).collect();
        let read = |content: &Content| Ok(content::strings(content)?.into_iter().map(Secret).collect());
        self.value(key, &Kind::Secret.list(), Vec::new(), show, read)
    }

    /// One of a few words.
    pub fn choice(
        &mut self,
        key: &str,
        default: &'static str,
        choices: &'static [&'static str],
    ) -> &'static str {
        let read = |content: &Content| {
            let text = content::string(content)?;
            choices.iter().find(|word| **word == text).copied().ok_or(Refusal::Unfit(None))
        };
        self.value(key, &Kind::Choice(choices), default, |word| (*word).into(), read)
    }

    /// A value of a form of its own that is written as a string.
    pub fn written<T: Written>(&mut self, key: &str, default: T) -> T {
        let kind = Kind::Written(T::EXPECTED);
        self.value(key, &kind, default, |value| value.to_string().into(), content::written)
    }

    /// A list of values of a form of their own; one string with commas is taken apart.
    pub fn written_list<T: Written>(&mut self, key: &str, default: Vec<T>) -> Vec<T> {
        let show = |values: &Vec<T>| values.iter().map(ToString::to_string).collect();
        self.value(key, &Kind::Written(T::EXPECTED).list(), default, show, content::written_list)
    }

    /// A value of a form of its own that may be absent.
    pub fn optional_written<T: Written>(&mut self, key: &str) -> Option<T> {
        let kind = Kind::Written(T::EXPECTED);
        self.optional(key, &kind, |value: &T| value.to_string().into(), content::written)
    }

    /// The value of a header; an empty string: the header is left out.
    pub fn header(&mut self, key: &str, default: &'static str) -> Option<HeaderValue> {
        let show = |value: &Option<HeaderValue>| {
            value.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default().into()
        };
        let default = Some(HeaderValue::from_static(default)).filter(|value| !value.is_empty());
        self.value(key, &Kind::Header, default, show, content::header)
    }

    /// Paths.
    pub fn paths(&mut self, key: &str, default: &[&str]) -> Vec<PathBuf> {
        let show = |paths: &Vec<PathBuf>| paths.iter().map(|path| path.to_string_lossy()).collect();
        let default = default.iter().map(PathBuf::from).collect();
        self.value(key, &Kind::Path.list(), default, show, content::paths)
    }

    /// A path that may be absent.
    pub fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        self.optional(key, &Kind::Path, |path: &PathBuf| path.to_string_lossy().into(), content::path)
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &str, default: i64, range: RangeInclusive<i64>) -> i64 {
        let read = within(range.clone());
        self.value(key, &Kind::Integer(range), default, |number| (*number).into(), read)
    }

    /// A whole number that may be absent.
    pub fn optional_integer(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let read = within(range.clone());
        self.optional(key, &Kind::Integer(range), |number| (*number).into(), read)
    }

    /// A length of time: a number of seconds, or text such as `5s` or `10 min`. More than nothing.
    pub fn duration(&mut self, key: &str, default: Duration) -> Duration {
        self.value(key, &Kind::Duration, default, |time| duration::as_json(*time), content::duration)
    }

    /// A length of time that may be absent.
    pub fn optional_duration(&mut self, key: &str) -> Option<Duration> {
        self.optional(key, &Kind::Duration, |time| duration::as_json(*time), content::duration)
    }

    /// A truth value.
    pub fn boolean(&mut self, key: &str, default: bool) -> bool {
        self.value(key, &Kind::Boolean, default, |truth| (*truth).into(), content::boolean)
    }

    /// A truth value that may be absent.
    pub fn optional_boolean(&mut self, key: &str) -> Option<bool> {
        self.optional(key, &Kind::Boolean, |truth| (*truth).into(), content::boolean)
    }

    /// A list of strings; one string with commas is taken apart.
    pub fn strings(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let default = default.iter().map(|&item| item.to_owned()).collect();
        self.value(key, &Kind::Text.list(), default, |items| json_list(items), content::strings)
    }

    /// A list of strings that may be absent.
    pub fn optional_strings(&mut self, key: &str) -> Option<Vec<String>> {
        let read = |content: &Content| match content {
            // A variable that is set to nothing says nothing.
            Content::Untyped(text) if text.trim().is_empty() => Err(Refusal::Unfit(None)),
            content => content::strings(content),
        };
        self.optional(key, &Kind::Text.list(), |items| json_list(items), read)
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
        if self.reading.records.is_some() {
            let any = format!("{path}.{ANY}");
            Section::read(self.reading, &any, Table::new(), |section| read(ANY, section));
        }
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
        self.free(key, |section, name| {
            section.value(name, &Kind::Scalar, String::new(), |text| text.as_str().into(), content::scalar)
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
        let mut names: Vec<String> = table.keys().cloned().collect();
        names.extend(self.reading.records.is_some().then(|| ANY.to_owned()));
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
        self.reading.problem(&self.origin(key), &self.full(key), message);
    }

    /// Notes that `key` is `value` because another key, `source`, that was read before says so.
    pub(super) fn note(&self, key: &str, value: Value, source: &str) {
        let (key, origin) = (self.full(key), self.origin(source));
        let mut entries = self.reading.entries.borrow_mut();
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => (entry.value, entry.origin) = (value, origin),
            None => {
                let place = entries.iter().position(|entry| entry.key == self.full(source));
                let place = place.unwrap_or(entries.len());
                entries.insert(place, Entry { key, value, default: "".into(), origin });
            }
        }
    }

    /// How high the layer is that set a key.
    pub(super) fn layer(&self, key: &str) -> u8 {
        self.origin(key).layer()
    }

    /// What set a key that was read before.
    fn origin(&self, key: &str) -> Origin {
        self.reading.origin_of(&self.full(key))
    }

    fn take_table(&mut self, key: &str) -> Table {
        self.known.push(key.to_owned());
        let path = self.full(key);
        self.reading.record(&path, self.doc(key), || Shape::Table);
        match self.table.remove(key) {
            None => Table::new(),
            Some(Node { value: Content::Table(table), .. }) => table,
            Some(node) => {
                let message = format!("expected a table, found {}", node.value.type_name());
                self.reading.problem(&node.origin, &path, message);
                Table::new()
            }
        }
    }

    /// As [`Section::value`], of what may be absent.
    fn optional<T: Clone>(
        &mut self,
        key: &str,
        kind: &Kind,
        show: impl Fn(&T) -> Value,
        read: impl Fn(&Content) -> Read<T>,
    ) -> Option<T> {
        let show = |value: &Option<T>| value.as_ref().map_or(Value::Null, &show);
        self.value(key, kind, None, show, |content| read(content).map(Some))
    }

    fn value<T: Clone>(
        &mut self,
        key: &str,
        kind: &Kind,
        default: T,
        show: impl Fn(&T) -> Value,
        read: impl Fn(&Content) -> Read<T>,
    ) -> T {
        self.known.push(key.to_owned());
        let path = self.full(key);
        let shape = || Shape::Value { kind: kind.clone(), default: show(&default) };
        self.reading.record(&path, self.doc(key), shape);
        let given = self.table.remove(key);
        let (value, origin) = match given.map(|node| self.taken(node, kind, &read)) {
            None | Some(Ok(None)) => (default.clone(), Origin::Default),
            Some(Ok(Some(found))) => found,
            Some(Err((origin, message))) => {
                self.reading.problem(&origin, &path, message);
                return default;
            }
        };
        let entry = Entry { key: path, value: show(&value), default: show(&default), origin };
        self.reading.entries.borrow_mut().push(entry);
        value
    }

    /// The value that is written there; none: `${PORT:-}` with a variable that is not set leaves the default.
    fn taken<T>(
        &self,
        node: Node,
        kind: &Kind,
        read: impl Fn(&Content) -> Read<T>,
    ) -> Result<Option<(T, Origin)>, (Origin, String)> {
        let content = match self.filled(node.value) {
            Ok(content) => content,
            Err(message) => return Err((node.origin, message)),
        };
        match read(&content) {
            Ok(value) => Ok(Some((value, node.origin))),
            Err(_) if matches!(&content, Content::Untyped(text) if text.is_empty()) => Ok(None),
            Err(refusal) => Err((node.origin, told(refusal, kind, &content))),
        }
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

    /// What the key is for, as far as anybody said; the section itself has no name.
    fn doc(&self, key: &str) -> &'static str {
        let mut docs = self.docs.iter().flat_map(|docs| docs.iter());
        docs.find(|(name, _)| *name == key).map_or("", |(_, doc)| doc)
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// What is wrong, in words. Of a secret only its type is told.
fn told(refusal: Refusal, kind: &Kind, content: &Content) -> String {
    let found = match refusal {
        Refusal::Malformed(message) => return message,
        Refusal::Unfit(_) if kind.is_secret() => content.type_name().to_owned(),
        Refusal::Unfit(item) => item.unwrap_or_else(|| found(content)),
    };
    format!("expected {}, found {found}", kind.expected())
}

/// The nearest of the known names, else all of them, called `what`.
pub(super) fn suggestion(name: &str, known: &[String], what: &str) -> String {
    match text::nearest(name, known.iter().map(String::as_str)).as_slice() {
        [] => format!("the {what} are {}", text::alternatives(known).replace(" or ", " and ")),
        names => format!("did you mean {}?", text::alternatives(names)),
    }
}

fn within(range: RangeInclusive<i64>) -> impl Fn(&Content) -> Read<i64> {
    move |content| {
        let number = content::integer(content)?;
        range.contains(&number).then_some(number).ok_or(Refusal::Unfit(None))
    }
}

fn json_list(items: &[String]) -> Value {
    items.iter().map(String::as_str).collect()
}
