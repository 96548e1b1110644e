//! Files that are whole or not there: written beside their place, then renamed, never through a link.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::person::Person;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody whom the umask lets: 0644.
    Public,
    /// The owner alone, whatever the umask: 0600.
    Secret,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Secret => 0o600,
        }
    }
}

/// A file that lies beside its place, waiting to be put there; gone when it is dropped before.
#[derive(Debug)]
pub struct Staged {
    beside: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Writes the file beside its place.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(target: &Path, content: &[u8], access: Access, person: &Person) -> Result<Self> {
        let staged = Self { beside: beside(target), target: target.to_owned() };
        staged.fill(content, access).map_err(|error| cannot_write(target, error, person))?;
        person.adopt(&staged.beside)?;
        Ok(staged)
    }

    fn fill(&self, content: &[u8], access: Access) -> io::Result<()> {
        // What a killed run left.
        if fs::symlink_metadata(&self.beside).is_ok() {
            fs::remove_file(&self.beside)?;
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(access.mode()).open(&self.beside)?;
        if access == Access::Secret {
            file.set_permissions(Permissions::from_mode(access.mode()))?;
        }
        file.write_all(content)
    }

    /// Puts the file into its place, over what is there.
    ///
    /// # Errors
    /// When that is refused.
    pub fn commit(self) -> Result {
        fs::rename(&self.beside, &self.target).map_err(|error| Error::file("write", &self.target, error))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a commit there is nothing to remove.
        drop(fs::remove_file(&self.beside));
    }
}

/// Where a file waits before it is put into its place.
pub fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.new"))
}

/// Writes a file at once.
///
/// # Errors
/// As [`Staged::write`].
pub fn write(target: &Path, content: &[u8], access: Access, person: &Person) -> Result {
    Staged::write(target, content, access, person)?.commit()
}

/// The file's content, or none when there is no file.
///
/// # Errors
/// When it is there and cannot be read; says whose it is.
pub fn read(path: &Path, person: &Person) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(denied(Error::file("read", path, error), path, person)),
    }
}

/// Makes a folder and those above it that are missing, for the person alone (0700).
///
/// # Errors
/// When a part of the path is no folder or cannot be made.
pub fn make_folder(path: &Path, person: &Person) -> Result {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_folder(parent, person)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => person.adopt(path),
        // Another run was quicker.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::failed(format_args!("{} is not a folder", path.display())))
        }
        Err(error) => Err(denied(Error::file("make the folder", path, error), path, person)),
    }
}

fn cannot_write(path: &Path, error: io::Error, person: &Person) -> Error {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_missing = error.kind() == io::ErrorKind::NotFound && !folder.is_dir();
    let failed = Error::file("write", path, error);
    match is_missing {
        true => failed.hint(format!("there is no folder {}: make it first", folder.display())),
        false => denied(failed, folder, person),
    }
}

/// Adds whose file it is when it is another user's: the usual cause is an earlier run as root.
pub(super) fn denied(error: Error, path: &Path, person: &Person) -> Error {
    use std::os::unix::fs::MetadataExt as _;
    let nearest = path.ancestors().find_map(|path| Some((path, fs::metadata(path).ok()?)));
    let Some((path, facts)) = nearest.filter(|(_, facts)| facts.uid() != person.uid) else { return error };
    let owner = person.name_of(facts.uid());
    let path = path.display();
    error.hint(format!("{path} belongs to {owner}: sudo chown -R {} {path}", person.name))
}
