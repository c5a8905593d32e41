//! Who may open a connection at all: how many at once, how many from one place, and who proves his address first.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use crate::config::Limits;

/// Why a connection is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// `limits.connections` are open.
    #[error("the server has as many connections as it may have")]
    Server,
    /// `limits.connections_per_address` are open from there.
    #[error("this address has as many connections as it may have")]
    Address,
}

/// Counts connections, from their first packet to their end.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    open: u32,
    unproven: u32,
    by_network: BTreeMap<Network, u32>,
}

impl Gate {
    /// A gate nobody has gone through.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, counts: Arc::default() }
    }

    /// Whether a newcomer has to show that he is reachable at the address he writes from (`Incoming::retry`) before he
    /// costs anything. True while many handshakes are under way, since a flood with made-up addresses looks like that.
    /// It costs an honest client one round trip.
    #[must_use]
    pub fn asks_for_proof(&self) -> bool {
        self.counts().unproven >= UNPROVEN_MAX
    }

    /// Counts a connection in, until its permit is dropped.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit(&self, from: IpAddr) -> Result<Permit, Refusal> {
        let network = Network::of(from);
        let mut counts = self.counts();
        if counts.open >= self.limits.connections {
            return Err(Refusal::Server);
        }
        let here = counts.by_network.entry(network).or_default();
        if *here >= self.limits.connections_per_address {
            return Err(Refusal::Address);
        }
        *here += 1;
        counts.open += 1;
        counts.unproven += 1;
        Ok(Permit { gate: self.clone(), network, unproven: true })
    }

    /// Connections that are open.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.counts().open
    }

    /// Held for a few instructions, never across an await.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection.
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    network: Network,
    unproven: bool,
}

impl Permit {
    /// The handshake is done, so the address is proven.
    pub fn proven(&mut self) {
        if std::mem::take(&mut self.unproven) {
            self.gate.counts().unproven -= 1;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.proven();
        let mut counts = self.gate.counts();
        counts.open -= 1;
        if let Some(here) = counts.by_network.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                counts.by_network.remove(&self.network);
            }
        }
    }
}

/// The network an address belongs to, as far as anybody can be told from his neighbours: see [`Network`].
pub(crate) fn network(address: IpAddr) -> IpAddr {
    Network::of(address).0
}

/// What one household or machine can be expected to have: an IPv4 address or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Network(IpAddr);

impl Network {
    /// An IPv4 address that arrives on a dual-stack socket looks like IPv6; to be one client it must not count as two.
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

/// Handshakes under way from addresses that are not proven; from here on newcomers prove theirs first.
const UNPROVEN_MAX: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn gate(connections: u32, connections_per_address: u32) -> Gate {
        let usual = Config::new("data".into()).limits;
        Gate::new(Limits { connections, connections_per_address, ..usual })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_server_is_full_until_somebody_leaves() {
        let gate = gate(2, 2);
        let first = gate.admit(address("192.0.2.1")).unwrap();
        let _second = gate.admit(address("192.0.2.2")).unwrap();
        assert_eq!(gate.admit(address("192.0.2.3")).unwrap_err(), Refusal::Server);
        drop(first);
        assert!(gate.admit(address("192.0.2.3")).is_ok());
    }

    #[test]
    fn one_network_fills_up_without_the_others() {
        let gate = gate(10, 1);
        let held = [address("2001:db8::1"), address("192.0.2.1")].map(|from| gate.admit(from).unwrap());
        assert_eq!(gate.admit(address("2001:db8::2:3")).unwrap_err(), Refusal::Address);
        assert_eq!(gate.admit(address("::ffff:192.0.2.1")).unwrap_err(), Refusal::Address);
        assert!(gate.admit(address("2001:db8:0:1::1")).is_ok());
        drop(held);
        assert_eq!(gate.open(), 0);
        assert!(gate.counts().by_network.is_empty(), "an address that left is forgotten");
    }

    #[test]
    fn proof_is_asked_for_while_many_handshakes_are_under_way() {
        let gate = gate(1_000, 1_000);
        let mut permits: Vec<Permit> = (0..UNPROVEN_MAX).map(|_| gate.admit(address("192.0.2.1")).unwrap()).collect();
        assert!(gate.asks_for_proof());
        permits[0].proven();
        permits[0].proven();
        assert!(!gate.asks_for_proof());
        let _one_more = gate.admit(address("192.0.2.1")).unwrap();
        assert!(gate.asks_for_proof());
        permits.clear();
        assert!(!gate.asks_for_proof());
    }
}
