//! All of it in one line, and in numbers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::lines::{Shown, State};
use crate::text;

/// `12 migrations, 2 pending on users; eu does not answer`.
pub(super) fn sentence(databases: &[Shown]) -> String {
    let number = distinct(databases);
    if number == 0 {
        return "No migrations.".to_owned();
    }
    let mut parts = vec![text::count(number, "migration")];
    let noteworthy = State::ALL.into_iter().filter(|state| state.is_noteworthy());
    parts.extend(noteworthy.filter_map(|state| part(databases, state)));
    let away: Vec<&str> =
        databases.iter().filter(|shown| shown.error.is_some()).map(|shown| shown.alias.as_str()).collect();
    match (parts.len(), away.as_slice()) {
        (1, []) => format!("{}, all applied", parts[0]),
        (_, []) => parts.join(", "),
        (_, [one]) => format!("{}; {one} does not answer", parts.join(", ")),
        (_, many) => format!("{}; {} do not answer", parts.join(", "), many.join(", ")),
    }
}

/// The migrations in a state, and where; a single database is not named.
fn part(databases: &[Shown], state: State) -> Option<String> {
    let holds = |shown: &&Shown| shown.lines.iter().any(|line| line.state == state);
    let aliases: Vec<&str> = databases.iter().filter(holds).map(|shown| shown.alias.as_str()).collect();
    let lines = databases.iter().flat_map(|shown| &shown.lines);
    let keys: BTreeSet<_> = lines.filter(|line| line.state == state).map(|line| &line.key).collect();
    match (keys.len(), databases.len()) {
        (0, _) => None,
        (number, 1) => Some(format!("{number} {}", state.word())),
        (number, _) if aliases.len() > 2 => {
            Some(format!("{number} {} on {} databases", state.word(), aliases.len()))
        }
        (number, _) => Some(format!("{number} {} on {}", state.word(), aliases.join(", "))),
    }
}

fn distinct(databases: &[Shown]) -> usize {
    let lines = databases.iter().flat_map(|shown| &shown.lines);
    lines.map(|line| &line.key).collect::<BTreeSet<_>>().len()
}

/// How many migrations there are, and how many in each state; those of several databases count once for each.
pub(super) fn numbers(databases: &[Shown]) -> Value {
    let mut numbers = Map::new();
    numbers.insert("migrations".to_owned(), json!(distinct(databases)));
    for state in State::ALL {
        let lines = databases.iter().flat_map(|shown| &shown.lines);
        numbers.insert(state.word().to_owned(), json!(lines.filter(|line| line.state == state).count()));
    }
    Value::Object(numbers)
}
