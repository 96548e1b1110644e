//! The folder in which an authority lives, with mkcert's names of the files, and its lock.

use std::fs::{self, File, TryLockError};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::file::{self, Access, resolved};
use super::person::Person;

/// Whose folder is meant when `$CAROOT` names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Home {
    /// `manage` below the folder for programs' data.
    #[default]
    Manage,
    /// `mkcert` below it.
    Mkcert,
}

/// The folder of an authority.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    person: Person,
}

impl Folder {
    /// The person's folder: `$CAROOT`, else below `$XDG_DATA_HOME` or `~/.local/share` (on macOS below
    /// `~/Library/Application Support`). Nothing is made.
    ///
    /// # Errors
    /// When there is neither `$CAROOT` nor a home.
    pub fn of(person: &Person, home: Home) -> Result<Self> {
        let name = match home {
            Home::Manage => "manage",
            Home::Mkcert => "mkcert",
        };
        ["CAROOT", "XDG_DATA_HOME", "HOME"].into_iter().try_for_each(|name| person.check_variable(name))?;
        let path = match person.variable("CAROOT") {
            Some(path) => {
                std::path::absolute(path).map_err(|error| Error::file("find", Path::new(path), error))?
            }
            None => data_folder(person)
                .ok_or_else(|| {
                    Error::failed("there is no place for the local authority: HOME is not set")
                        .hint("set CAROOT to the folder that it lives in or is to live in")
                })?
                .join(name),
        };
        Ok(Self { path, person: person.clone() })
    }

    /// A folder at this path.
    pub fn at(path: &Path, person: &Person) -> Self {
        Self { path: path.to_owned(), person: person.clone() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The authority's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.path.join("rootCA.pem")
    }

    /// The authority's key.
    pub fn key(&self) -> PathBuf {
        self.path.join("rootCA-key.pem")
    }

    /// The list of what was issued.
    pub fn index(&self) -> PathBuf {
        self.path.join("issued.json")
    }

    /// The names of files that wait beside their places, for a run that comes after one that was killed.
    pub fn waiting(&self) -> PathBuf {
        self.path.join("waiting.json")
    }

    /// The system's roots and the authority in one file.
    pub fn bundle(&self) -> PathBuf {
        self.path.join("bundle.pem")
    }

    /// Whether a path (without links in its folder) is one of the authority's own files.
    pub fn holds(&self, path: &Path) -> bool {
        let own =
            [self.certificate(), self.key(), self.index(), self.waiting(), self.bundle(), self.rotated()];
        let waiting = own.clone().map(|own| file::beside(&own));
        let rotated = fs::canonicalize(self.rotated()).ok();
        let all = own.iter().chain(&waiting).map(|own| resolved(own)).chain(rotated);
        // Nor may a folder take the place of one of them.
        all.into_iter().any(|own| path.starts_with(own))
    }

    /// Whose rights the paths in its list are followed with: through sudo root's only when the list is root's alone.
    pub fn reader(&self) -> Person {
        self.person.bounded_by(&self.path)
    }

    /// Authorities that were replaced, a folder each.
    pub fn rotated(&self) -> PathBuf {
        self.path.join("rotated")
    }

    /// Makes the folder when it is missing and waits until no other run works in it.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub fn lock(&self) -> Result<Locked<'_>> {
        self.lock_telling(|| ())
    }

    /// As [`Folder::lock`]; calls `on_wait` when another run works in it.
    ///
    /// # Errors
    /// As [`Folder::lock`].
    pub fn lock_telling(&self, on_wait: impl FnOnce()) -> Result<Locked<'_>> {
        file::make_folder(&self.path, Access::Secret, &self.person)?;
        let cannot = |error| file::denied(Error::file("open", &self.path, error), &self.path, &self.person);
        // The folder itself is locked: that needs no right to write and leaves no file behind.
        let handle =
            self.person.act_in(file::folder_of(&self.path), || File::open(&self.path)).map_err(cannot)?;
        match handle.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                on_wait();
                handle.lock().map_err(cannot)?;
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        Ok(Locked { folder: self, _handle: handle })
    }
}

/// A folder in which no other run works until this is dropped.
#[derive(Debug)]
pub struct Locked<'a> {
    folder: &'a Folder,
    _handle: File,
}

impl<'a> Locked<'a> {
    /// Whose it is, for as long as the folder is known.
    pub fn person(&self) -> &'a Person {
        &self.folder.person
    }
}

impl Deref for Locked<'_> {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        self.folder
    }
}

fn data_folder(person: &Person) -> Option<PathBuf> {
    match cfg!(target_os = "macos") {
        true => person.home.as_ref().map(|home| home.join("Library/Application Support")),
        false => person.data_folder(),
    }
}
