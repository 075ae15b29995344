//! Addresses and subnets, as far as the replies need them.

use std::net::IpAddr;

/// An address with its prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) address: IpAddr,
    pub(super) length: u8,
}

impl Prefix {
    /// Reads `192.0.2.1/30`; a missing length means a host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(most), |l| l.parse().ok()).filter(|l| *l <= most)?;
        Some(Self { address, length })
    }

    /// The network's own address with the prefix length.
    pub(super) fn network(self) -> Self {
        let address = match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                IpAddr::from((v4.to_bits() & mask).to_be_bytes())
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                IpAddr::from((v6.to_bits() & mask).to_be_bytes())
            }
        };
        Self {
            address,
            length: self.length,
        }
    }

    /// The address alone, as a host route.
    pub(super) fn host(self) -> Self {
        Self {
            address: self.address,
            length: if self.address.is_ipv4() { 32 } else { 128 },
        }
    }

    /// Whether the address lies in this network.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Self {
                address,
                length: self.length,
            }
            .network()
            .address
                == self.network().address
    }

    /// Whether it is a single host.
    pub(super) fn is_host(self) -> bool {
        self.length == if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// Order of a routing table: IPv4 first, then by address, then by length.
    pub(super) fn order(self) -> (bool, u128, u8) {
        match self.address {
            IpAddr::V4(v4) => (false, u128::from(v4.to_bits()), self.length),
            IpAddr::V6(v6) => (true, v6.to_bits(), self.length),
        }
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let prefix = Prefix::parse("192.0.2.6/30").unwrap();
        assert_eq!(prefix.network().to_string(), "192.0.2.4/30");
        assert!(prefix.contains("192.0.2.5".parse().unwrap()) && !prefix.contains("192.0.2.9".parse().unwrap()));
        assert_eq!(
            Prefix::parse("2001:db8::1/64").unwrap().network().to_string(),
            "2001:db8::/64"
        );
        assert_eq!(Prefix::parse("0.0.0.0/0").unwrap().network().to_string(), "0.0.0.0/0");
        assert!(Prefix::parse("192.0.2.1/33").is_none());
    }
}
