//! A row a migration and a column a database.

use std::io;

use super::lines::{Line, Shown};
use crate::management::Output;

/// The migrations of all databases, each once.
pub(super) struct Table<'a> {
    /// The databases that have one of them.
    pub databases: Vec<&'a Shown>,
    /// Whether there are other databases, so that this one is named.
    pub is_named: bool,
    pub rows: Vec<Row<'a>>,
    pub is_plan: bool,
}

/// A migration on each of the databases; nothing where its app does not live.
pub(super) struct Row<'a> {
    pub cells: Vec<Option<&'a Line>>,
    /// What is the same for all of them.
    pub first: &'a Line,
}

/// How much stands in a table.
#[derive(Clone, Copy)]
struct Shape {
    /// When each was applied, in a column of its own.
    has_times: bool,
    /// What each depends on.
    has_depends: bool,
}

impl<'a> Table<'a> {
    /// Puts databases beside each other, in the order of a run or app by app; all migrations, or those about which something
    /// has to be done somewhere.
    pub(super) fn new(all: &'a [Shown], is_plan: bool, is_pending: bool) -> Self {
        let databases: Vec<&Shown> = all.iter().filter(|shown| !shown.lines.is_empty()).collect();
        let mut lines: Vec<(usize, &Line)> = Vec::new();
        for (column, shown) in databases.iter().enumerate() {
            lines.extend(shown.lines.iter().map(|line| (column, line)));
        }
        lines.sort_by_key(|(_, line)| {
            let app = if is_plan { "" } else { line.key.app.as_str() };
            (app, line.position, &line.key)
        });
        let same = |a: &(usize, &Line), b: &(usize, &Line)| a.1.key == b.1.key;
        let rows = lines.chunk_by(same).filter_map(|lines| Row::of(lines, databases.len()));
        let rows = rows.filter(|row| !is_pending || row.is_noteworthy()).collect();
        Self { databases, is_named: all.len() > 1, rows, is_plan }
    }

    /// Writes it, with as much as the terminal is wide enough for. Tells whether it was.
    pub(super) fn show(&self, out: &mut Output) -> io::Result<bool> {
        let has_depends = out.verbosity() > 1;
        let has_times = self.databases.len() == 1;
        let full = Shape { has_times, has_depends };
        let shorter = Shape { has_times: false, ..full };
        // Who asks for more gets all of it.
        Ok(self.show_shape(out, full)? || (has_times && !has_depends && self.show_shape(out, shorter)?))
    }

    fn show_shape(&self, out: &mut Output, shape: Shape) -> io::Result<bool> {
        let mut header = vec!["App", "Migration"];
        match self.is_named {
            false => header.push("State"),
            true => header.extend(self.databases.iter().map(|shown| shown.alias.as_str())),
        }
        header.extend(shape.has_times.then_some("Applied at"));
        header.extend(shape.has_depends.then_some("Depends on"));
        // In a pipe every cell says something, so that columns can be told apart.
        let nothing = if out.width().is_some() { "" } else { "-" };
        let or_nothing = |text: String| if text.is_empty() { nothing.to_owned() } else { text };
        let mut rows = Vec::new();
        let mut last = "";
        for row in &self.rows {
            let app = row.first.key.app.as_str();
            let is_repeated = app == std::mem::replace(&mut last, app) && !self.is_plan;
            let app = if is_repeated && out.width().is_some() { String::new() } else { app.to_owned() };
            let mut cells = vec![app, row.first.key.name.clone()];
            cells.extend(row.cells.iter().map(|cell| or_nothing(self.cell(out, *cell))));
            if shape.has_times {
                cells.push(or_nothing(row.first.moment().unwrap_or_default()));
            }
            if shape.has_depends {
                cells.push(or_nothing(row.first.depends.join(", ")));
            }
            rows.push(cells);
        }
        out.table_if_it_fits(&header, rows)
    }

    /// The state; with `-v 2` also the time, where that has no column.
    fn cell(&self, out: &Output, line: Option<&Line>) -> String {
        let Some(line) = line else { return String::new() };
        let word = out.styled(line.state.style(), line.state.word());
        let moment = line.moment().filter(|_| out.verbosity() > 1 && self.databases.len() > 1);
        moment.map_or_else(|| word.clone(), |moment| format!("{word} {moment}"))
    }
}

impl<'a> Row<'a> {
    /// The lines of one migration, each with the number of its database.
    fn of(lines: &[(usize, &'a Line)], databases: usize) -> Option<Self> {
        let (_, first) = *lines.first()?;
        let cell = |column| lines.iter().find(|(at, _)| *at == column).map(|(_, line)| *line);
        Some(Self { cells: (0..databases).map(cell).collect(), first })
    }

    fn is_noteworthy(&self) -> bool {
        self.cells.iter().flatten().any(|line| line.state.is_noteworthy())
    }
}
