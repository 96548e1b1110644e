//! Addresses to listen on.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use crate::conf::Address;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(source))]
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
        self.source.kind() == io::ErrorKind::PermissionDenied
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is already in use".to_owned(),
        io::ErrorKind::PermissionDenied => "only an administrator may use this port".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

/// Listens on an address.
///
/// # Errors
/// [`ListenError`] when it is taken, forbidden or not this machine's.
pub(crate) fn bind(address: &Address) -> Result<TcpListener, ListenError> {
    let listen = || -> io::Result<TcpListener> {
        let candidates: Vec<SocketAddr> = (address.host.as_str(), address.port).to_socket_addrs()?.collect();
        let listener = TcpListener::bind(candidates.as_slice())?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|source| ListenError { address: address.clone(), source })
}
