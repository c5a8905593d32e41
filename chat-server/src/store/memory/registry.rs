//! The registry of the memory engine, and what of it can be there only once.

use chat_proto::name::NameKeys;
use chat_proto::{AccountId, DeviceId, DeviceKey, FeedId, RoomId};

use super::data::{Data, Feed};
use crate::store::{DeviceRecord, Registration, Registry, RoomRecord, StoreError, StoreResult};

impl Data {
    pub(super) fn register(&mut self, registration: Registration) -> StoreResult<()> {
        self.check(std::slice::from_ref(&registration))?;
        self.insert(registration);
        Ok(())
    }

    /// Whether registrations can be made, one behind the other.
    pub(super) fn check(&self, registrations: &[Registration]) -> StoreResult<()> {
        let can_be_made = |at: usize| self.can_be_made(&registrations[at], &registrations[..at]);
        if (0..registrations.len()).all(can_be_made) { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn can_be_made(&self, registration: &Registration, before: &[Registration]) -> bool {
        let begins = |id: &RoomId| before.iter().any(|each| matches!(each, Registration::Room(room) if room.id == *id));
        let is_free = match registration {
            Registration::Rename(room) => !self.is_anothers(room),
            Registration::Room(_)
            | Registration::Account(..)
            | Registration::Device(_)
            | Registration::RevokeDevice(_)
            | Registration::EndRoom(_)
            | Registration::TendRoom(_)
            | Registration::ClaimFile(_)
            | Registration::DropFileClaims(_)
            | Registration::Server => taken_by(registration).iter().all(|each| !self.taken.contains(each)),
        };
        let is_there = match registration {
            Registration::Room(_)
            | Registration::Account(..)
            | Registration::ClaimFile(_)
            | Registration::DropFileClaims(_)
            | Registration::Server => true,
            Registration::Rename(RoomRecord { id, .. }) | Registration::EndRoom(id) | Registration::TendRoom(id) => {
                begins(id) || self.registry.rooms.iter().any(|each| each.id == *id)
            }
            Registration::Device(device) => self.registry.accounts.iter().any(|each| each.id == device.account),
            Registration::RevokeDevice(id) => self.registry.devices.iter().any(|each| each.id == *id),
        };
        is_free && is_there
    }

    /// Whether a name, or one that looks like it, is another room's.
    fn is_anothers(&self, room: &RoomRecord) -> bool {
        let keys = room.name.keys();
        let all = self.registry.rooms.iter().chain(&self.registry.aliases);
        all.filter(|each| each.id != room.id).any(|each| {
            let other = each.name.keys();
            other.look == keys.look || other.folded == keys.folded
        })
    }

    /// Makes a registration that was checked.
    pub(super) fn insert(&mut self, registration: Registration) {
        self.taken.extend(taken_by(&registration));
        if let Some(feed) = begun_by(&registration) {
            self.feeds.insert(feed, Feed::begin(feed, self.epoch));
        }
        match registration {
            Registration::Room(room) => {
                self.registry.rooms.push(room);
                self.registry.rooms.sort_by_key(|each| each.id);
            }
            Registration::Rename(room) => self.rename(room),
            Registration::EndRoom(id) => self.end_room(id),
            Registration::TendRoom(id) => {
                if let Err(at) = self.registry.tended.binary_search(&id) {
                    self.registry.tended.insert(at, id);
                }
            }
            Registration::Account(account, device) => {
                self.registry.accounts.push(account);
                self.registry.accounts.sort_by_key(|each| each.id);
                self.insert_device(device);
            }
            Registration::Device(device) => self.insert_device(device),
            Registration::RevokeDevice(id) => {
                let devices = self.registry.devices.iter_mut().filter(|each| each.id == id);
                devices.for_each(|device| device.revoked = true);
            }
            Registration::ClaimFile(claim) => self.files.claim(claim),
            Registration::DropFileClaims(before) => self.files.drop_claims(before),
            Registration::Server => {}
        }
    }

    fn rename(&mut self, room: RoomRecord) {
        let Registry { rooms, aliases, .. } = &mut self.registry;
        if let Some(found) = rooms.iter_mut().find(|each| each.id == room.id) {
            aliases.retain(|each| *each != room);
            let before = std::mem::replace(found, room);
            if before != *found {
                aliases.push(before);
                aliases.sort_by(|one, other| (one.id, &one.name).cmp(&(other.id, &other.name)));
            }
        }
    }

    fn end_room(&mut self, id: RoomId) {
        let Registry { rooms, aliases, ended, tended, .. } = &mut self.registry;
        for room in rooms.iter().chain(&*aliases).filter(|each| each.id == id) {
            let NameKeys { look, folded } = room.name.keys();
            self.taken.remove(&Taken::RoomLook(look));
            self.taken.remove(&Taken::RoomFolded(folded));
        }
        ended.extend(rooms.extract_if(.., |each| each.id == id));
        ended.sort_by_key(|each| each.id);
        aliases.retain(|each| each.id != id);
        tended.retain(|each| *each != id);
    }

    fn insert_device(&mut self, device: DeviceRecord) {
        self.registry.devices.push(device);
        self.registry.devices.sort_by_key(|each| each.id);
    }
}

/// The feed that begins with a registration.
pub(super) fn begun_by(registration: &Registration) -> Option<FeedId> {
    match registration {
        Registration::Room(room) => Some(FeedId::Room(room.id)),
        Registration::Account(account, _) => Some(FeedId::Account(account.id)),
        Registration::Server => Some(FeedId::Account(AccountId::SERVER)),
        Registration::Rename(_)
        | Registration::EndRoom(_)
        | Registration::TendRoom(_)
        | Registration::Device(_)
        | Registration::RevokeDevice(_)
        | Registration::ClaimFile(_)
        | Registration::DropFileClaims(_) => None,
    }
}

/// Something of which there can be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taken {
    Feed(FeedId),
    RoomLook(String),
    RoomFolded(String),
    AccountLook(String),
    AccountFolded(String),
    Device(DeviceId),
    DeviceKey(DeviceKey),
}

fn taken_by(registration: &Registration) -> Vec<Taken> {
    let mut taken: Vec<Taken> = begun_by(registration).map(Taken::Feed).into_iter().collect();
    match registration {
        Registration::Room(room) | Registration::Rename(room) => {
            let NameKeys { look, folded } = room.name.keys();
            taken.extend([Taken::RoomLook(look), Taken::RoomFolded(folded)]);
        }
        Registration::Account(account, device) => {
            let NameKeys { look, folded } = account.name.keys();
            taken.extend([Taken::AccountLook(look), Taken::AccountFolded(folded)]);
            taken.extend([Taken::Device(device.id), Taken::DeviceKey(device.key)]);
        }
        Registration::Device(device) => taken.extend([Taken::Device(device.id), Taken::DeviceKey(device.key)]),
        Registration::EndRoom(_)
        | Registration::TendRoom(_)
        | Registration::RevokeDevice(_)
        | Registration::ClaimFile(_)
        | Registration::DropFileClaims(_)
        | Registration::Server => {}
    }
    taken
}
