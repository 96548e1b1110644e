//! Addresses to listen on.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::str::FromStr;

/// `ADDR:PORT`; `:8000` and `8000` mean every interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port =
            port.parse().map_err(|_| format!("expected ADDR:PORT such as 127.0.0.1:8000, found `{text}`"))?;
        let host = host.trim_matches(['[', ']']);
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(source))]
pub struct ListenError {
    /// Which address.
    pub address: Address,
    /// Why; its words are part of the message.
    source: io::Error,
}

impl ListenError {
    /// Whether another process has the port.
    pub fn is_in_use(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }

    /// Whether the port is one that only root may take.
    pub fn is_forbidden(&self) -> bool {
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
pub fn bind(address: &Address) -> Result<TcpListener, ListenError> {
    let listen = || -> io::Result<TcpListener> {
        let candidates: Vec<SocketAddr> = (address.host.as_str(), address.port).to_socket_addrs()?.collect();
        let listener = TcpListener::bind(candidates.as_slice())?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|source| ListenError { address: address.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_the_host_out() {
        let shown = |text: &str| text.parse::<Address>().map(|address| address.to_string());
        assert_eq!(shown("127.0.0.1:8000").unwrap(), "127.0.0.1:8000");
        assert_eq!(shown(":8000").unwrap(), "0.0.0.0:8000");
        assert_eq!(shown("8000").unwrap(), "0.0.0.0:8000");
        assert_eq!(shown("[::1]:80").unwrap(), "[::1]:80");
        assert!(shown("localhost").is_err());
        assert!(shown("localhost:99999").is_err());
    }
}
