//! Who is there, who is away, and what rooms are told of it.

use std::sync::{Arc, Mutex};

use chat_proto::{AccountId, Presence, RoomId};
use tokio::sync::Notify;

use super::Hub;
use super::sessions::LiveSession;
use super::shared::lock;
use crate::core::presence::Presences;

/// Who is there.
#[derive(Debug)]
pub(super) struct Board {
    presences: Mutex<Presences>,
    bell: Notify,
}

impl Board {
    pub(super) fn new(presences: Presences) -> Self {
        Self { presences: Mutex::new(presences), bell: Notify::new() }
    }
}

/// Tells rooms who is away, and whose grace period is over, until the hub closes.
pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        let next = lock(&hub.presences.presences).next_due();
        let due = async {
            match next {
                Some(at) => tokio::time::sleep(at.saturating_sub(hub.uptime())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = hub.closing() => return,
            () = hub.presences.bell.notified() => {}
            () = due => {}
        }
        for account in hub.look_who_is_there() {
            let rooms = hub.joined_rooms(account).await;
            hub.announce(account, &rooms);
        }
    }
}

impl Hub {
    /// A connection of an account began, in these rooms.
    pub fn arrived(&self, account: AccountId, rooms: &[RoomId]) {
        if lock(&self.presences.presences).connected(account, self.uptime()) {
            self.announce(account, rooms);
        }
        if self.settings.away_after.is_some() {
            self.presences.bell.notify_one();
        }
    }

    /// A connection of an account ended.
    pub fn departed(&self, account: AccountId) {
        lock(&self.presences.presences).disconnected(account, self.uptime());
        self.presences.bell.notify_one();
    }

    /// Something was asked on a connection: its owner is there, if he was away.
    pub async fn active(self: &Arc<Self>, live: &LiveSession) {
        let (now, account) = (self.uptime(), live.who.account);
        if live.touch(now) && lock(&self.presences.presences).active(account, now) {
            let rooms = self.joined_rooms(account).await;
            self.announce(account, &rooms);
            self.presences.bell.notify_one();
        }
    }

    /// Whether an account is there.
    #[must_use]
    pub fn presence(&self, account: AccountId) -> Presence {
        lock(&self.presences.presences).of(account)
    }

    /// An account became a member of a room: the room counts him if he is there.
    pub fn present_in(&self, room: RoomId, account: AccountId) {
        if self.presence(account) != Presence::Offline {
            self.announce(account, &[room]);
        }
    }

    /// An account is no member of a room any more.
    pub fn absent_from(&self, room: RoomId, account: AccountId) {
        let feed = lock(&self.rooms).get(&room).cloned();
        if let Some(feed) = feed {
            feed.shared.signal(|signals| {
                signals.forget(account);
                true
            });
        }
    }

    /// Finds out who is gone and who is away, and returns whom that changed.
    fn look_who_is_there(&self) -> Vec<AccountId> {
        let now = self.uptime();
        let mut presences = lock(&self.presences.presences);
        let mut changed = presences.gone(now);
        for account in presences.to_look_at(now) {
            // Without a connection he is going, not idle.
            let Some(asked_at) = self.last_asked(account) else { continue };
            if presences.looked(account, asked_at, now) {
                changed.push(account);
            }
        }
        changed
    }

    /// Tells rooms how somebody stands.
    fn announce(&self, account: AccountId, rooms: &[RoomId]) {
        let Some(name) = self.name_of(account) else { return };
        let known = lock(&self.rooms);
        let feeds: Vec<_> = rooms.iter().filter_map(|room| known.get(room).cloned()).collect();
        drop(known);
        // Told under the lock, so that what is told last is what is so.
        let presences = lock(&self.presences.presences);
        let presence = presences.of(account);
        for feed in feeds {
            feed.shared.signal(|signals| signals.presence(account, name.as_str(), presence));
        }
    }
}
