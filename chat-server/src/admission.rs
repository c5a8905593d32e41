//! Who may open a connection at all: how many at once, how many from one place, and who proves his address first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

use crate::config::{Flood, Limits};
use crate::core::flood::Bucket;

/// Why a connection is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// `limits.connections` are open.
    #[error("the server has as many connections as it may have")]
    Server,
    /// `limits.connections_per_address` are open from there.
    #[error("this address has as many connections as it may have")]
    Address,
    /// More than `limits.handshakes_per_second` come from there.
    #[error("too many connections in a short time from this address")]
    TooFast,
}

/// Counts connections, from their first packet to their end.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    flood: Flood,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    open: u32,
    unproven: u32,
    by_network: BTreeMap<Network, u32>,
    /// Newcomers of the last moments, from where nobody has logged in.
    handshakes: BTreeMap<Network, Bucket>,
    /// Where somebody has logged in from.
    known: BTreeSet<Network>,
}

impl Gate {
    /// A gate nobody has gone through.
    #[must_use]
    pub fn new(limits: Limits, flood: Flood) -> Self {
        Self { limits, flood, counts: Arc::default() }
    }

    /// Whether a newcomer has to show that he is reachable at the address he writes from (`Incoming::retry`) before he
    /// costs anything. True while many handshakes are under way, since a flood with made-up addresses looks like that.
    /// It costs an honest client one round trip.
    #[must_use]
    pub fn asks_for_proof(&self) -> bool {
        self.counts().unproven >= UNPROVEN_MAX
    }

    /// Counts a connection in, until its permit is dropped. `now` is any clock that only moves forward.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit(&self, from: IpAddr, now: Duration) -> Result<Permit, Refusal> {
        let network = Network::of(from);
        let mut counts = self.counts();
        if counts.open >= self.limits.connections {
            return Err(Refusal::Server);
        }
        let here = counts.by_network.get(&network).copied().unwrap_or_default();
        if here >= self.limits.connections_per_address {
            return Err(Refusal::Address);
        }
        if self.flood == Flood::On {
            counts.handshake(network, self.limits.handshakes_per_second, now)?;
        }
        *counts.by_network.entry(network).or_default() += 1;
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

impl Counts {
    fn handshake(&mut self, network: Network, per_second: u32, now: Duration) -> Result<(), Refusal> {
        if self.known.contains(&network) {
            return Ok(());
        }
        if self.handshakes.len() >= NETWORKS_MAX {
            self.handshakes.retain(|_, bucket| !bucket.is_full(now));
            if self.handshakes.len() >= NETWORKS_MAX {
                return Err(Refusal::TooFast);
            }
        }
        let fresh = || Bucket::new(per_second, per_second.saturating_mul(HANDSHAKES_BURST_SECONDS));
        let bucket = self.handshakes.entry(network).or_insert_with(fresh);
        if !bucket.owed(now, 1).is_zero() {
            return Err(Refusal::TooFast);
        }
        bucket.take(now, 1);
        Ok(())
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
    /// Somebody logged in, so further ones from there are welcome.
    pub fn logged_in(&self) {
        let mut counts = self.gate.counts();
        if counts.known.len() >= NETWORKS_MAX {
            counts.known.pop_first();
        }
        counts.known.insert(self.network);
        counts.handshakes.remove(&self.network);
    }

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

/// Networks that are remembered, of either kind.
const NETWORKS_MAX: usize = 100_000;

/// Seconds whose newcomers may come at once.
const HANDSHAKES_BURST_SECONDS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn gate(connections: u32, connections_per_address: u32) -> Gate {
        let usual = Config::new("data".into()).limits;
        Gate::new(Limits { connections, connections_per_address, ..usual }, Flood::Off)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_server_is_full_until_somebody_leaves() {
        let gate = gate(2, 2);
        let first = gate.admit(address("192.0.2.1"), Duration::ZERO).unwrap();
        let _second = gate.admit(address("192.0.2.2"), Duration::ZERO).unwrap();
        assert_eq!(gate.admit(address("192.0.2.3"), Duration::ZERO).unwrap_err(), Refusal::Server);
        drop(first);
        assert!(gate.admit(address("192.0.2.3"), Duration::ZERO).is_ok());
    }

    #[test]
    fn one_network_fills_up_without_the_others() {
        let gate = gate(10, 1);
        let held = [address("2001:db8::1"), address("192.0.2.1")].map(|from| gate.admit(from, Duration::ZERO).unwrap());
        assert_eq!(gate.admit(address("2001:db8::2:3"), Duration::ZERO).unwrap_err(), Refusal::Address);
        assert_eq!(gate.admit(address("::ffff:192.0.2.1"), Duration::ZERO).unwrap_err(), Refusal::Address);
        assert!(gate.admit(address("2001:db8:0:1::1"), Duration::ZERO).is_ok());
        drop(held);
        assert_eq!(gate.open(), 0);
        assert!(gate.counts().by_network.is_empty(), "an address that left is forgotten");
    }

    #[test]
    fn proof_is_asked_for_while_many_handshakes_are_under_way() {
        let gate = gate(1_000, 1_000);
        let mut permits: Vec<Permit> =
            (0..UNPROVEN_MAX).map(|_| gate.admit(address("192.0.2.1"), Duration::ZERO).unwrap()).collect();
        assert!(gate.asks_for_proof());
        permits[0].proven();
        permits[0].proven();
        assert!(!gate.asks_for_proof());
        let _one_more = gate.admit(address("192.0.2.1"), Duration::ZERO).unwrap();
        assert!(gate.asks_for_proof());
        permits.clear();
        assert!(!gate.asks_for_proof());
    }

    #[test]
    fn newcomers_from_one_network_are_bounded_until_somebody_logs_in_from_there() {
        let limits = Limits { handshakes_per_second: 2, ..Config::new("data".into()).limits };
        let gate = Gate::new(limits, Flood::On);
        let from = address("192.0.2.1");
        for _ in 0..10 {
            assert!(gate.admit(from, Duration::ZERO).is_ok());
        }
        assert_eq!(gate.admit(from, Duration::ZERO).unwrap_err(), Refusal::TooFast);
        assert!(gate.admit(address("192.0.2.2"), Duration::ZERO).is_ok(), "another network");
        let permit = gate.admit(from, Duration::from_millis(500)).unwrap();
        assert_eq!(gate.admit(from, Duration::from_millis(500)).unwrap_err(), Refusal::TooFast);
        permit.logged_in();
        for _ in 0..100 {
            assert!(gate.admit(from, Duration::from_millis(500)).is_ok());
        }
    }
}
