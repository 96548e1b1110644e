//! Databases that are made for one look and dropped again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::{CommandError, CommandResult};
use super::runtime::block_on;
use crate::crypto;
use crate::db::Connections;
use crate::db::backends;
use crate::db::backends::base::BackendRef;
use crate::setup::Project;

/// An empty database beside one of the project, under its alias. It is gone when this is, also after a Ctrl-C.
pub(super) struct Scratch {
    /// Its connections: there is no other alias.
    pub connections: Connections,
    backend: BackendRef,
    /// Where its file is, if it is one.
    folder: Option<PathBuf>,
}

impl Scratch {
    /// Makes it.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn new(project: &Project, alias: &str) -> CommandResult<Self> {
        let name = format!("manage_scratch_{}", crypto::hex(&crypto::random_bytes::<6>()));
        let unknown = || CommandError::usage(format!("there is no database `{alias}`"));
        let mut settings = project.settings.databases.get(alias).cloned().ok_or_else(unknown)?;
        let is_file = backends::file(&settings, &project.root).is_some();
        let folder = is_file.then(|| std::env::temp_dir().join(&name));
        settings.name = match &folder {
            Some(folder) => folder.join("scratch.db").display().to_string(),
            None => name,
        };
        let connections =
            Connections::new(&BTreeMap::from([(alias.to_owned(), settings.clone())]), &project.root)?;
        let backend = backends::create(alias, &settings, &project.root)?;
        let scratch = Self { connections, backend, folder };
        block_on(async { Ok(scratch.backend.create_database().await?) })?;
        Ok(scratch)
    }

    /// The database.
    pub(super) fn backend(&self) -> &BackendRef {
        &self.backend
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.connections.close_idle();
        let dropped = block_on(async { Ok(self.backend.drop_database(true).await?) });
        if let Err(error) = dropped {
            tracing::warn!("{} is left: {:#}", self.backend.address(), error.source);
        }
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}
