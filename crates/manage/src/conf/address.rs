//! Addresses to listen on.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use super::written::Written;

/// Where a server listens, as gunicorn writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `ADDR:PORT`; `:8000` and `8000` mean every interface.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// Its port; 0: any that is free.
        port: u16,
    },
    /// `unix:PATH`: a socket in the file system.
    Unix(PathBuf),
    /// `fd://N`: a socket that is open already, of whoever started the program.
    Descriptor(u16),
}

impl Address {
    /// A port that this machine alone reaches.
    pub fn local(port: u16) -> Self {
        Self::Tcp { host: Ipv4Addr::LOCALHOST.to_string(), port }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("expected ADDR:PORT such as 127.0.0.1:8000, unix:PATH or fd://N, found `{text}`");
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Self::Unix(path.into())) };
        }
        if let Some(number) = text.strip_prefix("fd://") {
            return number.parse().map(Self::Descriptor).map_err(|_| wrong());
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|_| wrong())?;
        let host =
            host.strip_prefix('[').map_or(Some(host), |rest| rest.strip_suffix(']')).ok_or_else(wrong)?;
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        is_host(host).then(|| Self::Tcp { host: host.to_owned(), port }).ok_or_else(wrong)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Descriptor(number) => write!(f, "fd://{number}"),
        }
    }
}

impl Written for Address {
    const EXPECTED: &'static str = "an address such as 127.0.0.1:8000";
}

/// A name of plain letters, or an address; that of IPv6 may name its interface: `fe80::1%eth0`.
fn is_host(host: &str) -> bool {
    match host.contains(':') {
        true => host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        false => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')),
    }
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
        assert_eq!(shown("unix:/run/site.sock").unwrap(), "unix:/run/site.sock");
        assert_eq!(shown("fd://3").unwrap(), "fd://3");
        let wrong = ["localhost", "localhost:99999", "a b:80", "[::1:80", "::1", "a:b:80", "http://a:80"];
        for wrong in wrong.into_iter().chain(["unix:", "fd://", "fd://x", "fd://-1"]) {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
