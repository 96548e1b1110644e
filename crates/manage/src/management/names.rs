//! Names that projects and apps can have.

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
