//! Who has which name and which key. A name is reserved first, then written to disk, then confirmed or released, so that two
//! who want it at once never both get it.

mod end;
mod guest;
mod rename;

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::name::NameKeys;
use chat_proto::{AccountId, DeviceId, DeviceKey, Line, NickPolicy, RoomId, RoomName, Timestamp, UserName};

use super::guest::GUESTS_FROM;
use super::nick::{Nicks, Rivals};

pub use rename::NotRenamed;

/// One kind of names: who has each, and who has one that looks like it.
#[derive(Clone, Debug)]
struct Names<Id> {
    by_look: BTreeMap<String, Id>,
    by_fold: BTreeMap<String, Id>,
}

impl<Id> Default for Names<Id> {
    fn default() -> Self {
        Self { by_look: BTreeMap::new(), by_fold: BTreeMap::new() }
    }
}

impl<Id: Copy> Names<Id> {
    fn find(&self, keys: &NameKeys) -> Option<Id> {
        self.by_fold.get(&keys.folded).or_else(|| self.by_look.get(&keys.look)).copied()
    }

    fn insert(&mut self, keys: NameKeys, id: Id) {
        self.by_look.insert(keys.look, id);
        self.by_fold.insert(keys.folded, id);
    }

    fn remove(&mut self, keys: &NameKeys) {
        self.by_look.remove(&keys.look);
        self.by_fold.remove(&keys.folded);
    }

    /// Everybody who has a name or one that looks like it: at most two.
    fn owners(&self, keys: &NameKeys) -> impl Iterator<Item = Id> {
        self.by_fold.get(&keys.folded).into_iter().chain(self.by_look.get(&keys.look)).copied()
    }
}

/// An account as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its name.
    pub name: UserName,
    /// When it was made.
    pub since: Timestamp,
    confirmed: bool,
}

/// A room as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RoomEntry {
    name: RoomName,
    /// Names it had before; they lead to it, and are its own to take back.
    retired: BTreeSet<RoomName>,
    /// Names that are being given to it.
    wanted: BTreeSet<RoomName>,
    state: RoomState,
}

/// How far a room has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoomState {
    /// Its name is taken, and it is not on disk yet.
    Reserved,
    /// It is on disk.
    Lives,
    /// It came to its end: no name leads to it.
    Ended,
}

impl RoomEntry {
    fn new(name: RoomName, state: RoomState) -> Self {
        Self { name, retired: BTreeSet::new(), wanted: BTreeSet::new(), state }
    }
}

/// A device as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// Its number.
    pub id: DeviceId,
    /// Whose it is.
    pub account: AccountId,
    /// When it was added.
    pub since: Timestamp,
    /// What its owner calls it; may be empty.
    pub label: Line,
    state: DeviceState,
}

/// What a device's key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeviceState {
    /// Nothing yet: it is being added to an account there is.
    Reserved,
    /// Its account.
    Valid,
    /// Nothing any more.
    Revoked,
}

/// Every name and key.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    accounts: BTreeMap<AccountId, AccountEntry>,
    account_names: Names<AccountId>,
    rooms: BTreeMap<RoomId, RoomEntry>,
    room_names: Names<RoomId>,
    ended_rooms: usize,
    nicks: Nicks,
    devices: BTreeMap<DeviceKey, DeviceEntry>,
    last_device: u64,
    last_account: u64,
    last_room: u64,
}

impl Directory {
    /// Nobody is in it.
    #[must_use]
    pub fn new(policy: NickPolicy) -> Self {
        Self { nicks: Nicks::new(policy), ..Self::default() }
    }

    /// What people are called beside their names.
    #[must_use]
    pub fn nicks(&self) -> &Nicks {
        &self.nicks
    }

    /// The same, to be changed.
    pub fn nicks_mut(&mut self) -> &mut Nicks {
        &mut self.nicks
    }

    /// Reserves a nick for an account, which is called so from here on. Who else is called so in some room is for the caller to
    /// find out among the rivals.
    ///
    /// # Errors
    /// The account whose name or nick it could be taken for.
    pub fn reserve_nick(&mut self, account: AccountId, nick: &UserName) -> Result<Rivals, AccountId> {
        let rivals = self.nicks.rivals(account, nick);
        let named = self.account_names.find(&nick.keys()).filter(|owner| *owner != account);
        let taken = match self.nicks.policy() {
            NickPolicy::Server => named.or(rivals.accounts.first().copied()),
            NickPolicy::Room => named,
            NickPolicy::Free => None,
        };
        if let Some(taken) = taken {
            return Err(taken);
        }
        self.nicks.set(account, Some(nick.clone()));
        Ok(rivals)
    }

    /// Takes in a nick that is on disk, where it keeps what the policy promises.
    pub fn load_nick(&mut self, account: AccountId, nick: UserName, made_under: NickPolicy) {
        let keys = nick.keys();
        let is_free = self.nicks.policy() == NickPolicy::Free;
        let named = self.account_names.find(&keys).is_some_and(|owner| owner != account);
        if self.nicks.keeps(made_under) && (is_free || !named) {
            self.nicks.set(account, Some(nick));
        }
    }

    /// Takes in a room that is on disk.
    pub fn load_room(&mut self, id: RoomId, name: RoomName) {
        self.last_room = self.last_room.max(id.0);
        self.room_names.insert(name.keys(), id);
        self.rooms.insert(id, RoomEntry::new(name, RoomState::Lives));
    }

    /// Takes in an account that is on disk.
    pub fn load_account(&mut self, id: AccountId, name: UserName, since: Timestamp) {
        self.last_account = self.last_account.max(id.0);
        self.account_names.insert(name.keys(), id);
        self.accounts.insert(id, AccountEntry { name, since, confirmed: true });
    }

    /// Takes in a device that is on disk.
    pub fn load_device(
        &mut self,
        key: DeviceKey,
        (id, account): (DeviceId, AccountId),
        (label, since): (Line, Timestamp),
        revoked: bool,
    ) {
        self.last_device = self.last_device.max(id.0);
        let state = if revoked { DeviceState::Revoked } else { DeviceState::Valid };
        self.devices.insert(key, DeviceEntry { id, account, since, label, state });
    }

    /// The room of a name, or of one that looks like it.
    #[must_use]
    pub fn room_named(&self, name: &RoomName) -> Option<RoomId> {
        self.room_names.find(&name.keys())
    }

    /// The name of a room, or that which it had when it came to its end.
    #[must_use]
    pub fn room(&self, id: RoomId) -> Option<&RoomName> {
        self.rooms.get(&id).map(|entry| &entry.name)
    }

    /// How many rooms there are, those included that are being begun.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len() - self.ended_rooms
    }

    /// Rooms that are on disk, behind one, in order.
    pub fn rooms_after(&self, after: RoomId) -> impl Iterator<Item = (RoomId, &RoomName)> {
        let behind = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        self.rooms
            .range(behind)
            .filter(|(_, entry)| entry.state == RoomState::Lives)
            .map(|(id, entry)| (*id, &entry.name))
    }

    /// The account of a name, or of one that looks like it.
    #[must_use]
    pub fn account_named(&self, name: &UserName) -> Option<AccountId> {
        self.account_names.find(&name.keys())
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&AccountEntry> {
        self.accounts.get(&id)
    }

    /// Whether nobody has an account; guests have none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.range(..GUESTS_FROM).next().is_none()
    }

    /// Whose a device key is; nobody's, if it is not on disk yet or was revoked.
    #[must_use]
    pub fn device(&self, key: &DeviceKey) -> Option<(DeviceId, AccountId)> {
        let entry = self.devices.get(key).filter(|entry| entry.state == DeviceState::Valid)?;
        Some((entry.id, entry.account))
    }

    /// Whether a device key was somebody's and is no more.
    #[must_use]
    pub fn is_revoked(&self, key: &DeviceKey) -> bool {
        self.devices.get(key).is_some_and(|entry| entry.state == DeviceState::Revoked)
    }

    /// Whether a device key is or was somebody's.
    #[must_use]
    pub fn knows_key(&self, key: &DeviceKey) -> bool {
        self.devices.contains_key(key)
    }

    /// The devices that open an account, in no particular order.
    pub fn devices_of(&self, account: AccountId) -> impl Iterator<Item = (&DeviceKey, &DeviceEntry)> {
        let opens = move |entry: &DeviceEntry| entry.account == account && entry.state == DeviceState::Valid;
        self.devices.iter().filter(move |(_, entry)| opens(entry))
    }

    /// What a device is called, whether or not it opens anything any more.
    #[must_use]
    pub fn label(&self, id: DeviceId) -> Option<&Line> {
        self.devices.values().find(|entry| entry.id == id).map(|entry| &entry.label)
    }

    /// Reserves a room's name.
    ///
    /// # Errors
    /// The room that has it, or one that looks like it.
    pub fn reserve_room(&mut self, name: &RoomName) -> Result<RoomId, RoomId> {
        let keys = name.keys();
        if let Some(taken) = self.room_names.find(&keys) {
            return Err(taken);
        }
        self.last_room += 1;
        let id = RoomId(self.last_room);
        self.room_names.insert(keys, id);
        self.rooms.insert(id, RoomEntry::new(name.clone(), RoomState::Reserved));
        Ok(id)
    }

    /// The room is on disk.
    pub fn confirm_room(&mut self, id: RoomId) {
        if let Some(entry) = self.rooms.get_mut(&id).filter(|entry| entry.state == RoomState::Reserved) {
            entry.state = RoomState::Lives;
        }
    }

    /// The room did not come to disk: its name is free again, its number is not.
    pub fn release_room(&mut self, id: RoomId) {
        if self.rooms.get(&id).is_some_and(|entry| entry.state == RoomState::Reserved)
            && let Some(entry) = self.rooms.remove(&id)
        {
            self.room_names.remove(&entry.name.keys());
        }
    }

    /// Reserves an account's name for the owner of a new device key.
    ///
    /// # Errors
    /// The account that has the name, or one that looks like it, or that has or had the key.
    pub fn reserve_account(
        &mut self,
        name: &UserName,
        key: DeviceKey,
        now: Timestamp,
    ) -> Result<(AccountId, DeviceId), AccountId> {
        let keys = name.keys();
        let owner = self.devices.get(&key).map(|entry| entry.account);
        if let Some(taken) = self.account_names.find(&keys).or(owner).or(self.nicks.keeps_from(&keys)) {
            return Err(taken);
        }
        self.last_account += 1;
        self.last_device += 1;
        let (account, device) = (AccountId(self.last_account), DeviceId(self.last_device));
        self.account_names.insert(keys, account);
        self.accounts.insert(account, AccountEntry { name: name.clone(), since: now, confirmed: false });
        let (label, state) = (Line::default(), DeviceState::Valid);
        self.devices.insert(key, DeviceEntry { id: device, account, since: now, label, state });
        Ok((account, device))
    }

    /// Reserves a number for a device that is being added to an account; nothing for a key that is or was somebody's.
    pub fn reserve_device(
        &mut self,
        account: AccountId,
        key: DeviceKey,
        label: Line,
        now: Timestamp,
    ) -> Option<DeviceId> {
        if self.knows_key(&key) {
            return None;
        }
        self.last_device += 1;
        let id = DeviceId(self.last_device);
        let state = DeviceState::Reserved;
        self.devices.insert(key, DeviceEntry { id, account, since: now, label, state });
        Some(id)
    }

    /// The added device is on disk.
    pub fn confirm_device(&mut self, key: &DeviceKey) {
        if let Some(entry) = self.devices.get_mut(key).filter(|entry| entry.state == DeviceState::Reserved) {
            entry.state = DeviceState::Valid;
        }
    }

    /// The added device did not come to disk: its key is free again, its number is not.
    pub fn release_device(&mut self, key: &DeviceKey) {
        if self.devices.get(key).is_some_and(|entry| entry.state == DeviceState::Reserved) {
            self.devices.remove(key);
        }
    }

    /// A device opens nothing any more. Its key stays taken.
    pub fn revoke_device(&mut self, id: DeviceId) {
        if let Some(entry) = self.devices.values_mut().find(|entry| entry.id == id) {
            entry.state = DeviceState::Revoked;
        }
    }

    /// The account is on disk.
    pub fn confirm_account(&mut self, id: AccountId) {
        if let Some(entry) = self.accounts.get_mut(&id) {
            entry.confirmed = true;
        }
    }

    /// Whether the account is on disk.
    #[must_use]
    pub fn is_confirmed(&self, id: AccountId) -> bool {
        self.accounts.get(&id).is_some_and(|entry| entry.confirmed)
    }

    /// The account did not come to disk: its name is free again, its number is not.
    pub fn release_account(&mut self, id: AccountId, key: &DeviceKey) {
        if self.accounts.get(&id).is_some_and(|entry| !entry.confirmed)
            && let Some(entry) = self.accounts.remove(&id)
        {
            self.account_names.remove(&entry.name.keys());
            self.devices.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
