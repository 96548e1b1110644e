//! Files that a new project or app begins with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{CommandError, CommandResult};
use super::files::write_new;
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

/// Writes all files into `folder`, or none: what is there already is never replaced.
///
/// # Errors
/// When one of them is there, or the disk refuses; what was written by then is removed again.
pub(super) fn write_all(folder: &Path, files: &[NewFile]) -> CommandResult {
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
            return Err(CommandError::failed(format!("{} cannot be written: {error}", path.display())));
        }
    }
    Ok(())
}

/// What a run has made so far.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, folder: &Path, file: &NewFile) -> io::Result<()> {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            let missing: Vec<&Path> = parent.ancestors().take_while(|folder| !folder.exists()).collect();
            self.folders.extend(missing.into_iter().map(Path::to_owned));
            fs::create_dir_all(parent)?;
        }
        write_new(&path, &file.text)?;
        self.files.push(path);
        Ok(())
    }

    fn undo(&self) {
        self.files.iter().for_each(|file| drop(fs::remove_file(file)));
        let mut folders = self.folders.clone();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        folders.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}
