//! Files that commands write into a project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file beside and renames it, so that nobody ever reads half of it. One that is there is replaced.
///
/// # Errors
/// When the disk refuses; nothing is left behind then.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    place(path, text, |beside| fs::rename(beside, path))
}

/// As [`write`], for a file that must not be there yet.
///
/// # Errors
/// Also when it is there.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // Unlike a rename a link does not replace what is there.
    place(path, text, |beside| fs::hard_link(beside, path).and_then(|()| fs::remove_file(beside)))
}

fn place(path: &Path, text: &str, put: impl FnOnce(&PathBuf) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| put(&beside));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}
