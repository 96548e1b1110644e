//! Triggers that keep a column in step while programs of two shapes write a table.

use super::schema::Words;
use super::tables::{Column, Source, Trigger};

/// The moments at which a trigger looks at a row, in the order in which it has to learn about them: a row that is put in
/// before it does is changed by nobody unseen.
pub(in crate::backends) const EVENTS: [Event; 2] = [Event::Update, Event::Insert];

/// A moment at which a trigger looks at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backends) enum Event {
    Insert,
    Update,
}

impl Event {
    /// Its name in SQL.
    pub(in crate::backends) fn word(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
        }
    }
}

/// A column that gets a value, if the condition holds; none: always.
#[derive(Debug, PartialEq)]
pub(in crate::backends) struct Assignment<'a> {
    pub condition: Option<String>,
    pub column: &'a Column,
    pub value: String,
}

/// What a vendor writes otherwise.
pub(in crate::backends) trait TriggerWords: Words {
    /// A value of one column as one of another.
    fn converted(&self, value: &str, from: &Column, to: &Column) -> String;

    /// Whether two values differ, where NULL equals NULL.
    fn differ(&self, one: &str, other: &str) -> String;

    /// What happens to a row: the first whose condition holds.
    fn assignments<'a>(&self, trigger: &'a Trigger, event: Event) -> Vec<Assignment<'a>> {
        let new = |column: &Column| format!("NEW.{}", self.quote(&column.name));
        let own = &trigger.column;
        let is_open = || Some(format!("{} IS NULL", new(own)));
        let copied = |from: &Column, to: &'a Column, condition| Assignment {
            condition,
            column: to,
            value: self.converted(&new(from), from, to),
        };
        match &trigger.source {
            Source::From(other) => vec![copied(other, own, None)],
            Source::Value(value) => {
                let value = self.default_sql(value, own.kind);
                vec![Assignment { condition: is_open(), column: own, value }]
            }
            Source::With(other) if event == Event::Insert => {
                vec![copied(other, own, is_open()), copied(own, other, None)]
            }
            Source::With(other) => {
                let is_changed = |column: &Column| {
                    Some(self.differ(&new(column), &format!("OLD.{}", self.quote(&column.name))))
                };
                vec![copied(own, other, is_changed(own)), copied(other, own, is_changed(other))]
            }
        }
    }

    /// The assignments of a moment as one statement of the language of triggers.
    fn branches(
        &self,
        trigger: &Trigger,
        event: Event,
        (assign, else_if): (fn(&str, &str) -> String, &str),
    ) -> String {
        let mut sql = String::new();
        for one in self.assignments(trigger, event) {
            let assignment = assign(&self.quote(&one.column.name), &one.value);
            match (&one.condition, sql.is_empty()) {
                (None, true) => return assignment,
                (None, false) => sql.push_str(&format!("ELSE {assignment} ")),
                (Some(condition), is_first) => {
                    let word = if is_first { "IF" } else { else_if };
                    sql.push_str(&format!("{word} {condition} THEN {assignment} "));
                }
            }
        }
        format!("{sql}END IF;")
    }
}
