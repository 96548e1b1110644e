//! What a running server tells of itself, and the socket by which it is asked.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::in_flight::Busy;
use crate::conf::Environment;
use crate::crypto;

/// Longest answer that is read.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A server with its workers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The process that started the workers.
    pub pid: u32,
    /// Of the program.
    pub version: String,
    /// Since when, in seconds.
    pub uptime: f64,
    /// Where it listens.
    pub listeners: Vec<String>,
    /// How often it was reloaded.
    pub generation: u32,
    /// How many workers there should be.
    pub wanted: usize,
    /// Workers that had to be replaced because they failed.
    pub failures: u64,
    /// Those that are there.
    pub workers: Vec<WorkerStatus>,
}

/// One worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkerStatus {
    /// Its number, which is never used again.
    pub number: u32,
    /// Its process.
    pub pid: u32,
    /// The reload that it came with.
    pub generation: u32,
    /// `starting`, `ready`, `retiring` or `stopping`.
    pub state: String,
    /// Since when, in seconds.
    pub uptime: f64,
    /// Requests so far.
    pub requests: u64,
    /// Those that are being answered.
    pub answering: usize,
    /// Open connections.
    pub connections: usize,
    /// Memory in bytes, where the system tells.
    pub memory: Option<u64>,
    /// Some of the requests that are being answered.
    pub busy: Vec<Busy>,
}

/// Asks a server.
///
/// # Errors
/// When nobody answers there within two seconds.
pub(crate) fn ask(socket: &Path) -> io::Result<Status> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut text = String::new();
    stream.take(LONGEST).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// The sockets of the servers of a project, by the process's number; those of processes that were killed among them.
pub(crate) fn sockets(environment: &Environment, root: &Path) -> Vec<PathBuf> {
    let prefix = prefix(root);
    let files = fs::read_dir(folder(environment)).into_iter().flatten().flatten();
    let is_ours = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.path()).filter(is_ours).collect();
    paths.sort();
    paths
}

/// The socket of this process, in a folder that only its user can open.
///
/// # Errors
/// When the folder cannot be made, or is somebody else's.
pub(super) fn own_socket(environment: &Environment, root: &Path) -> io::Result<PathBuf> {
    let folder = folder(environment);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let facts = fs::symlink_metadata(&folder)?;
    let is_ours = facts.is_dir() && facts.uid() == rustix::process::geteuid().as_raw();
    if !is_ours || facts.mode() & 0o022 != 0 {
        let why = format!("{} belongs to somebody else, or others may write there", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    sweep(&folder);
    Ok(folder.join(format!("{}{}.sock", prefix(root), std::process::id())))
}

/// Removes the sockets of servers that were killed.
fn sweep(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let is_left = |path: &PathBuf| {
        let refused =
            || UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        path.extension().is_some_and(|extension| extension == "sock") && refused()
    };
    files.filter(is_left).for_each(|path| drop(fs::remove_file(path)));
}

/// The service's own folder of systemd, the user's, or one beside other temporary files.
fn folder(environment: &Environment) -> PathBuf {
    let named = |name| environment.get(name).filter(|path: &&str| path.starts_with('/'));
    if let Some(folder) = named("RUNTIME_DIRECTORY").and_then(|paths| paths.split(':').next()) {
        return folder.into();
    }
    if let Some(folder) = named("XDG_RUNTIME_DIR") {
        return Path::new(folder).join("manage");
    }
    let user = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("manage-{user}"))
}

/// `serve-1f2e3d4c5b6a-`: by it the servers of a project are known.
fn prefix(root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let digest = crypto::sha256_hex(root.as_os_str().as_encoded_bytes());
    format!("serve-{}-", &digest[..12])
}
