//! Rooms that came to their end: their names are free, their numbers are not.

use chat_proto::{RoomId, RoomName};

use super::{Directory, RoomEntry, RoomState};

impl Directory {
    /// Takes in a room that came to its end.
    pub fn load_ended(&mut self, id: RoomId, name: RoomName) {
        self.last_room = self.last_room.max(id.0);
        self.rooms.insert(id, RoomEntry::new(name, RoomState::Ended));
        self.ended_rooms += 1;
    }

    /// The room came to its end: its names are free, its number is not.
    pub fn end_room(&mut self, id: RoomId) {
        let Some(entry) = self.rooms.get_mut(&id).filter(|entry| entry.state != RoomState::Ended) else { return };
        entry.state = RoomState::Ended;
        self.ended_rooms += 1;
        for name in [&entry.name].into_iter().chain(&entry.retired).chain(&entry.wanted) {
            self.room_names.remove(&name.keys());
        }
        entry.retired.clear();
        entry.wanted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_room_that_ended_are_free_and_lead_to_whoever_takes_them() {
        let name = |text: &str| RoomName::parse(text).unwrap();
        let mut directory = Directory::default();
        let first = directory.reserve_room(&name("dev")).unwrap();
        directory.confirm_room(first);
        directory.reserve_rename(first, &name("code")).unwrap();
        directory.renamed(first, &name("code"));
        directory.end_room(first);
        assert_eq!((directory.room_named(&name("dev")), directory.room_named(&name("code"))), (None, None));
        assert_eq!(directory.room_count(), 0);
        let second = directory.reserve_room(&name("dev")).unwrap();
        directory.confirm_room(second);
        assert_ne!(second, first);
        // What is replayed after a restart says it again.
        directory.end_room(first);
        directory.confirm_room(first);
        assert_eq!(directory.room_named(&name("dev")), Some(second));
        assert_eq!(directory.rooms_after(RoomId(0)).map(|(id, _)| id).collect::<Vec<_>>(), [second]);
    }
}
