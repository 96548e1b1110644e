//! What was found, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::checks::Message;
use crate::db::migrations::{Finding, Key, Linted, Size};
use crate::management::{CommandResult, Output};
use crate::text;

/// What was found on all databases.
#[derive(Default)]
pub(super) struct Report {
    /// The same step of the same migration on each database.
    steps: Vec<Vec<Finding>>,
    looked: BTreeSet<Key>,
    applied: BTreeSet<Key>,
    empty: Vec<Finding>,
    allowed: BTreeMap<(String, &'static str), bool>,
}

impl Report {
    /// Adds what was found on one database.
    pub(super) fn add(&mut self, linted: Linted) {
        for finding in linted.findings {
            let is_its = |step: &&mut Vec<Finding>| {
                step.iter().all(|other| is_same(other, &finding) && other.alias != finding.alias)
            };
            match self.steps.iter_mut().find(is_its) {
                Some(step) => step.push(finding),
                None => self.steps.push(vec![finding]),
            }
        }
        self.looked.extend(linted.looked);
        self.applied.extend(linted.applied);
        self.empty.extend(linted.empty);
        for (allowed, is_used) in linted.allowed {
            *self.allowed.entry(allowed).or_default() |= is_used;
        }
    }

    /// Whether no rule is broken.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What files allow and break nowhere, in sentences.
    pub(super) fn unneeded(&self) -> Vec<String> {
        let unused = self.allowed.iter().filter(|(_, is_used)| !**is_used);
        unused
            .map(|((path, code), _)| {
                format!("{path}: `allow_unsafe` names {code}, which nothing in it breaks")
            })
            .collect()
    }

    /// A line for each step, and what to do instead.
    pub(super) fn plain(&self, out: &mut Output) -> CommandResult {
        for (step, first) in self.steps() {
            out.line(format!("{}{}", first.message(), sizes(step)))?;
            out.line(format!("  hint: {}", first.rule.way_out))?;
        }
        Ok(())
    }

    /// As messages of system checks.
    pub(super) fn messages(&self) -> Vec<Message> {
        let message = |(step, first): (&[Finding], &Finding)| {
            Message::error(first.rule.code, "", format!("{}{}", first.what, sizes(step)))
                .at(&*first.place.path, first.place.line)
                .hint(first.rule.way_out)
        };
        self.steps().map(message).collect()
    }

    /// One object.
    pub(super) fn json(&self) -> Value {
        let findings: Vec<Value> = self.steps().map(|(step, first)| of_step(step, first)).collect();
        json!({
            "findings": findings,
            "migrations": self.looked.len(),
            "applied": self.passed(),
            "empty": self.left_out(),
        })
    }

    /// `2 findings in 1 migration; 3 applied ones were passed over`.
    pub(super) fn summary(&self) -> String {
        let (findings, looked) =
            (text::count(self.steps.len(), "finding"), text::count(self.looked.len(), "migration"));
        let mut parts = vec![format!("{findings} in {looked}")];
        match self.passed() {
            0 => {}
            1 => parts.push("1 that is applied was passed over".to_owned()),
            many => parts.push(format!("{many} that are applied were passed over")),
        }
        if self.left_out() > 0 {
            let left_out = text::count(self.left_out(), "finding");
            parts.push(format!("{left_out} on empty tables left out, which `--no-database` tells"));
        }
        if let Some((_, first)) = self.steps().next() {
            parts.push(format!("`manage lintmigrations --explain {}` tells more", first.rule.code));
        }
        parts.join("; ")
    }

    fn steps(&self) -> impl Iterator<Item = (&[Finding], &Finding)> {
        self.steps.iter().filter_map(|step| Some((step.as_slice(), step.first()?)))
    }

    /// How many steps do no harm on any database, since their tables are empty.
    fn left_out(&self) -> usize {
        let told = || self.steps.iter().flatten();
        let is_first = |(position, finding): &(usize, &Finding)| {
            !told().chain(&self.empty[..*position]).any(|other| is_same(other, finding))
        };
        self.empty.iter().enumerate().filter(is_first).count()
    }

    /// How many migrations every database had applied.
    fn passed(&self) -> usize {
        self.applied.difference(&self.looked).count()
    }
}

/// Whether two findings are of the same step, maybe on two databases.
fn is_same(one: &Finding, other: &Finding) -> bool {
    (&one.place, one.rule, &one.what) == (&other.place, other.rule, &other.what)
}

/// ` (812 rows on eu, more than 10000 rows on us)`; nothing where no table is meant.
fn sizes(step: &[Finding]) -> String {
    let sized = step.iter().filter(|finding| finding.table.is_some());
    let sizes: Vec<String> = sized.map(|finding| format!("{} on {}", finding.size, finding.alias)).collect();
    if sizes.is_empty() { String::new() } else { format!(" ({})", sizes.join(", ")) }
}

fn of_step(step: &[Finding], first: &Finding) -> Value {
    let databases: Vec<Value> = step
        .iter()
        .map(|finding| {
            let rows = match finding.size {
                Size::Rows(rows) => Some(rows),
                Size::Large | Size::Unknown => None,
            };
            let is_large = finding.table.as_ref().map(|_| finding.size.is_large());
            json!({ "alias": finding.alias, "rows": rows, "is_large": is_large })
        })
        .collect();
    json!({
        "code": first.rule.code,
        "file": &*first.place.path,
        "line": first.place.line,
        "migration": first.migration,
        "text": first.what,
        "hint": first.rule.way_out,
        "table": first.table,
        "databases": databases,
    })
}
