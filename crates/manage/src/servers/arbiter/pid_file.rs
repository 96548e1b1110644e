//! The file that tells the number of the process.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

/// A file that is there as long as the process serves.
pub(super) struct PidFile {
    path: PathBuf,
    is_written: bool,
}

impl PidFile {
    /// Looks whether the file may be written; one of a process that was killed makes way, also one that had the number of
    /// this one, as in a container that was started again.
    ///
    /// # Errors
    /// When the process that it tells of is there, or nothing can be written there.
    pub(super) fn new(path: &Path, heir_of: Option<u32>) -> io::Result<Self> {
        match number_in(path) {
            Some(pid) if is_there(pid) && ![heir_of, Some(std::process::id())].contains(&Some(pid)) => {
                let why = format!("{} says that process {pid} serves already", path.display());
                Err(io::Error::new(io::ErrorKind::AlreadyExists, why))
            }
            _ => {
                let file = Self { path: path.to_owned(), is_written: false };
                file.check().map(|()| file)
            }
        }
    }

    /// Looks whether it can be written, while nothing is served yet.
    fn check(&self) -> io::Result<()> {
        let tried = match self.path.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => self.beside("").and_then(fs::remove_file),
        };
        tried.map_err(|error| self.named(&error))
    }

    /// Makes a file beside it, which nobody has made before.
    fn beside(&self, text: &str) -> io::Result<PathBuf> {
        let beside = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::File::create_new(&beside).and_then(|mut file| file.write_all(text.as_bytes()));
        match written {
            Ok(()) => Ok(beside),
            Err(error) => {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    drop(fs::remove_file(&beside));
                }
                Err(error)
            }
        }
    }

    fn named(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let text = format!("{}\n", std::process::id());
        let moved = self.beside(&text).and_then(|beside| fs::rename(beside, &self.path));
        moved.map_err(|error| self.named(&error))?;
        self.is_written = true;
        Ok(())
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody else may have it by now.
        if self.is_written && number_in(&self.path) == Some(std::process::id()) {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn number_in(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn is_there(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // No right to signal it is a proof that it is there.
    pid.is_some_and(|pid| !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}
