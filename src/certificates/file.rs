//! Files that are whole or not there: written beside their place, then renamed, never through a link.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::person::Person;
use crate::crypto;

/// Who may read a file, or look into a folder. The owner alone may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody whom the umask lets: 0644, for folders 0755.
    Public,
    /// Everybody, whatever the umask: 0644, for folders 0755.
    Everybody,
    /// The owner alone, whatever the umask: 0600, for folders 0700.
    Secret,
}

impl Access {
    fn of_file(self) -> u32 {
        match self {
            Self::Public | Self::Everybody => 0o644,
            Self::Secret => 0o600,
        }
    }

    fn of_folder(self) -> u32 {
        match self {
            Self::Public | Self::Everybody => 0o755,
            Self::Secret => 0o700,
        }
    }

    fn heeds_umask(self) -> bool {
        self == Self::Public
    }
}

/// Largest file that is read, in bytes: a thousand times the largest that makes sense.
const MAX_SIZE: u64 = 16 << 20;

/// A file that lies beside its place, waiting to be put there; gone when it is dropped before.
#[derive(Debug)]
pub struct Staged<'a> {
    beside: PathBuf,
    target: PathBuf,
    person: &'a Person,
}

impl<'a> Staged<'a> {
    /// Writes the file beside its place, under a name that nothing else has.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(target: &Path, content: &[u8], access: Access, person: &'a Person) -> Result<Self> {
        let beside = named_beside(target, &crypto::random_string(8));
        Self::write_as(beside, target, content, access, person)
    }

    /// Writes a file of a locked folder beside its place, over what a killed run left there.
    ///
    /// # Errors
    /// As [`Staged::write`].
    pub fn under_lock(target: &Path, content: &[u8], access: Access, person: &'a Person) -> Result<Self> {
        let beside = beside(target);
        match person.act_in(folder_of(target), || fs::remove_file(&beside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(target, error, person)),
            _ => Self::write_as(beside, target, content, access, person),
        }
    }

    fn write_as(
        beside: PathBuf,
        target: &Path,
        content: &[u8],
        access: Access,
        person: &'a Person,
    ) -> Result<Self> {
        let filled = person.act_in(folder_of(target), || fill(&beside, content, access));
        // Only what is this run's own may be removed when it is dropped.
        filled.map_err(|error| cannot_write(target, error, person))?;
        Ok(Self { beside, target: target.to_owned(), person })
    }

    /// Puts the file into its place, over what is there.
    ///
    /// # Errors
    /// When that is refused.
    pub fn commit(self) -> Result {
        let renamed = self.person.act_in(folder_of(&self.target), || fs::rename(&self.beside, &self.target));
        renamed.map_err(|error| Error::file("write", &self.target, error))
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // After a commit there is nothing to remove.
        self.person.act_in(folder_of(&self.target), || drop(fs::remove_file(&self.beside)));
    }
}

fn fill(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mode = access.of_file();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let filled = match access.heeds_umask() {
        true => Ok(()),
        false => file.set_permissions(Permissions::from_mode(mode)),
    };
    filled.and_then(|()| file.write_all(content)).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Where a file of a locked folder waits before it is put into its place.
pub fn beside(target: &Path) -> PathBuf {
    named_beside(target, "manage")
}

fn named_beside(target: &Path, mark: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{mark}.new"));
    target.with_file_name(name)
}

/// The folder in which a file lies.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file of a locked folder at once.
///
/// # Errors
/// As [`Staged::write`].
pub fn write(target: &Path, content: &[u8], access: Access, person: &Person) -> Result {
    Staged::under_lock(target, content, access, person)?.commit()
}

/// The file's content, or none when there is no file.
///
/// # Errors
/// When it is there and cannot be read, which says whose it is; or is larger than 16 MiB.
pub fn read(path: &Path, person: &Person) -> Result<Option<Vec<u8>>> {
    let file = match person.act_in(folder_of(path), || File::open(path)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(denied(Error::file("read", path, error), path, person)),
    };
    read_all(file, path).map(Some)
}

/// What can be read from `source`. `path` is for messages.
///
/// # Errors
/// When it cannot be read, or is larger than 16 MiB.
pub fn read_all(source: impl Read, path: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    source.take(MAX_SIZE + 1).read_to_end(&mut content).map_err(|error| Error::file("read", path, error))?;
    match u64::try_from(content.len()) {
        Ok(..=MAX_SIZE) => Ok(content),
        _ => Err(Error::failed(format_args!(
            "{} is larger than 16 MiB: that is no certificate",
            path.display()
        ))),
    }
}

/// The content of a file, or of stdin for `-`.
///
/// # Errors
/// As [`read`], and when there is no such file.
pub fn read_input(path: &Path, person: &Person) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return read_all(io::stdin(), path);
    }
    read(path, person)?.ok_or_else(|| Error::failed(format_args!("there is no file {}", path.display())))
}

/// Whether a file may be put into this place at all.
///
/// # Errors
/// When something else than a file or a link is there: a folder, a device.
pub fn check_place(path: &Path) -> Result<Option<fs::Metadata>> {
    let Ok(facts) = fs::symlink_metadata(path) else { return Ok(None) };
    let shown = path.display();
    match facts.file_type() {
        kind if kind.is_dir() => Err(Error::failed(format_args!("{shown} is a folder")).hint("name a file")),
        kind if kind.is_file() || kind.is_symlink() => Ok(Some(facts)),
        _ => Err(Error::failed(format_args!("{shown} is a device or a pipe")).hint("name a file")),
    }
}

/// Makes a folder and those above it that are missing.
///
/// # Errors
/// When a part of the path is no folder or cannot be made.
pub fn make_folder(path: &Path, access: Access, person: &Person) -> Result {
    if path.is_dir() {
        return Ok(());
    }
    make_folder(folder_of(path), access, person)?;
    match person.act_in(folder_of(path), || make_one_folder(path, access)) {
        Ok(()) => Ok(()),
        // Another run was quicker.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::failed(format_args!("{} is not a folder", path.display())))
        }
        Err(error) => Err(denied(Error::file("make the folder", path, error), path, person)),
    }
}

fn make_one_folder(path: &Path, access: Access) -> io::Result<()> {
    let mode = access.of_folder();
    DirBuilder::new().mode(mode).create(path)?;
    match access.heeds_umask() {
        true => Ok(()),
        false => fs::set_permissions(path, Permissions::from_mode(mode)),
    }
}

fn cannot_write(path: &Path, error: io::Error, person: &Person) -> Error {
    let folder = folder_of(path);
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
