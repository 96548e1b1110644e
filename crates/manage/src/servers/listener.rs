//! Addresses to listen on.

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::net::sockopt;

use super::inherited;
use crate::conf::{Address, ServerSettings};

/// Connections that may wait to be accepted; the system may have a lower limit.
const BACKLOG: i32 = 2_048;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(address, source))]
pub(crate) struct ListenError {
    /// Which address.
    pub address: Address,
    /// Why; its words are part of the message.
    source: io::Error,
}

impl ListenError {
    /// Whether another process has the port.
    pub(crate) fn is_in_use(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }

    /// Whether the port is one that only root may take.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self.address, Address::Tcp { .. }) && self.source.kind() == io::ErrorKind::PermissionDenied
    }
}

fn reason(address: &Address, error: &io::Error) -> String {
    let is_port = matches!(address, Address::Tcp { .. });
    match error.kind() {
        io::ErrorKind::AddrInUse if is_port => "the port is already in use".to_owned(),
        io::ErrorKind::AddrInUse => "another server has it".to_owned(),
        io::ErrorKind::PermissionDenied if is_port => "only an administrator may use this port".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

/// A socket that listens, and the address that was asked for.
#[derive(Debug)]
pub(crate) struct Listener {
    /// The address, as settings have it: by it a reload knows what it has already.
    pub address: Address,
    socket: Socket,
    file: Option<SocketFile>,
}

/// The file of a socket that this program made, by the number that the file system gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SocketFile {
    path: PathBuf,
    number: u64,
}

impl SocketFile {
    /// The file that lies there now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let number = fs::symlink_metadata(path).ok()?.ino();
        Some(Self { path: path.to_owned(), number })
    }

    /// Whether it lies there still, and nobody has put another one in its place.
    fn is_there(&self) -> bool {
        Self::of(&self.path).as_ref() == Some(self)
    }

    /// Removes it, if it is there.
    pub(crate) fn remove(&self) {
        if self.is_there() {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// What it listens on.
#[derive(Debug)]
pub(super) enum Socket {
    /// A port.
    Tcp(TcpListener),
    /// A file.
    Unix(UnixListener),
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// [`ListenError`] when it is taken, forbidden or not this machine's.
    pub(crate) fn bind(address: &Address, settings: &ServerSettings) -> Result<Self, ListenError> {
        let refused = |source| ListenError { address: address.clone(), source };
        let socket = match address {
            Address::Tcp { host, port } => bind_tcp(host, *port).map(Socket::Tcp),
            Address::Unix(path) => bind_unix(path, settings).map(Socket::Unix),
            Address::Descriptor(number) => inherited::socket(*number).and_then(Socket::of),
        };
        let listener = Self::new(address.clone(), socket.map_err(refused)?);
        listener.prepare().map_err(refused)?;
        Ok(listener)
    }

    /// What another process listened on.
    ///
    /// # Errors
    /// When it is no socket that listens.
    pub(super) fn of(address: Address, socket: OwnedFd) -> io::Result<Self> {
        let listener = Self::new(address, Socket::of(socket)?);
        listener.prepare()?;
        Ok(listener)
    }

    /// Files of sockets that others opened are theirs.
    fn new(address: Address, socket: Socket) -> Self {
        let file = match &address {
            Address::Unix(path) => SocketFile::of(path),
            _ => None,
        };
        Self { address, socket, file }
    }

    /// Nobody waits in `accept`, and many may wait to be accepted.
    fn prepare(&self) -> io::Result<()> {
        rustix::net::listen(self, BACKLOG)?;
        rustix::io::ioctl_fionbio(self, true)?;
        Ok(())
    }

    /// The same socket once more, under these settings.
    ///
    /// # Errors
    /// When there are no descriptors left, or its file cannot be given to whom it should belong.
    pub(crate) fn keep(&self, settings: &ServerSettings) -> io::Result<Self> {
        if let Some(file) = self.file.as_ref().filter(|file| file.is_there()) {
            give(&file.path, settings)?;
        }
        let socket = Socket::of(self.as_fd().try_clone_to_owned()?)?;
        Ok(Self { address: self.address.clone(), socket, file: self.file.clone() })
    }

    /// The socket, for a runtime.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Its file in the file system, if this program made it.
    pub(crate) fn file(&self) -> Option<&SocketFile> {
        self.file.as_ref()
    }

    fn path(&self) -> Option<PathBuf> {
        let Socket::Unix(listener) = &self.socket else { return None };
        Some(listener.local_addr().ok()?.as_pathname()?.to_owned())
    }
}

/// Where a reader finds it: `http://127.0.0.1:8000/`, `unix:/run/site.sock`.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Socket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "http://{}/", reachable(address)),
                Err(_) => write!(f, "{}", self.address),
            },
            Socket::Unix(_) => match self.path() {
                Some(path) => write!(f, "unix:{}", path.display()),
                None => write!(f, "{}", self.address),
            },
        }
    }
}

/// An address that a browser on this machine can open.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Tcp(listener) => listener.as_fd(),
            Socket::Unix(listener) => listener.as_fd(),
        }
    }
}

impl Socket {
    /// Tells what kind of socket a descriptor is.
    fn of(socket: OwnedFd) -> io::Result<Self> {
        let is_listening = sockopt::socket_acceptconn(&socket).unwrap_or(false);
        if !is_listening {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no socket that listens"));
        }
        match rustix::net::getsockname(&socket)?.address_family() {
            rustix::net::AddressFamily::UNIX => Ok(Self::Unix(socket.into())),
            _ => Ok(Self::Tcp(socket.into())),
        }
    }
}

fn bind_tcp(host: &str, port: u16) -> io::Result<TcpListener> {
    let candidates: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    TcpListener::bind(candidates.as_slice())
}

/// A file of a server that was killed is in nobody's use and makes way.
fn bind_unix(path: &Path, settings: &ServerSettings) -> io::Result<UnixListener> {
    make_way(path)?;
    let listener = bind_closed(path)?;
    give(path, settings)?;
    Ok(listener)
}

/// Gives the file of a socket to whom the settings say.
fn give(path: &Path, settings: &ServerSettings) -> io::Result<()> {
    if let Some(owner) = &settings.unix_owner {
        let (user, group) = owner.ids()?;
        std::os::unix::fs::chown(path, user, group)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(settings.unix_mode.0))
}

/// Removes a socket that nobody answers at.
///
/// # Errors
/// When somebody answers, or the file is none of a socket.
pub(super) fn make_way(path: &Path) -> io::Result<()> {
    let Ok(facts) = fs::symlink_metadata(path) else { return Ok(()) };
    if !facts.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket has this name"));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// A socket that nobody but its owner can open, not even for a moment.
pub(super) fn bind_closed(path: &Path) -> io::Result<UnixListener> {
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}
