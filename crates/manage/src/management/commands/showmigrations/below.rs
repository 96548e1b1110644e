//! What a table would say, line below line: for terminals that are too narrow for one.

use std::io;

use super::lines::Line;
use super::table::{Row, Table};
use crate::management::{Output, Style};

/// A word in its colour, and what it is said of.
struct Note {
    lead: String,
    style: Style,
    items: Vec<String>,
}

/// Writes each migration with its states; those of a run with the label of their app, others below it.
pub(super) fn show(table: &Table<'_>, out: &mut Output) -> io::Result<()> {
    let mut last = "";
    for row in &table.rows {
        let key = &row.first.key;
        let is_repeated = key.app == std::mem::replace(&mut last, &key.app);
        if !table.is_plan && !is_repeated {
            let label = out.styled(Style::Label, &key.app);
            out.line(label)?;
        }
        let name = if table.is_plan { key.to_string() } else { format!("  {}", key.name) };
        show_row(out, &name, &notes(table, row, out.verbosity()))?;
    }
    Ok(())
}

/// Databases of one state are one note.
fn notes(table: &Table<'_>, row: &Row<'_>, verbosity: u8) -> Vec<Note> {
    let is_one = table.databases.len() == 1;
    let lead = |line: &Line| {
        let moment = line.moment().filter(|_| is_one || verbosity > 1);
        moment.map_or_else(|| line.state.word().to_owned(), |at| format!("{} {at}", line.state.word()))
    };
    let mut notes: Vec<Note> = Vec::new();
    for (shown, line) in
        table.databases.iter().zip(&row.cells).filter_map(|(shown, cell)| Some((shown, (*cell)?)))
    {
        let lead = lead(line);
        let items = if table.is_named { vec![shown.alias.clone()] } else { Vec::new() };
        match notes.iter_mut().find(|note| note.lead == lead) {
            Some(note) => note.items.extend(items),
            None => notes.push(Note { lead, style: line.state.style(), items }),
        }
    }
    if verbosity > 1 && !row.first.depends.is_empty() {
        let (lead, items) = ("depends on".to_owned(), row.first.depends.clone());
        notes.push(Note { lead, style: Style::Notice, items });
    }
    notes
}

/// Beside the name where all of it finds room, else below.
fn show_row(out: &mut Output, name: &str, notes: &[Note]) -> io::Result<()> {
    let width = out.width().unwrap_or(usize::MAX);
    let beside = |words: &dyn Fn(&Note) -> String| {
        format!("{name}  {}", notes.iter().map(words).collect::<Vec<_>>().join("; "))
    };
    if beside(&|note| note.text(&note.lead)).chars().count() <= width {
        return out.line(beside(&|note| note.text(&out.styled(note.style, &note.lead))));
    }
    out.line(name)?;
    notes.iter().try_for_each(|note| note.show(out, width))
}

impl Note {
    fn text(&self, lead: &str) -> String {
        if self.items.is_empty() { lead.to_owned() } else { format!("{lead}: {}", self.items.join(", ")) }
    }

    /// In lines of at most `width`, with its items whole.
    fn show(&self, out: &mut Output, width: usize) -> io::Result<()> {
        let colon = if self.items.is_empty() { "" } else { ":" };
        let mut line = format!("    {}{colon}", out.styled(self.style, &self.lead));
        let mut length = 4 + self.lead.len() + colon.len();
        for (number, item) in self.items.iter().enumerate() {
            let comma = if number + 1 < self.items.len() { "," } else { "" };
            if length + 1 + item.len() + comma.len() > width {
                out.line(std::mem::replace(&mut line, "     ".to_owned()))?;
                length = 5;
            }
            line.push_str(&format!(" {item}{comma}"));
            length += 1 + item.len() + comma.len();
        }
        out.line(line)
    }
}
