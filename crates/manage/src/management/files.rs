//! Files that commands write into a project.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes a file beside and renames it, so that nobody ever reads half of it. One that is there is replaced, where a
/// link leads too, and keeps its permissions.
///
/// # Errors
/// When the disk refuses, or a file that is there may only be read; nothing is left behind then.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let permissions = fs::metadata(&path).ok().map(|metadata| metadata.permissions());
    // A rename asks the folder alone.
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    place(&path, text, |beside| {
        if let Some(permissions) = permissions {
            fs::set_permissions(beside, permissions)?;
        }
        fs::rename(beside, &path)
    })
}

/// As [`write`], for a file that must not be there yet.
///
/// # Errors
/// Also when it is there.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // Unlike a rename a link does not replace what is there.
    place(path, text, |beside| fs::hard_link(beside, path).and_then(|()| fs::remove_file(beside)))
}

/// A file that is written beside and comes to its place when all of it is there. Dropped before, it leaves nothing; what a
/// killed program left goes when the same file is written again.
pub(super) struct Beside {
    path: PathBuf,
    beside: PathBuf,
    is_kept: bool,
    /// Says that somebody is at work, for as long as the program lives.
    _lock: File,
}

impl Beside {
    /// Begins a file that will be at `path`, where a link leads too.
    ///
    /// # Errors
    /// When the disk refuses, or a file that is there may only be read.
    pub(super) fn create(path: &Path) -> io::Result<(Self, File)> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&path).ok();
        if there.as_ref().is_some_and(|there| there.permissions().readonly()) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        remove_left(&path);
        let beside = path_beside(&path);
        let file = File::create(&beside)?;
        let lock = file.try_clone()?;
        // Where files cannot be locked, nobody finds out that one was left either.
        drop(lock.try_lock());
        let this = Self { path, beside, is_kept: false, _lock: lock };
        if let Some(there) = there {
            fs::set_permissions(&this.beside, there.permissions())?;
        }
        Ok((this, file))
    }

    /// Puts the file to its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn keep(mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.path)?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(fs::remove_file(&self.beside));
        }
    }
}

/// Why the disk refuses, in words without numbers where people know them.
pub(super) fn refusal(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        io::ErrorKind::StorageFull => "No space left on device".to_owned(),
        _ => error.to_string(),
    }
}

/// Waits until no other program changes the project, and keeps others waiting until the answer is dropped. The folder
/// itself is locked: no file is left behind.
///
/// # Errors
/// When the folder cannot be opened or locked.
pub(super) fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// The text as `rustfmt` writes it, by the rules that hold in the folder; none where there is no `rustfmt`, or it does
/// not understand the text. Given by stdin, since it would follow the modules of a file.
pub(super) fn formatted(folder: &Path, text: &str) -> Option<String> {
    let folder = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).current_dir(folder);
    rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = rustfmt.spawn().ok()?;
    // Closed at the end of the line, which tells it that this was all.
    let is_given = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
    let output = child.wait_with_output().ok()?;
    let formatted = String::from_utf8(output.stdout).ok()?;
    (is_given && output.status.success() && !formatted.is_empty()).then_some(formatted)
}

/// What stands behind the number of the process in names of unfinished files.
const UNFINISHED: &str = "unfinished";

/// The name under which a file is written until all of it is there.
fn path_beside(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}{}.{UNFINISHED}", prefix(path), std::process::id()))
}

/// With which the names of unfinished files of a path begin.
fn prefix(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(".{name}.")
}

/// Removes unfinished files of a path whose programs are no more: nobody holds their locks.
fn remove_left(path: &Path) {
    let prefix = prefix(path);
    let is_unfinished = |name: &str| {
        let number =
            name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(UNFINISHED)?.strip_suffix('.'));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let entries = path.parent().and_then(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::read_dir(folder).ok()
    });
    for entry in entries.into_iter().flatten().flatten() {
        let is_left = entry.file_name().to_str().is_some_and(is_unfinished)
            && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if is_left {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn place(path: &Path, text: &str, put: impl FnOnce(&PathBuf) -> io::Result<()>) -> io::Result<()> {
    let beside = path_beside(path);
    let written = fs::write(&beside, text).and_then(|()| put(&beside));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}
