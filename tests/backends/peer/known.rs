//! What is known to be otherwise, and why: `../django/differences.toml`.

use std::collections::BTreeSet;

use manage::db::introspection::Difference;
use regex::Regex;
use serde::Deserialize;

/// All that is known of one kind of database, and what of it was met.
pub(super) struct Known {
    all: Vec<Entry>,
    met: BTreeSet<usize>,
}

/// Something that is otherwise. It says exactly one of `words`, `ours`, `django` and `refusal`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Why it is so, and stays so.
    #[expect(dead_code, reason = "people read it")]
    reason: String,
    /// The databases on which it is so.
    on: Vec<String>,
    /// The part of a table, as differences call it.
    #[serde(default)]
    part: String,
    /// The tables that it is about; none: all.
    table: Option<Pattern>,
    /// The names of parts that it is about; none: all.
    name: Option<Pattern>,
    /// Words that are left out on both sides before they are compared.
    words: Option<Pattern>,
    /// A whole that only our tables have.
    ours: Option<Pattern>,
    /// A whole that only Django's tables have.
    django: Option<Pattern>,
    /// Django's error where it does not follow at all.
    refusal: Option<Pattern>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        Regex::new(&text).map(Self)
    }
}

impl Pattern {
    /// Whether it is the whole of the text.
    fn is(&self, text: &str) -> bool {
        self.0.find(text).is_some_and(|found| found.len() == text.len())
    }

    fn cut(&self, text: &str) -> String {
        self.0.replace_all(text, "").into_owned()
    }
}

impl Entry {
    fn is_about(&self, difference: &Difference) -> bool {
        let fits =
            |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is(text));
        self.part == difference.part.word()
            && fits(&self.table, &difference.table)
            && fits(&self.name, &difference.name)
    }

    /// Whether it is about something that one side has alone.
    fn is_alone(&self, difference: &Difference) -> bool {
        let (django, ours) = (difference.expected.as_deref(), difference.found.as_deref());
        match (django, ours, &self.django, &self.ours) {
            (Some(text), None, Some(pattern), _) | (None, Some(text), _, Some(pattern)) => pattern.is(text),
            _ => false,
        }
    }
}

impl Known {
    pub(super) fn of(dialect: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            difference: Vec<Entry>,
        }
        let mut all = toml::from_str::<File>(include_str!("../django/differences.toml")).unwrap().difference;
        all.retain(|entry| entry.on.iter().any(|on| on == dialect));
        Self { all, met: BTreeSet::new() }
    }

    /// Whether it is known that Django says so and does not follow.
    pub(super) fn refusal(&mut self, error: &str) -> bool {
        let says = |entry: &Entry| entry.refusal.as_ref().is_some_and(|pattern| pattern.0.is_match(error));
        let found = self.all.iter().position(says);
        self.met.extend(found);
        found.is_some()
    }

    /// Whether the difference is known.
    pub(super) fn difference(&mut self, difference: &Difference) -> bool {
        let about: Vec<usize> = (0..self.all.len()).filter(|at| self.all[*at].is_about(difference)).collect();
        if let Some(at) = about.iter().find(|at| self.all[**at].is_alone(difference)) {
            self.met.insert(*at);
            return true;
        }
        let (Some(django), Some(ours)) = (&difference.expected, &difference.found) else { return false };
        let words = |at: &usize| self.all[*at].words.as_ref();
        let cut = |text: &str, without: Option<usize>| {
            let meant = about.iter().filter(|at| Some(**at) != without).filter_map(words);
            meant.fold(text.to_owned(), |text, pattern| pattern.cut(&text))
        };
        if cut(django, None) != cut(ours, None) {
            return false;
        }
        // Only those without which they would differ.
        self.met.extend(about.iter().filter(|at| cut(django, Some(**at)) != cut(ours, Some(**at))));
        true
    }

    /// What is listed and was not met: it is no more, and should not be listed.
    pub(super) fn left(&self) -> Vec<String> {
        let left = self.all.iter().enumerate().filter(|(at, _)| !self.met.contains(at));
        left.map(|(_, entry)| format!("{entry:?}")).collect()
    }
}
