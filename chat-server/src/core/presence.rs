//! Who is there: an account is online while it has a connection, and for a grace period after its last one; away while none of
//! its connections has asked anything for long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::{AccountId, Presence};

/// The presence of every account that is there or was a moment ago. Every `now` is of one clock that only moves forward.
#[derive(Clone, Debug)]
pub struct Presences {
    grace: Duration,
    away_after: Option<Duration>,
    there: BTreeMap<AccountId, Entry>,
    leaving: BTreeSet<(Duration, AccountId)>,
    looks: BTreeSet<(Duration, AccountId)>,
}

/// An account that is there.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    connections: usize,
    /// When something was last asked on a connection that has ended.
    asked_at: Duration,
    is_away: bool,
    /// When it is next asked whether anything was asked for.
    look_at: Option<Duration>,
}

impl Presences {
    /// Nobody is there. `grace` is how long one stays online without a connection, `away_after` how long one may ask nothing
    /// before one is away; for ever without it.
    #[must_use]
    pub fn new(grace: Duration, away_after: Option<Duration>) -> Self {
        Self { grace, away_after, there: BTreeMap::new(), leaving: BTreeSet::new(), looks: BTreeSet::new() }
    }

    /// Whether an account is there.
    #[must_use]
    pub fn of(&self, account: AccountId) -> Presence {
        match self.there.get(&account) {
            Some(Entry { is_away: true, .. }) => Presence::Away,
            Some(Entry { is_away: false, .. }) => Presence::Online,
            None => Presence::Offline,
        }
    }

    /// Somebody who has no connection counts as there until a time, whatever was so before.
    pub fn expect(&mut self, account: AccountId, until: Duration) {
        if self.there.entry(account).or_default().connections == 0 {
            self.leaving.retain(|(_, leaving)| *leaving != account);
            self.leaving.insert((until, account));
        }
    }

    /// A connection of an account began. Whether others are to hear of it.
    pub fn connected(&mut self, account: AccountId, now: Duration) -> bool {
        self.leaving.retain(|(_, leaving)| *leaving != account);
        let was = self.of(account);
        let entry = self.there.entry(account).or_default();
        entry.connections += 1;
        entry.is_away = false;
        self.look_again(account, now);
        was != Presence::Online
    }

    /// A connection of an account ended, on which something was last asked at a time.
    pub fn disconnected(&mut self, account: AccountId, asked_at: Duration, now: Duration) {
        if let Some(entry) = self.there.get_mut(&account) {
            entry.asked_at = entry.asked_at.max(asked_at);
            entry.connections = entry.connections.saturating_sub(1);
            if entry.connections == 0 {
                self.leaving.insert((now + self.grace, account));
            }
        }
    }

    /// An account asked for something. Whether others are to hear that it is back.
    pub fn active(&mut self, account: AccountId, now: Duration) -> bool {
        let Some(entry) = self.there.get_mut(&account).filter(|entry| entry.is_away) else { return false };
        entry.is_away = false;
        self.look_again(account, now);
        true
    }

    /// When [`Presences::gone`] or [`Presences::to_look_at`] has something to do next.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        [self.leaving.first(), self.looks.first()].into_iter().flatten().map(|(at, _)| *at).min()
    }

    /// Whose grace period is over, and when he last asked for something.
    pub fn gone(&mut self, now: Duration) -> Vec<(AccountId, Duration)> {
        let due = take_due(&mut self.leaving, now);
        due.into_iter().filter_map(|account| self.forget(account)).collect()
    }

    /// Everybody is gone, and when each last asked for something.
    pub fn all_gone(&mut self) -> Vec<(AccountId, Duration)> {
        let all: Vec<AccountId> = self.there.keys().copied().collect();
        self.leaving.clear();
        all.into_iter().filter_map(|account| self.forget(account)).collect()
    }

    /// When an account without a connection last asked for something, as long as it counts as there.
    #[must_use]
    pub fn asked_at(&self, account: AccountId) -> Option<Duration> {
        self.there.get(&account).map(|entry| entry.asked_at)
    }

    fn forget(&mut self, account: AccountId) -> Option<(AccountId, Duration)> {
        let entry = self.there.remove(&account)?;
        if let Some(look_at) = entry.look_at {
            self.looks.remove(&(look_at, account));
        }
        Some((account, entry.asked_at))
    }

    /// Of whom [`Presences::looked`] is to be told when he last asked for something.
    pub fn to_look_at(&mut self, now: Duration) -> Vec<AccountId> {
        let due = take_due(&mut self.looks, now);
        for account in &due {
            if let Some(entry) = self.there.get_mut(account) {
                entry.look_at = None;
            }
        }
        due
    }

    /// An account last asked for something at this time. Whether others are to hear that it is away.
    pub fn looked(&mut self, account: AccountId, asked_at: Duration, now: Duration) -> bool {
        let Some(away_after) = self.away_after else { return false };
        if now < asked_at + away_after {
            self.look_again(account, asked_at);
            return false;
        }
        self.there.get_mut(&account).is_some_and(|entry| !std::mem::replace(&mut entry.is_away, true))
    }

    /// Looks again when the time is over that began with what was last asked.
    fn look_again(&mut self, account: AccountId, asked_at: Duration) {
        let Some((away_after, entry)) = self.away_after.zip(self.there.get_mut(&account)) else { return };
        if let Some(before) = entry.look_at.replace(asked_at + away_after) {
            self.looks.remove(&(before, account));
        }
        self.looks.insert((asked_at + away_after, account));
    }
}

/// Takes what is due out of a line.
fn take_due(line: &mut BTreeSet<(Duration, AccountId)>, now: Duration) -> Vec<AccountId> {
    let rest = line.split_off(&(now, AccountId(u64::MAX)));
    std::mem::replace(line, rest).into_iter().map(|(_, account)| account).collect()
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
        let mut presences = Presences::new(seconds(15), None);
        assert!(presences.connected(ALICE, seconds(0)));
        assert!(!presences.connected(ALICE, seconds(0)));
        presences.disconnected(ALICE, seconds(9), seconds(10));
        assert_eq!(presences.next_due(), None);
        presences.disconnected(ALICE, seconds(7), seconds(20));
        assert_eq!(presences.of(ALICE), Presence::Online);
        assert!(!presences.connected(ALICE, seconds(21)));
        assert!(presences.gone(seconds(99)).is_empty());
        presences.disconnected(ALICE, seconds(8), seconds(100));
        assert!(presences.gone(seconds(114)).is_empty());
        assert_eq!(presences.gone(seconds(115)), [(ALICE, seconds(9))]);
        assert_eq!(presences.of(ALICE), Presence::Offline);
    }

    #[test]
    fn without_grace_the_last_goodbye_counts_at_once() {
        let mut presences = Presences::new(Duration::ZERO, None);
        presences.connected(ALICE, seconds(0));
        presences.disconnected(ALICE, seconds(0), seconds(1));
        assert_eq!(presences.gone(seconds(1)).len(), 1);
    }

    #[test]
    fn who_is_expected_is_there_until_then_and_longer_if_he_comes() {
        let mut presences = Presences::new(Duration::ZERO, None);
        presences.expect(ALICE, seconds(5));
        assert_eq!((presences.of(ALICE), presences.next_due()), (Presence::Online, Some(seconds(5))));
        presences.expect(ALICE, seconds(6));
        assert!(presences.gone(seconds(5)).is_empty());
        assert_eq!(presences.gone(seconds(6)).len(), 1);
        presences.expect(ALICE, seconds(10));
        presences.connected(ALICE, seconds(9));
        presences.expect(ALICE, seconds(15));
        assert!(presences.gone(seconds(99)).is_empty(), "he came");
        presences.disconnected(ALICE, seconds(99), seconds(99));
        assert_eq!(presences.gone(seconds(99)).len(), 1);
    }

    #[test]
    fn who_asks_nothing_is_away_and_back_with_the_first_word_or_a_new_connection() {
        let mut presences = Presences::new(seconds(15), Some(seconds(60)));
        presences.connected(ALICE, seconds(0));
        assert_eq!(presences.next_due(), Some(seconds(60)));
        assert!(presences.to_look_at(seconds(59)).is_empty());
        assert_eq!(presences.to_look_at(seconds(60)), [ALICE]);
        // He asked in the meantime: looked at again a minute after that.
        assert!(!presences.looked(ALICE, seconds(30), seconds(60)));
        assert_eq!((presences.next_due(), presences.of(ALICE)), (Some(seconds(90)), Presence::Online));
        assert_eq!(presences.to_look_at(seconds(90)), [ALICE]);
        assert!(presences.looked(ALICE, seconds(30), seconds(90)));
        assert!(!presences.looked(ALICE, seconds(30), seconds(91)), "it is told once");
        assert_eq!((presences.of(ALICE), presences.next_due()), (Presence::Away, None));
        assert!(presences.active(ALICE, seconds(100)));
        assert!(!presences.active(ALICE, seconds(100)));
        assert_eq!((presences.of(ALICE), presences.next_due()), (Presence::Online, Some(seconds(160))));
        presences.to_look_at(seconds(160));
        presences.looked(ALICE, seconds(100), seconds(160));
        assert!(presences.connected(ALICE, seconds(170)));
        assert_eq!(presences.of(ALICE), Presence::Online);
    }

    #[test]
    fn who_is_gone_is_not_looked_at_and_who_was_away_goes_as_everybody() {
        let mut presences = Presences::new(seconds(1), Some(seconds(60)));
        presences.connected(ALICE, seconds(0));
        presences.disconnected(ALICE, seconds(9), seconds(10));
        assert_eq!(presences.gone(seconds(11)), [(ALICE, seconds(9))]);
        assert_eq!(presences.next_due(), None);
        presences.connected(ALICE, seconds(20));
        presences.to_look_at(seconds(80));
        assert!(presences.looked(ALICE, seconds(20), seconds(80)));
        presences.disconnected(ALICE, seconds(20), seconds(90));
        assert_eq!(presences.of(ALICE), Presence::Away);
        assert_eq!(presences.gone(seconds(91)), [(ALICE, seconds(20))]);
        assert!(!presences.active(ALICE, seconds(92)));
        presences.connected(ALICE, seconds(100));
        presences.disconnected(ALICE, seconds(101), seconds(102));
        assert_eq!(
            (presences.asked_at(ALICE), presences.all_gone()),
            (Some(seconds(101)), vec![(ALICE, seconds(101))])
        );
        assert_eq!((presences.next_due(), presences.all_gone().len()), (None, 0));
    }
}
