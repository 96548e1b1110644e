//! The project's own files: those on disk under its root, over those in the binary.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "migrations/"]
#[prefix = "migrations/"]
struct Migrations;

#[derive(Embed)]
#[folder = "templates/"]
#[prefix = "templates/"]
struct Templates;

#[derive(Embed)]
#[folder = "static/"]
#[prefix = "static/"]
struct Static;

/// Files by path relative to the root, with forward slashes: `migrations/blog/0001_initial.toml`.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    root: PathBuf,
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
    /// The files of the project at `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a file would lie on disk.
    pub fn disk_path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The file at `path`: from disk, else from the binary, else none. A path with `..` is never found.
    ///
    /// # Errors
    /// When a file on disk exists but cannot be read.
    pub fn read(&self, path: &str) -> io::Result<Option<File>> {
        if path.split('/').any(|part| part == ".." || part.is_empty()) || path.contains(['\\', '\0']) {
            return Ok(None);
        }
        let absent = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory, io::ErrorKind::IsADirectory];
        let on_disk = self.root.join(path);
        match fs::read(&on_disk) {
            Ok(content) => {
                let modified = fs::metadata(&on_disk).and_then(|facts| facts.modified()).ok();
                Ok(Some(File { path: path.to_owned(), content: content.into(), on_disk: true, modified }))
            }
            Err(error) if absent.contains(&error.kind()) => Ok(embedded(path)),
            Err(error) => Err(error),
        }
    }

    /// Paths of all files below `folder`, on disk and in the binary, sorted. Hidden files are left out.
    ///
    /// # Errors
    /// When a folder on disk exists but cannot be read.
    pub fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = format!("{folder}/");
        let mut paths: BTreeSet<String> =
            embedded_paths().filter(|path| path.starts_with(&prefix)).map(Cow::into_owned).collect();
        collect(&self.root.join(folder), folder, &mut paths)?;
        Ok(paths.into_iter().collect())
    }
}

fn embedded(path: &str) -> Option<File> {
    let file = Migrations::get(path).or_else(|| Templates::get(path)).or_else(|| Static::get(path))?;
    let modified = file.metadata.last_modified().map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
    Some(File { path: path.to_owned(), content: file.data, on_disk: false, modified })
}

fn embedded_paths() -> impl Iterator<Item = Cow<'static, str>> {
    Migrations::iter().chain(Templates::iter()).chain(Static::iter())
}

fn collect(folder: &Path, prefix: &str, paths: &mut BTreeSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = format!("{prefix}/{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &path, paths)?;
        } else {
            paths.insert(path);
        }
    }
    Ok(())
}
