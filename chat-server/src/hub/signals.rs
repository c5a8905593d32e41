//! Passing news of a room: who is there and who is writing. Latest value per person, under a version, so that a reader asks
//! for what changed since the version he has seen; nothing is queued.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chat_proto::delivery::{Announced, RoomPresence, Typing};
use chat_proto::limits::TYPING_HOLD_MS;
use chat_proto::nick::NickChanged;
use chat_proto::profile::UserState;
use chat_proto::setting::PresenceMode;
use chat_proto::{AccountId, Delivery, Presence, PresenceEntry, RoomId};

/// A room with more people online than this shows their count only.
pub const PRESENCE_NAMES_MAX: usize = 500;

/// Changes of presence named in one frame.
const CHANGES_PER_FRAME: usize = 500;

/// Things told and not stored that a reader who is late can still get.
const ANNOUNCED_MAX: usize = 32;

#[derive(Clone, Debug)]
struct Typist {
    version: u64,
    name: String,
    active: bool,
    until: Duration,
}

/// What passes in one room.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    version: u64,
    there: BTreeMap<AccountId, Presence>,
    changes: BTreeMap<u64, PresenceEntry>,
    latest: BTreeMap<AccountId, u64>,
    typing: BTreeMap<AccountId, Typist>,
    states: BTreeMap<AccountId, (u64, Arc<UserState>)>,
    nicks: BTreeMap<AccountId, (u64, NickChanged)>,
    announced: VecDeque<(u64, Announced)>,
    shown: Shown,
}

/// What readers are told of who is there.
#[derive(Clone, Copy, Debug)]
struct Shown(PresenceMode);

impl Default for Shown {
    fn default() -> Self {
        Self(PresenceMode::Full)
    }
}

impl Signals {
    /// The newest version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Somebody came, went, is away or back, or joined the room while being there. Whether it is news.
    pub fn presence(&mut self, account: AccountId, name: &str, presence: Presence) -> bool {
        let was = match presence {
            Presence::Offline => self.there.remove(&account),
            Presence::Online | Presence::Away => self.there.insert(account, presence),
        };
        if was.unwrap_or_default() == presence {
            return false;
        }
        self.version += 1;
        if let Some(old) = self.latest.insert(account, self.version) {
            self.changes.remove(&old);
        }
        self.changes.insert(self.version, PresenceEntry { account, name: name.to_owned(), presence });
        true
    }

    /// Somebody is no member any more: he is not counted, and nobody is told where he is.
    pub fn forget(&mut self, account: AccountId) {
        self.there.remove(&account);
        self.typing.remove(&account);
        self.states.remove(&account);
        self.nicks.remove(&account);
        if let Some(old) = self.latest.remove(&account) {
            self.changes.remove(&old);
        }
        self.version += 1;
    }

    /// Somebody is writing, or no more. `now` is any clock that only moves forward.
    pub fn typing(&mut self, account: AccountId, name: &str, active: bool, now: Duration) {
        self.version += 1;
        self.typing.retain(|_, typist| typist.until > now);
        let until = now + Duration::from_millis(TYPING_HOLD_MS);
        self.typing.insert(account, Typist { version: self.version, name: name.to_owned(), active, until });
    }

    /// What somebody shows of himself changed.
    pub fn user_state(&mut self, state: Arc<UserState>) {
        self.version += 1;
        self.states.insert(state.account, (self.version, state));
    }

    /// Somebody is called something else.
    pub fn nick(&mut self, changed: NickChanged) {
        self.version += 1;
        self.nicks.insert(changed.account, (self.version, changed));
    }

    /// What readers are told of who is there, from here on. Never news by itself.
    pub fn show(&mut self, mode: PresenceMode) -> bool {
        self.shown = Shown(mode);
        false
    }

    /// Somebody tells those who are there something that is not stored.
    pub fn announce(&mut self, announced: Announced) {
        self.version += 1;
        self.announced.push_back((self.version, announced));
        if self.announced.len() > ANNOUNCED_MAX {
            self.announced.pop_front();
        }
    }

    /// What changed since a version: first what must arrive, then what may be lost.
    #[must_use]
    pub fn since(&self, room: RoomId, version: u64) -> (Vec<Delivery>, Vec<Delivery>) {
        let online = u32::try_from(self.there.len()).unwrap_or(u32::MAX);
        let changed: Vec<_> = self.changes.range(version + 1..).map(|(_, entry)| entry.clone()).collect();
        let mut must = if changed.is_empty() || self.shown.0 == PresenceMode::Off {
            Vec::new()
        } else if self.there.len() > PRESENCE_NAMES_MAX || self.shown.0 == PresenceMode::Counts {
            vec![Delivery::RoomPresence(RoomPresence { room, online, changed: Vec::new() })]
        } else {
            let frame = |changed: &[PresenceEntry]| RoomPresence { room, online, changed: changed.to_vec() };
            changed.chunks(CHANGES_PER_FRAME).map(|chunk| Delivery::RoomPresence(frame(chunk))).collect()
        };
        let states = self.states.values().filter(|(changed, _)| *changed > version);
        must.extend(states.map(|(_, state)| Delivery::UserState(UserState::clone(state))));
        let nicks = self.nicks.values().filter(|(changed, _)| *changed > version);
        must.extend(nicks.map(|(_, nick)| Delivery::NickChanged(nick.clone())));
        let typing = self.typing.iter().filter(|(_, typist)| typist.version > version).map(|(account, typist)| {
            let Typist { name, active, .. } = typist;
            Delivery::Typing(Typing { room, account: *account, name: name.clone(), active: *active })
        });
        let told = self.announced.iter().filter(|(told, _)| *told > version);
        let told = told.map(|(_, announced)| Delivery::Announced(announced.clone()));
        (must, typing.chain(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId(1);

    #[test]
    fn a_reader_gets_the_latest_value_once() {
        let mut signals = Signals::default();
        let alice = AccountId(1);
        assert!(signals.presence(alice, "alice", Presence::Online));
        assert!(!signals.presence(alice, "alice", Presence::Online));
        let seen = signals.version();
        signals.presence(alice, "alice", Presence::Offline);
        signals.presence(alice, "alice", Presence::Online);
        let (must, _) = signals.since(ROOM, seen);
        let [Delivery::RoomPresence(presence)] = must.as_slice() else { panic!("{must:?}") };
        assert_eq!((presence.online, presence.changed.len()), (1, 1));
        assert_eq!(signals.since(ROOM, signals.version()), (vec![], vec![]));
    }

    #[test]
    fn typing_is_forgotten() {
        let mut signals = Signals::default();
        signals.typing(AccountId(1), "alice", true, Duration::ZERO);
        signals.typing(AccountId(2), "bob", true, Duration::from_secs(60));
        assert_eq!(signals.since(ROOM, 0).1.len(), 1);
    }
}
