//! Guests: letting one in under a key of the moment, and seeing him out of every room when he is gone for good.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::{
    AccountId, DeviceId, DeviceKey, FeedId, Line, MessageKey, Presence, Reject, RejectCode, Retry, RoomId, UserName,
};

use super::handle::{Feed, Submit};
use super::people::Identified;
use super::shared::lock;
use super::{Hub, reject};
use crate::core::Actor;
use crate::core::command::{Leave, RoomCommand};
use crate::core::guest::{is_guest, next_number};
use crate::core::room::Room;
use crate::store::{AccountRecord, DeviceRecord, MemoryStore, Registration, Store};

/// Guests who are there, or were a moment ago. Never kept: a guest ends with the server.
#[derive(Debug, Default)]
pub(super) struct Guests(Mutex<There>);

#[derive(Debug, Default)]
struct There {
    by_key: BTreeMap<DeviceKey, AccountId>,
    keys: BTreeMap<AccountId, DeviceKey>,
    last: AccountId,
}

/// Wait before a room is asked again that could not let a guest go.
const RETRY: Duration = Duration::from_secs(1);

/// When a guest who found no place may ask again, milliseconds.
const FULL_RETRY_MS: u32 = 5_000;

/// Why a guest leaves his rooms in the end.
const GONE: &str = "gone";

impl Hub {
    /// The guest of a key that was proved; a key nobody has shown yet brings in a new one.
    ///
    /// # Errors
    /// [`RejectCode::RegistrationClosed`] where no guests are let in, [`RejectCode::InvalidName`], [`RejectCode::NameTaken`],
    /// [`RejectCode::LimitExceeded`], [`RejectCode::UnderDefence`], [`RejectCode::Unauthenticated`] for the key of somebody else.
    pub async fn identify_guest(
        self: &Arc<Self>,
        key: DeviceKey,
        name: &str,
        from: IpAddr,
    ) -> Result<Identified, Reject> {
        if self.settings.guests == 0 {
            let message = "this server lets no guests in; take a name: connect without --guest";
            return Err(Reject::new(RejectCode::RegistrationClosed, message));
        }
        let name = UserName::guest(name)
            .map_err(|e| Reject::new(RejectCode::InvalidName, format!("the name {name:?} is not possible: {e}")))?;
        let actor = match self.known_guest(&key, &name) {
            Some(known) => known?,
            None => self.admit_guest(key, name, from).await?,
        };
        Ok(Identified { actor, registered: false, key: Some(key), expires_in: None })
    }

    /// A guest who is there already. He stays at least until he had time to log in.
    fn known_guest(&self, key: &DeviceKey, name: &UserName) -> Option<Result<Actor, Reject>> {
        let there = lock(&self.guests.0);
        let account = *there.by_key.get(key)?;
        let called = self.name_of(account)?;
        if called.keys() != name.keys() {
            let message = format!("this key is the guest {called}'s; come with a new one");
            return Some(Err(Reject::new(RejectCode::Unauthenticated, message)));
        }
        self.expect(account);
        Some(Ok(Actor::guest(account, called)))
    }

    async fn admit_guest(&self, key: DeviceKey, name: UserName, from: IpAddr) -> Result<Actor, Reject> {
        if self.read_directory(|directory| directory.knows_key(&key)) {
            let message = "this key is or was an account's device; a guest comes with a new one";
            return Err(Reject::new(RejectCode::Unauthenticated, message));
        }
        self.check_register(from, false)?;
        let since = self.now();
        let account = {
            let mut there = lock(&self.guests.0);
            there.last = next_number(there.last, since);
            there.last
        };
        // His feed goes with him, and is on no disk.
        let store = MemoryStore::new();
        let device = DeviceId(account.0);
        let record = DeviceRecord { id: device, key, account, since, label: Line::default(), revoked: false };
        let begun = Registration::Account(AccountRecord { id: account, name: name.clone(), since }, record);
        store.register(begun).await.map_err(|e| reject(&e))?;
        let mut there = lock(&self.guests.0);
        let most = self.settings.guests;
        if there.keys.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            let message = format!("{most} guests are here, the most this server lets in; come later, or take a name");
            let full = Reject::new(RejectCode::LimitExceeded, message);
            return Err(Reject { retry: Retry::Later, retry_after_ms: FULL_RETRY_MS, ..full });
        }
        self.check_guest_name(&there, &name)?;
        self.count_newcomer(from)?;
        let admitted = self.write_directory(|directory| directory.admit_guest(account, name.clone(), since));
        admitted.map_err(|_| Reject::new(RejectCode::Conflict, "somebody comes in under this name right now"))?;
        let feed = Feed::new(FeedId::Account(account), Arc::new(store));
        lock(&self.accounts).insert(account, feed);
        there.by_key.insert(key, account);
        there.keys.insert(account, key);
        self.expect(account);
        Ok(Actor::guest(account, name))
    }

    /// Whether no guest is called so, or so that he could be taken for this one.
    fn check_guest_name(&self, there: &There, name: &UserName) -> Result<(), Reject> {
        let Some(taken) = self.read_directory(|directory| directory.account_named(name)) else { return Ok(()) };
        let message = format!("another guest is called {name}, or looks like it; choose another name");
        let reject = Reject::new(RejectCode::NameTaken, message);
        if there.keys.contains_key(&taken) {
            return Err(reject);
        }
        // He is on his way out of his rooms.
        let retry_after_ms = u32::try_from(RETRY.as_millis()).unwrap_or(u32::MAX);
        Err(Reject { retry: Retry::Later, retry_after_ms, ..reject })
    }

    /// Whether somebody may be a member of anything: a guest who is gone may not.
    pub(super) fn may_be_in(&self, account: AccountId) -> bool {
        !is_guest(account) || lock(&self.guests.0).keys.contains_key(&account)
    }

    /// Whether somebody who proved himself is still to be let in: a guest may have said goodbye elsewhere meanwhile.
    ///
    /// # Errors
    /// [`RejectCode::Conflict`].
    pub fn check_not_gone(&self, account: AccountId) -> Result<(), Reject> {
        if self.may_be_in(account) {
            return Ok(());
        }
        Err(Reject::new(RejectCode::Conflict, "this guest has just said goodbye on another connection; come in again"))
    }

    /// The commands by which guests who are gone leave a room.
    pub(super) fn partings_of(&self, room: &Room) -> Vec<Submit<RoomCommand>> {
        let reason = Line::parse(GONE).unwrap_or_default();
        let gone = room.guests().filter(|account| room.exists() && !self.may_be_in(*account));
        let leave = |account| Submit {
            // The room itself says what he was called.
            by: Actor::guest(account, UserName::server()),
            key: MessageKey::default(),
            command: RoomCommand::Leave(Leave { reason: reason.clone() }),
            registration: None,
        };
        gone.map(leave).collect()
    }

    /// Guests who are gone leave a room.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn see_guests_out(self: &Arc<Self>, room: RoomId) -> Result<(), Reject> {
        let feed = self.room(room).await?;
        let hub = Arc::clone(self);
        let partings = feed.look(self, move |room, _| hub.partings_of(room)).await?;
        for parting in partings {
            feed.submit(self, parting).await.outcome().await?;
        }
        Ok(())
    }

    /// The guests among those whose grace period is over are gone for good, unless one of them is back by now.
    pub(super) fn see_off_guests(self: &Arc<Self>, gone: impl Iterator<Item = AccountId>) {
        for account in gone.filter(|account| is_guest(*account)) {
            let mut there = lock(&self.guests.0);
            if self.presence(account) != Presence::Offline {
                continue;
            }
            if let Some(key) = there.keys.remove(&account) {
                there.by_key.remove(&key);
                self.clerks.spawn(Arc::clone(self).end_guest(account));
            }
        }
    }

    /// Takes a guest out of his rooms, and then frees his name. What the hub closes upon is done when each room is next
    /// brought back.
    async fn end_guest(self: Arc<Self>, account: AccountId) {
        for room in self.joined_rooms(account).await {
            while let Err(reject) = self.see_guests_out(room).await
                && reject.retry == Retry::Later
            {
                tracing::warn!(code = reject.code.name(), %room, "a guest who is gone can't leave yet");
                tokio::select! {
                    biased;
                    () = self.closing() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
            }
        }
        self.write_directory(|directory| directory.dismiss_guest(account));
        lock(&self.accounts).remove(&account);
    }
}
