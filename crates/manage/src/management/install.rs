//! The lines that install an app, and where they go.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{CommandError, CommandResult};

/// A line to be added to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The file.
    pub file: PathBuf,
    /// The line as a person would add it.
    pub line: String,
    /// The whole text of the file with it.
    pub changed: String,
}

/// The lines of a site in Rust: the module in the crate's root, the app in the list of apps.
///
/// # Errors
/// When there is no such root or no such list.
pub(super) fn in_rust(root: &Path, label: &str) -> CommandResult<Vec<Step>> {
    let source = root.join("src");
    let candidates = ["lib.rs", "main.rs", "apps.rs"].map(|name| source.join(name));
    let crate_root = candidates[..2].iter().find(|file| file.is_file()).ok_or_else(|| {
        CommandError::failed(format!("{} has neither lib.rs nor main.rs", source.display()))
    })?;
    let list = candidates.iter().find(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(LIST)));
    let list = list.ok_or_else(|| {
        CommandError::failed(format!("no file of {} names the site's apps: `{LIST}...])`", source.display()))
            .hint("nothing was written")
    })?;
    let (module, app) = (format!("mod {label};"), format!("crate::{label}::APP"));
    let read = |file: &PathBuf| fs::read_to_string(file);
    let with_module = add_module(&read(crate_root)?, &module);
    if crate_root == list {
        let changed = add_app(&with_module, &app);
        return Ok(vec![
            Step { file: list.clone(), line: module, changed: with_module },
            Step { file: list.clone(), line: format!("`{app}` into `.apps([...])`"), changed },
        ]);
    }
    let changed = add_app(&read(list)?, &app);
    Ok(vec![
        Step { file: crate_root.clone(), line: module, changed: with_module },
        Step { file: list.clone(), line: format!("`{app}` into `.apps([...])`"), changed },
    ])
}

/// How the list of apps begins in the source of a site.
const LIST: &str = ".apps([";

/// Adds a `mod` line behind the last one; without one, behind the comment at the top.
fn add_module(text: &str, module: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_module = |line: &&str| {
        let line = line.trim_start_matches("pub ");
        line.starts_with("mod ") && line.ends_with(';')
    };
    if let Some(last) = lines.iter().rposition(is_module) {
        return joined(&lines[..=last], module, &lines[last + 1..]);
    }
    let top = lines.iter().take_while(|line| line.starts_with("//!")).count();
    let spaced = format!("\n{module}");
    joined(&lines[..top], &spaced, &lines[top..])
}

fn joined(before: &[&str], line: &str, after: &[&str]) -> String {
    let mut text = String::new();
    for line in before.iter().copied().chain([line]).chain(after.iter().copied()) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Adds an app to the end of the list.
fn add_app(text: &str, app: &str) -> String {
    let Some(start) = text.find(LIST) else { return text.to_owned() };
    let Some(length) = text[start..].find("])") else { return text.to_owned() };
    let (before, after) = text.split_at(start + length);
    let trimmed = before.trim_end();
    let is_multiline = trimmed.len() < before.len();
    let comma = if trimmed.ends_with(['[', ',']) { "" } else { "," };
    match is_multiline {
        true => {
            let indent: String = trimmed
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .take_while(|c| c.is_whitespace())
                .collect();
            format!("{trimmed}{comma}\n{indent}{app},{}{after}", &before[trimmed.len()..])
        }
        false => {
            let space = if trimmed.ends_with('[') { "" } else { " " };
            format!("{trimmed}{comma}{space}{app}{after}")
        }
    }
}

/// The line of a project without Rust: the label in `apps` of `settings/base.toml`.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn in_settings(root: &Path, label: &str) -> CommandResult<Vec<Step>> {
    let file = root.join("settings/base.toml");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CommandError::failed(format!("{}: {error}", file.display()))),
    };
    let changed = add_label(&text, label);
    Ok(vec![Step { line: format!("`\"{label}\"` into `apps = [...]`"), file, changed }])
}

/// Adds a label to the list `apps`, which is made at the top where there is none.
fn add_label(text: &str, label: &str) -> String {
    let is_list = |line: &str| {
        line.split_once('=')
            .is_some_and(|(key, value)| key.trim() == "apps" && value.trim_start().starts_with('['))
    };
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            break;
        }
        if is_list(line)
            && let Some(end) = text[position..].find(']')
        {
            let (before, after) = text.split_at(position + end);
            let trimmed = before.trim_end();
            let comma = if trimmed.ends_with(['[', ',']) { "" } else { "," };
            let space = if trimmed.ends_with('[') { "" } else { " " };
            return format!("{trimmed}{comma}{space}\"{label}\"{after}");
        }
        position += line.len();
    }
    // Behind the comments that the file begins with, before the first key.
    let top: usize = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let (before, after) = text.split_at(top);
    let gap = if before.is_empty() { "" } else { "\n" };
    format!("{before}{gap}apps = [\"{label}\"]\n{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_added_to_lists_on_one_line_and_on_several() {
        assert_eq!(add_app("x.apps([a::APP, b::APP]).y()", "c::APP"), "x.apps([a::APP, b::APP, c::APP]).y()");
        assert_eq!(add_app("x.apps([]).y()", "c::APP"), "x.apps([c::APP]).y()");
        assert_eq!(
            add_app("x\n    .apps([\n        a::APP,\n    ])\n", "c::APP"),
            "x\n    .apps([\n        a::APP,\n        c::APP,\n    ])\n"
        );
    }

    #[test]
    fn a_module_goes_behind_the_last_one_or_to_the_top() {
        assert_eq!(
            add_module("//! a\n\npub mod b;\n\nfn c() {}\n", "mod d;"),
            "//! a\n\npub mod b;\nmod d;\n\nfn c() {}\n"
        );
        assert_eq!(add_module("//! a\n\nuse b;\n", "mod d;"), "//! a\n\nmod d;\n\nuse b;\n");
    }

    #[test]
    fn a_label_is_added_to_the_list_of_apps_and_to_no_other() {
        assert_eq!(add_label("apps = []\n", "a"), "apps = [\"a\"]\n");
        assert_eq!(add_label("# x\napps = [\"a\"] # y\n", "b"), "# x\napps = [\"a\", \"b\"] # y\n");
        assert_eq!(
            add_label("# x\n\n[routes]\napps = [\"a\"]\n", "b"),
            "# x\n\napps = [\"b\"]\n\n[routes]\napps = [\"a\"]\n"
        );
        assert_eq!(add_label("apps = [\n  \"a\",\n]\n", "b"), "apps = [\n  \"a\", \"b\"]\n");
    }
}
