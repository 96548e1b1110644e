//! Files by path: from disk, else from the binary.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::embedded::Embedded;
use crate::db::{Files, Folder};

/// Files by path relative to the root, with forward slashes: `migrations/blog/0001_initial.toml`.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    disk: Folder,
    embedded: Vec<Embedded>,
}

/// A file's content and where it came from.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path relative to the root.
    pub path: String,
    /// Its bytes.
    pub content: Cow<'static, [u8]>,
    /// Whether it lies on disk rather than in the binary.
    pub on_disk: bool,
    /// When it was changed last, where that is known.
    pub modified: Option<SystemTime>,
}

impl ProjectFiles {
    /// The files of the project at `root`, over embedded ones, of which earlier ones go first.
    pub fn new(root: &Path, embedded: Vec<Embedded>) -> Self {
        Self { disk: Folder::new(root), embedded }
    }

    /// Where a file would lie on disk.
    pub fn disk_path(&self, path: &str) -> PathBuf {
        self.disk.disk_path(path)
    }

    /// The file at `path`: from disk, else from the binary, else none. A path with `..` is never found.
    ///
    /// # Errors
    /// When a file on disk exists but cannot be read.
    pub fn file(&self, path: &str) -> io::Result<Option<File>> {
        if let Some(content) = self.disk.read(path)? {
            let modified = fs::metadata(self.disk_path(path)).and_then(|facts| facts.modified()).ok();
            return Ok(Some(File { path: path.to_owned(), content, on_disk: true, modified }));
        }
        let found = self.embedded.iter().find_map(|embedded| embedded.get(path));
        Ok(found.map(|(content, modified)| File { path: path.to_owned(), content, on_disk: false, modified }))
    }
}

impl Files for ProjectFiles {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        let embedded = self.embedded.iter().flat_map(|embedded| embedded.names());
        let mut paths: BTreeSet<String> =
            embedded.filter(|path| path.starts_with(&prefix)).map(Cow::into_owned).collect();
        paths.extend(self.disk.list(folder)?);
        Ok(paths.into_iter().collect())
    }

    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
        Ok(self.file(path)?.map(|file| file.content))
    }
}
