//! Whole outputs of commands, compared with the files of `golden/`.
//!
//! `MANAGE_TEST_GOLDEN=write` writes them anew; what changed is then seen in the diff.

use std::fs;
use std::path::Path;

use super::stories::{STORIES, Story};
use crate::support::Run;

#[test]
fn outputs_are_those_of_the_golden_files() {
    #[expect(clippy::disallowed_methods, reason = "whoever changed an output says so")]
    let is_writing = std::env::var("MANAGE_TEST_GOLDEN").is_ok_and(|value| value == "write");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/golden");
    let mut wrong = Vec::new();
    for story in &STORIES {
        let (path, told) = (folder.join(format!("{}.txt", story.name)), tell(story));
        if is_writing {
            fs::write(&path, &told).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if told != expected {
            wrong.push(first_difference(story.name, &expected, &told));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(files, STORIES.len(), "a golden file is nobody's");
}

fn first_difference(name: &str, expected: &str, told: &str) -> String {
    let pairs = expected.lines().chain([""]).zip(told.lines().chain([""])).enumerate();
    let (line, (wanted, found)) =
        pairs.into_iter().find(|(_, (wanted, found))| wanted != found).unwrap_or((0, ("", "")));
    format!("golden/{name}.txt:{}\n  expected: {wanted}\n  found:    {found}", line + 1)
}

/// What the commands of a story answer and say, as a terminal would show it.
fn tell(story: &Story) -> String {
    let workspace = (story.ready)();
    let mut told = String::new();
    for line in story.lines {
        told += &format!("$ {line}\n");
        if let Some((file, text)) = line.strip_prefix("> ").and_then(|rest| rest.split_once(' ')) {
            workspace.write(file, text);
        } else if let Some(file) = line.strip_prefix("- ") {
            fs::remove_file(workspace.path().join(file)).unwrap();
        } else {
            let Run { status, stdout, stderr } = workspace.manage(line.split(' '));
            told += &stdout;
            if !stderr.is_empty() {
                told += &format!("[stderr]\n{stderr}");
            }
            told += &format!("[{status}]\n\n");
        }
    }
    masked(&told.replace(workspace.path().to_str().unwrap(), "/project"))
}

/// Without what is otherwise each time: how long things took, and moments.
fn masked(told: &str) -> String {
    let told =
        masked_behind(told, "\"milliseconds\":", |sign| sign.is_ascii_digit() || " .e-".contains(sign));
    let told = masked_behind(&told, "\"applied_at\":\"", |sign| sign != '"');
    let told = masked_behind(&told, "\"applied_at\": \"", |sign| sign != '"');
    let told = masked_behind(&told, "applied at ", |sign| sign != ')');
    let told = masked_behind(&told, "OK (", |sign| sign != ')');
    told.lines().map(|line| moment(line) + "\n").collect()
}

fn masked_behind(text: &str, before: &str, is_part: impl Fn(char) -> bool) -> String {
    let mut parts = text.split(before);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole += before;
        whole += "0";
        whole += part.trim_start_matches(&is_part);
    }
    whole
}

/// A line whose end is a moment, such as `2026-03-04 16:04:05 UTC`.
fn moment(line: &str) -> String {
    match line.strip_suffix(" UTC").and_then(|rest| rest.len().checked_sub(19).and_then(|at| rest.get(..at)))
    {
        Some(rest) => format!("{rest}MOMENT"),
        None => line.to_owned(),
    }
}
