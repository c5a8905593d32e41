//! Join: become a member. Being one already changes nothing.

use chat_proto::event::Joined;
use chat_proto::{EventBody, Reject};

use crate::core::Actor;
use crate::core::room::Room;

// Fallible like its siblings: every room is open so far, and who may join is a rule of its own.
#[allow(clippy::unnecessary_wraps)]
pub(in crate::core) fn decide(room: &Room, by: &Actor) -> Result<Option<EventBody>, Reject> {
    if room.members().contains_key(&by.account) {
        return Ok(None);
    }
    Ok(Some(EventBody::Joined(Joined { name: by.name.as_str().to_owned() })))
}

#[cfg(test)]
mod tests {
    use chat_proto::{Line, RejectCode, RoomName};

    use super::*;
    use crate::core::command::testing::{Log, actor};
    use crate::core::command::{Create, RoomCommand};

    #[test]
    fn joining_twice_is_one_event_and_a_room_that_never_began_has_no_members() {
        let mut log = Log::<Room>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        assert_eq!(log.give(&bob, &RoomCommand::Join).unwrap_err().code, RejectCode::NoSuchRoom);
        let create = Create { name: RoomName::parse("dev").unwrap(), topic: Line::default() };
        log.give(&alice, &RoomCommand::Create(create)).unwrap();
        assert!(log.give(&bob, &RoomCommand::Join).unwrap().is_some());
        assert!(log.give(&bob, &RoomCommand::Join).unwrap().is_none());
        assert!(log.give(&alice, &RoomCommand::Join).unwrap().is_none());
        assert_eq!(log.state.members().len(), 2);
    }
}
