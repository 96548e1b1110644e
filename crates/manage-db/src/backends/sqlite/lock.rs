//! A locked file beside the database: a transaction for the whole run would forbid the PRAGMAs of a rebuild.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use async_trait::async_trait;

use crate::backends::base::{Attempt, Connection, MigrationLock};
use crate::error::{Error, Result};

/// The file `<database>.migrate-lock`. The operating system releases it when the process dies; the file stays.
pub(super) struct LockFile {
    alias: String,
    /// None for a database in memory, which nobody else can reach.
    path: Option<PathBuf>,
    file: Option<File>,
}

impl LockFile {
    /// The lock of the database `alias` at `path`.
    pub(super) fn new(alias: &str, path: Option<PathBuf>) -> Self {
        Self { alias: alias.to_owned(), path, file: None }
    }

    /// Takes the lock if it is free.
    pub(super) fn attempt(&mut self) -> std::io::Result<Attempt> {
        let Some(path) = &self.path else { return Ok(Attempt::Taken) };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "process {}", std::process::id())?;
                self.file = Some(file);
                Ok(Attempt::Taken)
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.rewind()?;
                file.read_to_string(&mut holder)?;
                Ok(Attempt::Held { holder: (!holder.is_empty()).then_some(holder) })
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[async_trait]
impl MigrationLock for LockFile {
    async fn try_acquire(&mut self, _connection: &mut dyn Connection, _ask_holder: bool) -> Result<Attempt> {
        self.attempt().map_err(|error| Error::Connect {
            alias: self.alias.clone(),
            address: self.path.as_deref().map(|path| path.display().to_string()).unwrap_or_default(),
            reason: format!("the lock file cannot be used: {error}"),
            hint: Some("check the rights on the database's folder".to_owned()),
            may_pass: false,
        })
    }

    async fn release(&mut self, _connection: &mut dyn Connection) -> Result<()> {
        if let Some(file) = self.file.take() {
            // Closing releases as well; the file's content is of no use to anybody then.
            drop(file.set_len(0));
        }
        Ok(())
    }
}
