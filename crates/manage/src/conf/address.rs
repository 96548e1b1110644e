//! Addresses to listen on.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::written::Written;

/// `ADDR:PORT`; `:8000` and `8000` mean every interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address, without brackets.
    pub host: String,
    /// Its port; 0: any that is free.
    pub port: u16,
}

impl Address {
    /// A port that this machine alone reaches.
    pub fn local(port: u16) -> Self {
        Self { host: Ipv4Addr::LOCALHOST.to_string(), port }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected ADDR:PORT such as 127.0.0.1:8000, found `{text}`");
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|_| wrong())?;
        let host =
            host.strip_prefix('[').map_or(Some(host), |rest| rest.strip_suffix(']')).ok_or_else(wrong)?;
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        is_host(host).then(|| Self { host: host.to_owned(), port }).ok_or_else(wrong)
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
        for wrong in ["localhost", "localhost:99999", "a b:80", "[::1:80", "::1", "a:b:80", "http://a:80"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
