//! The registry of the memory engine, and what of it can be there only once.

use chat_proto::name::NameKeys;
use chat_proto::{AccountId, DeviceId, DeviceKey, FeedId};

use super::data::{Data, Feed};
use crate::store::{DeviceRecord, Registration, Registry, RoomRecord, StoreError, StoreResult};

impl Data {
    pub(super) fn register(&mut self, registration: Registration) -> StoreResult<()> {
        self.check(&registration)?;
        self.insert(registration);
        Ok(())
    }

    /// Whether a registration can be made.
    pub(super) fn check(&self, registration: &Registration) -> StoreResult<()> {
        let is_free = match registration {
            Registration::Rename(room) => !self.is_anothers(room),
            Registration::Room(_)
            | Registration::Account(..)
            | Registration::Device(_)
            | Registration::RevokeDevice(_)
            | Registration::Server => taken_by(registration).iter().all(|each| !self.taken.contains(each)),
        };
        let is_there = match registration {
            Registration::Room(_) | Registration::Account(..) | Registration::Server => true,
            Registration::Rename(room) => self.registry.rooms.iter().any(|each| each.id == room.id),
            Registration::Device(device) => self.registry.accounts.iter().any(|each| each.id == device.account),
            Registration::RevokeDevice(id) => self.registry.devices.iter().any(|each| each.id == *id),
        };
        if is_free && is_there { Ok(()) } else { Err(StoreError::Conflict) }
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
        Registration::Rename(_) | Registration::Device(_) | Registration::RevokeDevice(_) => None,
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
        Registration::RevokeDevice(_) | Registration::Server => {}
    }
    taken
}
