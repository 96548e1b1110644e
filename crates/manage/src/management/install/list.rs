//! A list between square brackets, in Rust or in TOML.

use super::span::{Change, line_start, newline};

/// Where a list stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// Behind the opening bracket.
    pub open: usize,
    /// Before the closing one.
    pub close: usize,
    /// Behind the last item, or behind the comma that follows it.
    pub end: Option<usize>,
    /// Whether there is such a comma.
    pub has_comma: bool,
}

impl List {
    /// What adds an item to the end, in the manner of the list: on its line, or on a line of its own.
    pub(super) fn add(&self, text: &str, item: &str) -> Vec<Change> {
        let line = line_start(text, self.close);
        let lead = &text[line..self.close];
        if line > self.open && lead.trim().is_empty() {
            let comma = self.end.filter(|_| !self.has_comma).map(|end| (end..end, ",".to_owned()));
            let new = format!("{}{item},{}", self.indent(text, lead), newline(text));
            return comma.into_iter().chain([(line..line, new)]).collect();
        }
        let new = match (self.end, self.has_comma) {
            (None, _) => item.to_owned(),
            (Some(_), true) => format!(" {item}"),
            (Some(_), false) => format!(", {item}"),
        };
        let place = self.end.unwrap_or(self.open);
        vec![(place..place, new)]
    }

    /// The spaces before the last item, if its line begins inside of the list.
    fn indent(&self, text: &str, lead: &str) -> String {
        let line = self.end.map(|end| line_start(text, end)).filter(|line| *line > self.open);
        match line {
            Some(line) => text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect(),
            None => format!("{lead}    "),
        }
    }
}
