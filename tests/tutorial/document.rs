//! A page of documentation as something to be followed.

/// A block between fences that says what to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// A file to be written: its path stands behind the language.
    File { path: String, text: String },
    /// Commands to be run; the line of the page, from 1.
    Console { line: usize, commands: Vec<Command> },
}

/// A command and what it answers and says.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// What is typed.
    pub typed: String,
    /// Every line that follows; `...` stands for anything.
    pub expected: Vec<String>,
}

/// The blocks of a page, in their order. A block without a path that is no console is for reading.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let inner: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, path)) => {
                found.push(Block::File { path: path.to_owned(), text: inner.join("\n") + "\n" });
            }
            None if info == "console" => {
                found.push(Block::Console { line: number + 1, commands: commands(&inner) });
            }
            None => {}
        }
    }
    found
}

fn commands(lines: &[&str]) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(typed), _) => found.push(Command { typed: typed.to_owned(), expected: Vec::new() }),
            (None, Some(last)) => last.expected.push((*line).to_owned()),
            (None, None) => panic!("a console begins with a command: {line}"),
        }
    }
    found
}

/// Whether lines are as expected: a line `...` stands for any lines, `...` in a line for any text.
pub fn fits(expected: &[String], lines: &[&str]) -> bool {
    match (expected.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => {
            fits(rest, lines) || lines.split_first().is_some_and(|(_, later)| fits(expected, later))
        }
        (Some((first, rest)), Some((line, later))) => line_fits(first, line) && fits(rest, later),
        _ => false,
    }
}

fn line_fits(expected: &str, line: &str) -> bool {
    // Dots that are part of the output, as in `Applying polls.0001_initial... OK`, are themselves.
    if expected == line {
        return true;
    }
    match expected.split_once("...") {
        None => false,
        Some((start, end)) => {
            line.strip_prefix(start).is_some_and(|rest| end.is_empty() || rest.ends_with(end))
        }
    }
}

#[test]
fn dots_stand_for_what_differs_and_nothing_else_does() {
    let expected = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(fits(&expected(&["a", "...", "b ... c"]), &["a", "x", "y", "b 12 c"]));
    assert!(fits(&expected(&["...", "a"]), &["a"]));
    assert!(!fits(&expected(&["a", "b"]), &["a"]));
    assert!(!fits(&expected(&["a"]), &["a", "b"]));
    assert!(!fits(&expected(&["a... OK"]), &["a... FAILED"]));
}
