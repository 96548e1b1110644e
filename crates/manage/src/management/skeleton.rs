//! Files that a new project or app begins with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{CommandError, CommandResult};
use super::files::{formatted, refusal, write, write_new};
use crate::files::Embedded;

/// The ending of a skeleton's files: no tool shall take them for what they become.
const ENDING: &str = ".tmpl";

const SKELETONS: Embedded = crate::embed!("skeletons/");

/// A set of files with marks, `__name__`, for what is known when they are written.
pub(super) struct Skeleton<'a> {
    /// Its folder in `skeletons/`.
    pub name: &'static str,
    /// The marks and what stands in their places, in paths too.
    pub marks: &'a [(&'a str, &'a str)],
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewFile {
    /// Its path relative to the folder that is filled.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Skeleton<'_> {
    /// Its files with everything filled in, sorted.
    pub(super) fn files(&self) -> Vec<NewFile> {
        let folder = format!("skeletons/{}/", self.name);
        let mut files: Vec<NewFile> = SKELETONS
            .names()
            .filter_map(|path| {
                let name = path.strip_prefix(&folder)?.strip_suffix(ENDING)?;
                Some(NewFile { path: self.fill(name), text: self.fill(&SKELETONS.text(&path)?) })
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    fn fill(&self, text: &str) -> String {
        self.marks.iter().fold(text.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

/// Writes all files into `folder`, or none: what is there already is never replaced. Files of Rust are formatted, as
/// Django does with what it writes.
///
/// # Errors
/// When one of them is there, or the disk refuses; what was written by then is removed again.
pub(super) fn write_all(folder: &Path, files: &[NewFile]) -> CommandResult<Made> {
    let taken: Vec<&str> =
        files.iter().map(|file| file.path.as_str()).filter(|path| folder.join(path).exists()).collect();
    if let [first, rest @ ..] = taken.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        return Err(CommandError::failed(format!("{}{more} is there already", folder.join(first).display()))
            .hint("nothing was written; choose another name or folder"));
    }
    let mut made = Made::default();
    for file in files {
        if let Err(error) = made.file(folder, file) {
            made.undo();
            let path = folder.join(&file.path);
            let (path, reason) = (path.display(), refusal(&error));
            return Err(CommandError::failed(format!("{path}: cannot be written: {reason}")));
        }
    }
    Ok(made)
}

/// What a run has made so far.
#[derive(Default)]
pub(super) struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    replaced: Vec<(PathBuf, String)>,
}

impl Made {
    /// Replaces a file whose text was `before`; an empty one may not have been there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn replace(&mut self, path: &Path, before: &str, after: &str) -> io::Result<()> {
        let is_new = !path.exists();
        write(path, after)?;
        match is_new {
            true => self.files.push(path.to_owned()),
            false => self.replaced.push((path.to_owned(), before.to_owned())),
        }
        Ok(())
    }

    /// Takes a file away whose text was `before`, if it is there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn remove(&mut self, path: &Path, before: &str) -> io::Result<()> {
        if path.exists() {
            fs::remove_file(path)?;
            self.replaced.push((path.to_owned(), before.to_owned()));
        }
        Ok(())
    }

    fn file(&mut self, folder: &Path, file: &NewFile) -> io::Result<()> {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            let missing: Vec<&Path> = parent.ancestors().take_while(|folder| !folder.exists()).collect();
            self.folders.extend(missing.into_iter().map(Path::to_owned));
            fs::create_dir_all(parent)?;
        }
        let folder = path.parent().filter(|_| file.path.ends_with(".rs"));
        let rust = folder.and_then(|folder| formatted(folder, &file.text));
        write_new(&path, rust.as_deref().unwrap_or(&file.text))?;
        self.files.push(path);
        Ok(())
    }

    /// Makes all as it was before.
    pub(super) fn undo(&self) {
        self.replaced.iter().for_each(|(file, text)| drop(write(file, text)));
        self.files.iter().for_each(|file| drop(fs::remove_file(file)));
        let mut folders = self.folders.clone();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}
