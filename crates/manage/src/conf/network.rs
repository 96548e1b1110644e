//! Networks of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::written::Written;

/// An address or a network: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits its addresses share.
    prefix: u32,
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let free = most_bits(self.address) - self.prefix;
        let difference = number(self.address) ^ number(address);
        address.is_ipv6() == self.address.is_ipv6() && difference.checked_shr(free).unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.trim().parse().map_err(drop)?;
        let most = most_bits(address);
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.trim().parse().map_err(drop))?;
        (prefix <= most).then_some(Self { address, prefix }).ok_or(())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix == most_bits(self.address) {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.prefix),
        }
    }
}

impl Written for Network {
    const EXPECTED: &'static str = "a network such as 10.0.0.0/8";
}

fn most_bits(address: IpAddr) -> u32 {
    if address.is_ipv6() { 128 } else { 32 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_only() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "127.0.0.1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(!holds("::/0", "1.2.3.4"));
    }

    #[test]
    fn what_is_no_network_is_refused_and_the_others_are_shown_as_they_are_written() {
        for wrong in ["10.0.0.0/33", "10.0.0/8", "proxy", "", "10.0.0.0/", "::/129"] {
            assert_eq!(wrong.parse::<Network>(), Err(()), "{wrong}");
        }
        for right in ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32", "::1"] {
            assert_eq!(right.parse::<Network>().unwrap().to_string(), right);
        }
    }
}
