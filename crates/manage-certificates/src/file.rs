//! Files that are whole or not there: written beside their place, then renamed, never through a link.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

#[cfg(target_os = "linux")]
use nix::fcntl::OFlag;

use super::error::{Error, Result};
use super::person::Person;
use manage_leaves::crypto;

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
        Self::marked(target, &new_mark(), content, access, person)
    }

    /// As [`Staged::write`], under a name with this mark, which `new_mark` made.
    ///
    /// # Errors
    /// As [`Staged::write`].
    pub fn marked(
        target: &Path,
        mark: &str,
        content: &[u8],
        access: Access,
        person: &'a Person,
    ) -> Result<Self> {
        Self::write_as(named_beside(target, mark), target, content, access, person)
    }

    /// Writes a file of a locked folder beside its place, over what a killed run left there.
    ///
    /// # Errors
    /// As [`Staged::write`].
    pub(crate) fn under_lock(
        target: &Path,
        content: &[u8],
        access: Access,
        person: &'a Person,
    ) -> Result<Self> {
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
        self.rename()
    }

    /// As [`Staged::commit`]; what cannot be put into its place goes on waiting.
    ///
    /// # Errors
    /// As [`Staged::commit`].
    pub(crate) fn commit_or_leave(self) -> Result {
        // Dropping would remove it.
        self.rename().inspect_err(|_| std::mem::forget(self))
    }

    fn rename(&self) -> Result {
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

/// Whether a file can be written at `target`, whose folder is or will be below `folder`. Not even a killed run leaves
/// anything behind.
///
/// # Errors
/// When the folder is missing or cannot be written, or the name is too long.
pub fn probe(target: &Path, folder: &Path, person: &Person) -> Result {
    let name = named_beside(target, &"x".repeat(MARK));
    let tried = person.act_in(folder, || match fs::symlink_metadata(&name) {
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Err(error),
        _ => make_nameless(folder),
    });
    tried.map_err(|error| cannot_write(target, error, person))
}

/// Makes a file without a name in a folder, and lets it go.
#[cfg(target_os = "linux")]
fn make_nameless(folder: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(OFlag::O_TMPFILE.bits());
    match options.open(folder) {
        // Not every file system can: writing will tell.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::IsADirectory) => {
            Ok(())
        }
        opened => opened.map(drop),
    }
}

/// Elsewhere writing will tell.
#[cfg(not(target_os = "linux"))]
fn make_nameless(folder: &Path) -> io::Result<()> {
    fs::metadata(folder).map(drop)
}

/// Where a file of a locked folder waits before it is put into its place.
pub fn beside(target: &Path) -> PathBuf {
    named_beside(target, "manage")
}

/// A mark that nothing else has: eight letters and digits.
pub(crate) fn new_mark() -> String {
    crypto::random_string(MARK)
}

/// Length of a mark.
const MARK: usize = 8;

/// Where a file with a mark waits before it is put into its place.
pub(crate) fn named_beside(target: &Path, mark: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{mark}.new"));
    target.with_file_name(name)
}

/// Removes the files that are named in `list`, which a killed run left waiting, and the list. What cannot be removed stays.
pub(crate) fn clear_waiting(list: &Path, person: &Person) {
    let Ok(Some(content)) = read(list, person) else { return };
    let paths: Vec<PathBuf> = serde_json::from_slice(&content).unwrap_or_default();
    for path in paths.iter().filter(|path| is_waiting(path)) {
        person.act_in(folder_of(path), || drop(fs::remove_file(path)));
    }
    person.act_in(folder_of(list), || drop(fs::remove_file(list)));
}

/// Whether a path has the form of what [`named_beside`] makes: a list may have been tampered with.
fn is_waiting(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let mark = name.and_then(|name| name.strip_prefix('.')?.strip_suffix(".new")?.rsplit_once('.'));
    mark.is_some_and(|(_, mark)| mark.len() == MARK && mark.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The folder in which a file lies.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path without links and `..` in its folder. Where that is not there, `..` leaves the folder that is named before it.
pub fn resolved(path: &Path) -> PathBuf {
    let resolve = |path: &Path| Some(fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?));
    resolve(path).unwrap_or_else(|| {
        let plain = without_dots(path);
        resolve(&plain).unwrap_or(plain)
    })
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
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
    let is_file = fs::metadata(path).map_or(true, |facts| facts.is_file() || facts.is_dir());
    match is_file {
        true => open(path, person)?.map(|file| read_all(file, path)).transpose(),
        // Opening a pipe waits for whoever writes into it.
        false => Err(no_file(path)),
    }
}

fn open(path: &Path, person: &Person) -> Result<Option<File>> {
    match person.act_in(folder_of(path), || File::open(path)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(denied(Error::file("read", path, error), path, person)),
    }
}

fn no_file(path: &Path) -> Error {
    Error::failed(format_args!("{} is a device or a pipe", path.display())).hint("name a file")
}

/// What can be read from `source`. `path` is for messages.
///
/// # Errors
/// When it cannot be read, or is larger than 16 MiB.
pub(crate) fn read_all(source: impl Read, path: &Path) -> Result<Vec<u8>> {
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
    let file = open(path, person)?;
    let file = file.ok_or_else(|| Error::failed(format_args!("there is no file {}", path.display())))?;
    read_all(file, path)
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
        _ => Err(no_file(path)),
    }
}

/// Makes a folder and those above it that are missing.
///
/// # Errors
/// When a part of the path is no folder or cannot be made.
pub(crate) fn make_folder(path: &Path, access: Access, person: &Person) -> Result {
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
    // What lies outside of a home may be another's for good reason.
    let is_at_home = person.home.as_ref().is_some_and(|home| path.starts_with(home) && path != home);
    let path = path.display();
    match is_at_home {
        true => error.hint(format!("{path} belongs to {owner}: sudo chown -R {} {path}", person.name)),
        false => error.hint(format!("{path} belongs to {owner}")),
    }
}
