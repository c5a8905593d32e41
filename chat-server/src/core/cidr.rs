//! Networks of addresses (RFC 4632, RFC 4291): parsed, written in one way, and asked whether an address is in them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The addresses that begin with the same bits. An IPv4 address that arrives as IPv6 is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    /// The first address of it.
    first: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address alone: itself if it is IPv4, its /64 if it is IPv6, since that is
    /// what one household has.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let bad = || format!("{text:?} is no address or network such as 192.0.2.0/24 or 2001:db8::/32");
        let written: IpAddr = address.parse().map_err(|_| bad())?;
        let address = written.to_canonical();
        let (widest, most, alone) = match address {
            IpAddr::V4(_) => (V4_BITS_MIN, 32, 32),
            IpAddr::V6(_) => (V6_BITS_MIN, 128, 64),
        };
        let bits = match bits {
            None => alone,
            Some(bits) => {
                let bits: u8 = bits.parse().map_err(|_| bad())?;
                // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
                if written == address { bits } else { bits.checked_sub(96).ok_or_else(bad)? }
            }
        };
        if bits > most {
            return Err(bad());
        }
        if bits < widest {
            return Err(format!("{text:?} is too wide; the widest network is a /{widest}"));
        }
        Ok(Self { first: first(address, bits), bits })
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && first(address, self.bits) == self.first
    }
}

/// The first address of the network an address is in.
fn first(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// Bits every address of an IPv4 network shares, at least: a wider one is a slip of the hand.
const V4_BITS_MIN: u8 = 8;

/// The same for IPv6.
const V6_BITS_MIN: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_written_in_one_way() {
        let same = [
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("192.0.2.77", "192.0.2.77/32"),
            ("::ffff:192.0.2.77", "192.0.2.77/32"),
            ("::ffff:192.0.2.77/120", "192.0.2.0/24"),
            ("2001:DB8:0:0:1::5", "2001:db8::/64"),
            ("2001:db8:1::/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1/128"),
        ];
        for (given, written) in same {
            assert_eq!(cidr(given).to_string(), written, "{given}");
            assert_eq!(cidr(written), cidr(given));
        }
    }

    #[test]
    fn an_address_is_in_it_whichever_way_it_arrives() {
        let v4 = cidr("192.0.2.0/24");
        assert!(v4.contains(address("192.0.2.255")) && v4.contains(address("::ffff:192.0.2.1")));
        assert!(!v4.contains(address("192.0.3.0")) && !v4.contains(address("::c000:201")));
        let v6 = cidr("2001:db8::1");
        assert!(v6.contains(address("2001:db8::ffff")) && !v6.contains(address("2001:db8:0:1::1")));
        assert!(!v6.contains(address("192.0.2.1")));
        assert!(cidr("192.0.2.1").contains(address("192.0.2.1")));
        assert!(!cidr("192.0.2.1").contains(address("192.0.2.2")));
    }

    #[test]
    fn what_is_no_network_or_almost_everybody_is_refused() {
        for text in
            ["", "x", "192.0.2", "192.0.2.1/33", "192.0.2.1/x", "2001:db8::/129", "1.2.3.4/ 24", "::ffff:1.2.3.4/24"]
        {
            assert!(Cidr::parse(text).is_err(), "{text}");
        }
        for text in ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2000::/15", "192.0.2.1/0"] {
            assert!(Cidr::parse(text).unwrap_err().contains("too wide"), "{text}");
        }
    }
}
