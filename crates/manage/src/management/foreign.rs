//! Folders that belong to another program.

use std::fs;
use std::path::Path;

use super::error::{CommandError, CommandResult};

/// Refuses the folder of a site in Rust whose program is another one: its apps are not in this program, and this
/// program's are not its own. `owner` is the crate of this program's site.
///
/// # Errors
/// A wrong command line, with the right one.
pub(crate) fn check(root: &Path, owner: &str) -> CommandResult {
    let Ok(text) = fs::read_to_string(root.join("Cargo.toml")) else { return Ok(()) };
    let Ok(manifest) = text.parse::<toml::Table>() else { return Ok(()) };
    let depends = manifest.get("dependencies").and_then(|table| table.get("manage")).is_some();
    let name = manifest.get("package").and_then(|table| table.get("name")).and_then(toml::Value::as_str);
    match name.filter(|name| depends && *name != owner) {
        None => Ok(()),
        Some(name) => Err(CommandError::usage(format!(
            "{} is the site `{name}`: its own program works here, this one does not know its apps",
            root.display()
        ))
        .hint("type `cargo run -- ` and the command, or start the program that cargo built")),
    }
}
