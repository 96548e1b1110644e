//! Names that projects and apps can have.

use std::path::Path;

use super::error::{CommandError, CommandResult};

/// Words of Rust that name no module, and crates that are always there.
const RESERVED: [&str; 61] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "main",
    "manage",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tests",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "lib",
];

/// Whether nothing in Rust can be called so, or should.
pub(super) fn is_word_of_rust(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Folders that cargo makes beside a program, which therefore cannot have these names.
const FOLDERS_OF_CARGO: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// Refuses a name that no crate can have.
///
/// # Errors
/// A wrong command line.
pub(super) fn check_project(name: &str) -> CommandResult {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        && !name.ends_with(['_', '-'])
        && name.len() <= 64;
    if !is_plain {
        return Err(refused(
            name,
            "a project",
            "lower-case letters, digits, `-` and `_`, beginning with a letter",
        ));
    }
    if FOLDERS_OF_CARGO.contains(&name) {
        let text = format!("`{name}` is no name for a project: cargo has a folder of that name");
        return Err(CommandError::usage(text));
    }
    reserved(&name.replace('-', "_"), name, "a project")
}

/// Refuses a name that no app can have.
///
/// # Errors
/// A wrong command line.
pub(super) fn check_app(label: &str) -> CommandResult {
    let is_plain = label.starts_with(|c: char| c.is_ascii_lowercase())
        && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !label.contains("__")
        && !label.ends_with('_')
        && label.len() <= 40;
    if !is_plain {
        return Err(refused(
            label,
            "an app",
            "at most 40 lower-case letters, digits and single underscores, beginning with a letter",
        ));
    }
    reserved(label, label, "an app")
}

/// Refuses an app in Rust whose module the site has already, or cannot have.
///
/// # Errors
/// When there is such a file or folder; a wrong command line.
pub(super) fn check_module(root: &Path, label: &str) -> CommandResult {
    if label == "bin" {
        return Err(CommandError::usage("`bin` is no name for an app: cargo takes src/bin/ for programs"));
    }
    let taken = [format!("src/{label}.rs"), format!("src/{label}/")];
    match taken.iter().find(|path| root.join(path).exists()) {
        Some(path) => Err(CommandError::failed(format!("{path} is there already"))
            .hint("nothing was written; choose another name")),
        None => Ok(()),
    }
}

fn reserved(word: &str, name: &str, what: &str) -> CommandResult {
    match RESERVED.contains(&word) {
        true => {
            Err(CommandError::usage(format!("`{name}` is no name for {what}: Rust uses the word itself")))
        }
        false => Ok(()),
    }
}

fn refused(name: &str, what: &str, expected: &str) -> CommandError {
    CommandError::usage(format!("`{name}` is no name for {what}: expected {expected}"))
}
