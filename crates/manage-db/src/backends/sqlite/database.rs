//! The files of a database: seen, made and removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

use super::error;
use super::lock::LockFile;
use crate::backends::base::Attempt;
use crate::error::{Error, Result};

/// What may stand beside the file while it is used.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A database by its file, behind all links.
pub(super) struct DatabaseFile<'a> {
    /// What the settings call it.
    pub alias: &'a str,
    /// The file.
    pub path: PathBuf,
    /// The file that whoever migrates it locks.
    pub lock: PathBuf,
}

impl DatabaseFile<'_> {
    /// Makes the folder in which it will be.
    pub(super) fn make_folder(&self) -> Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)
            .map_err(|error| self.wrong(format!("the folder {} cannot be made: {error}", folder.display())))
    }

    /// Who has it open, told by the log that it has while somebody does: only who is alone can end that.
    pub(super) fn sessions(&self) -> Result<Vec<String>> {
        let explain = |error| error::connect(self.alias, &self.path, &error);
        let connection = rusqlite::Connection::open(&self.path).map_err(explain)?;
        connection.busy_timeout(Duration::ZERO).map_err(explain)?;
        let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
        if mode("PRAGMA journal_mode").map_err(explain)? != "wal" {
            return Ok(Vec::new());
        }
        match mode("PRAGMA journal_mode = DELETE") {
            Ok(ended) if ended != "wal" => {
                mode("PRAGMA journal_mode = WAL").map_err(explain)?;
                Ok(Vec::new())
            }
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => Err(explain(error)),
            _ => Ok(vec!["another program that has the file open".to_owned()]),
        }
    }

    /// Removes it with what stands beside it, unless somebody is migrating it.
    pub(super) fn remove(&self) -> Result<()> {
        let mut lock = LockFile::new(self.alias, Some(self.lock.clone()));
        let attempt = lock.attempt().map_err(|error| self.unremovable(&self.lock, &error))?;
        if let Attempt::Held { holder } = attempt {
            let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
            return Err(self.wrong(format!("another process is migrating it{holder}")));
        }
        let beside = BESIDE.map(|ending| with_ending(&self.path, ending));
        // The lock is the last to go.
        for path in std::iter::once(&self.path).chain(&beside).chain([&self.lock]) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.unremovable(path, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn unremovable(&self, path: &Path, error: &io::Error) -> Error {
        self.wrong(format!("{} cannot be removed: {error}", path.display()))
    }

    fn wrong(&self, problem: String) -> Error {
        Error::Configuration { alias: self.alias.to_owned(), problem }
    }
}

/// The path with something behind its last name.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    PathBuf::from(name)
}
