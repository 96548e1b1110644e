//! Where migrations and declared models are read from.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A project's files, by path relative to its root, with forward slashes: `migrations/blog/0001_initial.toml`.
pub trait Files {
    /// Paths of all files below `folder`, sorted; none when there is no such folder. Hidden files and those that
    /// editors leave behind (`name~`) are left out.
    ///
    /// # Errors
    /// When a folder exists but cannot be read.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// The bytes of the file at `path`; none when there is no such file. A path with `..` is never found.
    ///
    /// # Errors
    /// When the file exists but cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>>;
}

/// Files below a folder of the disk.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The files below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where the file at `path` would lie.
    pub fn disk_path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Files for Folder {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut paths = BTreeSet::new();
        collect(&self.root.join(folder), folder, &mut paths)?;
        Ok(paths.into_iter().collect())
    }

    fn read(&self, path: &str) -> io::Result<Option<Cow<'static, [u8]>>> {
        if path.split('/').any(|part| part == ".." || part.is_empty()) || path.contains(['\\', '\0']) {
            return Ok(None);
        }
        let absent = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory, io::ErrorKind::IsADirectory];
        let path = self.root.join(path);
        // Reading a pipe would wait for somebody who writes into it.
        if fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "it is no regular file"));
        }
        match fs::read(path) {
            Ok(content) => Ok(Some(content.into())),
            Err(error) if absent.contains(&error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }
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
