//! Files that commands write into a project.

use std::fs;
use std::io;
use std::path::Path;

/// Writes a file beside and renames it, so that nobody ever reads half of it. One that is there is replaced.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}
