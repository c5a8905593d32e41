//! Who is there, who is away, what rooms are told of it, and when somebody was last there.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::limits::LOGIN_TIMEOUT_MS;
use chat_proto::seen::LastSeen;
use chat_proto::{AccountId, Presence, Reject, RejectCode, RoomId, Timestamp, UserRef};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::Hub;
use super::sessions::LiveSession;
use super::shared::lock;
use crate::core::command::{AccountCommand, NoteSeen, Person};
use crate::core::guest::is_guest;
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
            () = hub.closing() => break,
            () = hub.presences.bell.notified() => {}
            () = due => {}
        }
        let (changed, gone) = hub.look_who_is_there();
        for account in changed.into_iter().chain(gone.iter().map(|(account, _)| *account)) {
            let rooms = hub.joined_rooms(account).await;
            hub.announce(account, &rooms);
        }
        hub.see_off_guests(gone.iter().map(|(account, _)| *account));
        hub.note_seen(gone).await;
    }
    let all = lock(&hub.presences.presences).all_gone();
    hub.note_seen(all).await;
}

impl Hub {
    /// Somebody is about to have a connection: he counts as there until he had time to log in.
    pub(super) fn expect(&self, account: AccountId) {
        let time = self.settings.presence_grace.max(Duration::from_millis(LOGIN_TIMEOUT_MS));
        lock(&self.presences.presences).expect(account, self.uptime() + time);
        self.presences.bell.notify_one();
    }

    /// A connection of an account began, in these rooms.
    pub fn arrived(&self, account: AccountId, rooms: &[RoomId]) {
        if lock(&self.presences.presences).connected(account, self.uptime()) {
            self.announce(account, rooms);
        }
        if self.settings.away_after.is_some() {
            self.presences.bell.notify_one();
        }
    }

    /// A connection ended, with a goodbye or without. A guest who says goodbye is gone.
    pub fn departed(&self, live: &LiveSession, said_goodbye: bool) {
        let (now, account) = (self.uptime(), live.who.account);
        let mut presences = lock(&self.presences.presences);
        presences.disconnected(account, now.saturating_sub(live.idle(now)), now);
        if said_goodbye && is_guest(account) {
            presences.expect(account, now);
        }
        drop(presences);
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

    /// When somebody was last there, for whom he lets know.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`], [`RejectCode::InvalidName`], [`RejectCode::NotShown`], or what the store says.
    pub async fn last_seen(self: &Arc<Self>, asker: AccountId, user: &UserRef) -> Result<LastSeen, Reject> {
        let Person { account, name, .. } = self.person(user)?;
        let shares = self.share_a_room(asker, account).await;
        let feed = self.account(account).await?;
        let shown = feed
            .look(self, move |state, _| (account == asker || state.shows_seen_to(asker, shares)).then(|| state.seen()));
        let Some(noted) = shown.await? else {
            let message = format!("{name} does not show you when he was last there");
            return Err(Reject::new(RejectCode::NotShown, message));
        };
        let presences = lock(&self.presences.presences);
        let (presence, ended) = (presences.of(account), presences.asked_at(account));
        drop(presences);
        let asked = self.last_asked(account).max(ended).filter(|_| presence != Presence::Offline);
        Ok(LastSeen { account, name, presence, at: asked.map(|at| self.time_of(at)).max(noted) })
    }

    /// The time of day it was at an uptime of the hub.
    fn time_of(&self, uptime: Duration) -> Timestamp {
        let ago = self.uptime().saturating_sub(uptime).as_micros();
        Timestamp(self.now().0.saturating_sub(i64::try_from(ago).unwrap_or(i64::MAX)))
    }

    /// Writes into the feeds of people who are gone when they last asked for something.
    async fn note_seen(self: &Arc<Self>, gone: Vec<(AccountId, Duration)>) {
        let people = gone.into_iter().filter(|(account, _)| !is_guest(*account));
        let noted = people.map(async |(account, asked_at)| {
            let note = AccountCommand::NoteSeen(NoteSeen { at: self.time_of(asked_at) });
            match self.note(account, note).await {
                Ok(Some(pending)) => pending.outcome().await.map(drop),
                Ok(None) => Ok(()),
                Err(reject) => Err(reject),
            }
        });
        for reject in join_all(noted).await.into_iter().filter_map(Result::err) {
            tracing::warn!(code = reject.code.name(), "not noted when somebody was last there");
        }
    }

    /// Finds out who is away, and who is gone and when he last asked for something.
    fn look_who_is_there(&self) -> (Vec<AccountId>, Vec<(AccountId, Duration)>) {
        let now = self.uptime();
        let mut presences = lock(&self.presences.presences);
        let gone = presences.gone(now);
        let mut changed = Vec::new();
        for account in presences.to_look_at(now) {
            // Without a connection he is going, not idle.
            let Some(asked_at) = self.last_asked(account) else { continue };
            if presences.looked(account, asked_at, now) {
                changed.push(account);
            }
        }
        (changed, gone)
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
