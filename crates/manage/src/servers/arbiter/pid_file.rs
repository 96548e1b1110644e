//! The file that tells the number of the process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

/// A file that is there as long as the process serves.
pub(super) struct PidFile {
    path: PathBuf,
    is_written: bool,
}

impl PidFile {
    /// Looks whether the file may be written; one of a process that was killed makes way.
    ///
    /// # Errors
    /// When the process that it tells of is there.
    pub(super) fn new(path: &Path, heir_of: Option<u32>) -> io::Result<Self> {
        match number_in(path) {
            Some(pid) if is_there(pid) && Some(pid) != heir_of => {
                let why = format!("{} says that process {pid} serves already", path.display());
                Err(io::Error::new(io::ErrorKind::AlreadyExists, why))
            }
            _ => Ok(Self { path: path.to_owned(), is_written: false }),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let pid = std::process::id();
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        let beside = self.path.with_extension(format!("{pid}.tmp"));
        fs::write(&beside, format!("{pid}\n"))
            .and_then(|()| fs::rename(&beside, &self.path))
            .map_err(named)?;
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
