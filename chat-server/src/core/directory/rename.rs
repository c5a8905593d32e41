//! The names a room had: they lead to it, and are its own to take back.

use chat_proto::limits::ROOM_ALIASES_MAX;
use chat_proto::{RoomId, RoomName};

use super::Directory;

/// Why a room can't be given a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRenamed {
    /// Another room has it, or one that looks like it.
    Taken(RoomId),
    /// It has had [`ROOM_ALIASES_MAX`] others already.
    TooMany,
}

impl Directory {
    /// Takes in a name that a room on disk, which was loaded before, had once.
    pub fn load_alias(&mut self, id: RoomId, name: RoomName) {
        if let Some(entry) = self.rooms.get_mut(&id) {
            self.room_names.insert(name.keys(), id);
            entry.retired.insert(name);
        }
    }

    /// Reserves a further name for a room, unless it is or was its own.
    ///
    /// # Errors
    /// [`NotRenamed`].
    pub fn reserve_rename(&mut self, id: RoomId, name: &RoomName) -> Result<(), NotRenamed> {
        let keys = name.keys();
        if let Some(other) = self.room_names.owners(&keys).find(|owner| *owner != id) {
            return Err(NotRenamed::Taken(other));
        }
        let Some(entry) = self.rooms.get_mut(&id) else { return Ok(()) };
        if entry.name == *name || entry.retired.contains(name) {
            return Ok(());
        }
        if entry.retired.len() + entry.wanted.len() >= ROOM_ALIASES_MAX {
            return Err(NotRenamed::TooMany);
        }
        entry.wanted.insert(name.clone());
        self.room_names.insert(keys, id);
        Ok(())
    }

    /// The room has this name, on disk; the one it had goes on leading to it.
    pub fn renamed(&mut self, id: RoomId, name: &RoomName) {
        let Some(entry) = self.rooms.get_mut(&id) else { return };
        entry.wanted.remove(name);
        if entry.name != *name {
            let before = std::mem::replace(&mut entry.name, name.clone());
            entry.retired.remove(name);
            entry.retired.insert(before);
        }
        self.room_names.insert(name.keys(), id);
    }

    /// The room was not given this name: it is free again, unless it is another spelling of one the room has.
    pub fn release_rename(&mut self, id: RoomId, name: &RoomName) {
        let Some(entry) = self.rooms.get_mut(&id) else { return };
        if entry.wanted.remove(name) {
            self.room_names.remove(&name.keys());
            for own in entry.retired.iter().chain(&entry.wanted).chain([&entry.name]) {
                self.room_names.insert(own.keys(), id);
            }
        }
    }
}
