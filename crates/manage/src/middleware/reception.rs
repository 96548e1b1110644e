//! Before the first link: a request gets its name, and it is found out who sends it, through trusted proxies if need be.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ConnectInfo;
use http::header::{HOST, HeaderMap};

use crate::conf::{Network, SecuritySettings};
use crate::crypto;
use crate::http::{HeaderText, Request, RequestId, RequestInfo, Resolved};

/// Makes the [`RequestInfo`] of every request.
pub(super) struct Reception {
    proxies: Vec<Network>,
    numbers: AtomicU64,
}

impl Reception {
    pub(super) fn new(settings: &SecuritySettings) -> Self {
        let proxies = settings.trusted_proxies.clone();
        Self { proxies, numbers: AtomicU64::new(u64::from_ne_bytes(crypto::random_bytes())) }
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }

    pub(super) fn info(&self, request: &Request, resolved: Resolved) -> RequestInfo {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip().to_canonical());
        let headers = request.headers();
        let is_behind_proxy = !self.proxies.is_empty() && self.is_trusted(peer);
        // An odd factor visits every number once; neighbours in time do not look alike.
        let number = self.numbers.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let client = if is_behind_proxy { self.forwarded_for(headers, peer) } else { peer };
        let is_secure = is_behind_proxy && is_https(headers);
        RequestInfo::new(RequestId(number), client, is_secure, host(request), resolved)
    }

    /// The last address that no trusted proxy has; those before it may be made up.
    fn forwarded_for(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
        let addresses: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut client = peer;
        for address in addresses.into_iter().rev().map_while(address_of) {
            client = address.to_canonical();
            if !self.is_trusted(client) {
                break;
            }
        }
        client
    }
}

/// An address as proxies write it, some with a port: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`.
fn address_of(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.trim_matches(['[', ']']).parse().ok().or_else(with_port)
}

/// Whether the first of the proxies was asked by https; each one behind it may add what it was asked by (Django since
/// 4.1).
fn is_https(headers: &HeaderMap) -> bool {
    let protocols = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let first = protocols.and_then(|protocols| protocols.split(',').next());
    first.is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https"))
}

/// The host that was asked for; empty when the request names none, or none that text can hold.
fn host(request: &Request) -> HeaderText {
    let of_header = || request.headers().get(HOST).and_then(HeaderText::whole);
    let named = request.uri().authority().cloned().map(HeaderText::from).or_else(of_header);
    named.map(HeaderText::into_lowercase).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::HeaderName;

    use super::*;

    #[test]
    fn addresses_of_proxies_may_have_ports() {
        for text in ["192.0.2.1", "192.0.2.1:80"] {
            assert_eq!(address_of(text), Some(IpAddr::from([192, 0, 2, 1])));
        }
        for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
            assert_eq!(address_of(text).map(|address| address.to_string()).as_deref(), Some("2001:db8::1"));
        }
        assert_eq!(address_of("unknown"), None);
    }

    #[test]
    fn of_several_proxies_the_first_knows_what_the_visitor_speaks() {
        let is_https = |protocols: &'static str| {
            let name = HeaderName::from_static("x-forwarded-proto");
            is_https(&HeaderMap::from_iter([(name, HeaderValue::from_static(protocols))]))
        };
        for protocols in ["https", "HTTPS", "https,http", "https, http", "https,https"] {
            assert!(is_https(protocols), "{protocols}");
        }
        for protocols in ["http", "http,https", "", ",https", "httpsx"] {
            assert!(!is_https(protocols), "{protocols}");
        }
    }

    #[test]
    fn only_what_a_trusted_proxy_adds_is_believed() {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let reception = Reception { proxies, numbers: AtomicU64::new(1) };
        let client = |forwarded: &'static str| {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(forwarded),
            )]);
            reception.forwarded_for(&headers, "10.0.0.1".parse().unwrap()).to_string()
        };
        assert_eq!(client("6.6.6.6, 1.2.3.4, 10.0.0.2"), "1.2.3.4");
        assert_eq!(client("junk"), "10.0.0.1");
        assert_eq!(client("1.2.3.4, junk"), "10.0.0.1");
    }
}
