//! Which file a path leads to.

use std::fs;
use std::path::{Path, PathBuf};

/// The path without links and detours, also of a file that is still to be made.
pub(super) fn resolved(path: &Path) -> PathBuf {
    // As many links as systems follow.
    let mut path = path.to_owned();
    for _ in 0..40 {
        if let Ok(found) = fs::canonicalize(&path) {
            return found;
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    folder.zip(path.file_name()).map_or(path.clone(), |(folder, name)| folder.join(name))
}

/// The number of a file that exists: that of its device and its own, the same for every link.
pub(super) fn number(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let found = fs::metadata(path).ok()?;
        Some(format!("{}:{}", found.dev(), found.ino()))
    }
    #[cfg(not(unix))]
    {
        fs::canonicalize(path).ok().map(|path| path.display().to_string())
    }
}
