//! Who is there: an account is online while it has a connection, and for a grace period after its last one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::{AccountId, Presence};

/// The presence of every account that is there or was a moment ago.
#[derive(Clone, Debug)]
pub struct Presences {
    grace: Duration,
    connections: BTreeMap<AccountId, usize>,
    leaving: BTreeSet<(Duration, AccountId)>,
}

/// A change others are to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub account: AccountId,
    /// What he is now.
    pub presence: Presence,
}

impl Presences {
    /// Nobody is there. `grace` is how long one stays online without a connection.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { grace, connections: BTreeMap::new(), leaving: BTreeSet::new() }
    }

    /// Whether an account is there.
    #[must_use]
    pub fn of(&self, account: AccountId) -> Presence {
        if self.connections.contains_key(&account) { Presence::Online } else { Presence::Offline }
    }

    /// A connection of an account began.
    pub fn connected(&mut self, account: AccountId) -> Option<Change> {
        self.leaving.retain(|(_, leaving)| *leaving != account);
        let known = self.connections.contains_key(&account);
        *self.connections.entry(account).or_default() += 1;
        (!known).then_some(Change { account, presence: Presence::Online })
    }

    /// A connection of an account ended. `now` is any clock that only moves forward.
    pub fn disconnected(&mut self, account: AccountId, now: Duration) {
        if let Some(connections) = self.connections.get_mut(&account) {
            *connections = connections.saturating_sub(1);
            if *connections == 0 {
                self.leaving.insert((now + self.grace, account));
            }
        }
    }

    /// When [`Presences::expire`] has something to do next.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Duration> {
        self.leaving.first().map(|(at, _)| *at)
    }

    /// Whose grace period is over.
    pub fn expire(&mut self, now: Duration) -> Vec<Change> {
        let rest = self.leaving.split_off(&(now, AccountId(u64::MAX)));
        let gone = std::mem::replace(&mut self.leaving, rest);
        for (_, account) in &gone {
            self.connections.remove(account);
        }
        gone.into_iter().map(|(_, account)| Change { account, presence: Presence::Offline }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: AccountId = AccountId(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn two_connections_are_one_presence_and_a_return_within_grace_is_no_change() {
        let mut presences = Presences::new(seconds(15));
        assert!(presences.connected(ALICE).is_some());
        assert!(presences.connected(ALICE).is_none());
        presences.disconnected(ALICE, seconds(10));
        assert_eq!(presences.next_expiry(), None);
        presences.disconnected(ALICE, seconds(20));
        assert_eq!(presences.of(ALICE), Presence::Online);
        assert!(presences.connected(ALICE).is_none());
        assert!(presences.expire(seconds(99)).is_empty());
        presences.disconnected(ALICE, seconds(100));
        assert!(presences.expire(seconds(114)).is_empty());
        assert_eq!(presences.expire(seconds(115)), [Change { account: ALICE, presence: Presence::Offline }]);
        assert_eq!(presences.of(ALICE), Presence::Offline);
    }

    #[test]
    fn without_grace_the_last_goodbye_counts_at_once() {
        let mut presences = Presences::new(Duration::ZERO);
        presences.connected(ALICE);
        presences.disconnected(ALICE, seconds(1));
        assert_eq!(presences.expire(seconds(1)).len(), 1);
    }
}
